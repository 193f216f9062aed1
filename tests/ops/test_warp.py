"""Views from elsewhere: where pixels go, what hides what, what the paths of a camera are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nearfar.ops import warp
from nearfar.ops.camera_path import PATHS
from nearfar.ops.warp import Stage, View, look, stage

RNG = np.random.default_rng(0)


@pytest.fixture
def photo() -> np.ndarray:
    """48 x 64 of smooth colour, so that fetching between pixels stays near."""
    y, x = np.mgrid[0:48, 0:64]
    return np.stack([3 * x + 20, 4 * y + 10, 2 * x + 2 * y], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("view", [View(), View(still=0.7), View((0.1, -0.2), still=0.5)])
def test_what_stands_still_is_the_photo(photo: np.ndarray, view: View) -> None:
    """No shift, or a flat scene at the nearness that does not move."""
    near = np.full((48, 64), 0.5, np.float32)
    np.testing.assert_array_equal(look(stage(photo, near, 0.2), view), photo)


@pytest.mark.parametrize(("right", "down"), [(4, 0), (-6, 0), (0, 5), (3, -2)])
def test_a_flat_scene_moves_as_a_whole(photo: np.ndarray, right: int, down: int) -> None:
    """By so many pixels, its rim carried on, to the sides and up and down."""
    near = np.ones((48, 64), np.float32)
    found = look(stage(photo, near, 0.1), View((right / 64, down / 64)))
    y, x = np.clip(np.arange(48) - down, 0, 47), np.clip(np.arange(64) - right, 0, 63)
    assert np.abs(found.astype(int) - photo[np.ix_(y, x)]).max() <= 1


def test_a_move_and_its_opposite_undo_each_other(photo: np.ndarray) -> None:
    """But for the rim that left the picture."""
    near = np.full((48, 64), 0.8, np.float32)
    there = look(stage(photo, near, 0.1), View((0.08, 0.0)))
    back = look(stage(there, near, 0.1), View((-0.08, 0.0)))
    assert np.abs(back[:, 6:-6].astype(int) - photo[:, 6:-6]).max() <= 2


@pytest.mark.parametrize("zoom", [0.0, 0.25, 0.5])
def test_zoom_grows_about_the_middle(photo: np.ndarray, zoom: float) -> None:
    """The middle stays, and what stood at a distance from it stands so many times as far."""
    near = np.ones((48, 64), np.float32)
    found = look(stage(photo, near, 0.2), View(zoom=zoom, zoom_far=zoom)).astype(float)
    x = np.arange(8, 56)
    from_x = (x - 31.5) / (1 + zoom) + 31.5
    assert np.abs(found[8:40, 8:56, 0] - (3 * from_x + 20)).max() <= 2


def test_near_things_grow_more_than_far_ones() -> None:
    """A near block spreads over its surroundings."""
    near = np.zeros((48, 64), np.float32)
    near[16:32, 22:42] = 1.0
    pixels = np.where(near[..., None] > 0.5, 200, 40).astype(np.uint8).repeat(3, axis=2)
    before = (pixels[..., 0] > 120).sum()
    after = (look(stage(pixels, near, 0.2), View(zoom=0.4))[..., 0] > 120).sum()
    assert after == pytest.approx(before * 1.4**2, rel=0.15)


def test_near_things_hide_far_ones() -> None:
    """Moved over another thing, the nearer is seen whole, whichever way the move goes."""
    near = np.zeros((40, 80), np.float32)
    pixels = np.full((40, 80, 3), 20, np.uint8)
    for value, colour, left in ((0.5, 120, 20), (1.0, 250, 44)):
        near[10:30, left : left + 16] = value
        pixels[10:30, left : left + 16] = colour
    found = look(stage(pixels, near, 0.3), View((-0.3, 0.0)))  # by 24 and 12 pixels to the left
    np.testing.assert_array_equal(found[14:26, 22:34, 0], 250)
    assert (found[14:26, 10:18, 0] == 120).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_keep_their_type_and_channels(dtype: type, channels: int) -> None:
    """Alpha moves with its colours."""
    pixels = RNG.integers(0, np.iinfo(dtype).max, (20, 30, channels)).astype(dtype)
    near = np.zeros((20, 30), np.float32)
    near[5:15, 8:20] = 1
    found = look(stage(pixels, near, 0.1), View((0.1, 0.0)))
    assert (found.shape, found.dtype) == (pixels.shape, pixels.dtype)


def test_a_scene_without_edges_needs_nothing_behind_it(photo: np.ndarray) -> None:
    """The photo itself is used, without a copy."""
    near = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32) * 0.5, (48, 64)).copy()
    made = stage(photo, near, 0.05)
    assert made.behind is made.pixels


def test_behind_an_edge_only_the_surroundings_are_carried_on() -> None:
    """The rim of a near block has the wall's colour in what stands behind; the photo is not changed."""
    near = np.zeros((60, 80), np.float32)
    near[20:40, 25:55] = 1.0
    pixels = np.where(near[..., None] > 0.5, 230, 50).astype(np.uint8).repeat(3, axis=2)
    kept = pixels.copy()
    made = stage(pixels, near, 0.05)
    rim = made.behind[21:39, 26:28]
    assert np.abs(rim.astype(int) - 50).max() < 25
    np.testing.assert_array_equal(pixels, kept)


def test_very_long_pictures_are_fetched_by_numpy_alike() -> None:
    """The same values at places between pixels as by OpenCV, within its own steps of a 32nd of a pixel."""
    pixels = RNG.integers(0, 255, (24, 31, 3)).astype(np.uint8)
    x = RNG.uniform(-3, 33, (17, 19)).astype(np.float32)
    y = RNG.uniform(-3, 27, (17, 19)).astype(np.float32)
    plain = warp._fetched_by_numpy(pixels, x, y).astype(int)
    assert np.abs(plain - warp.fetched(pixels, x, y)).max() <= 10
    whole_x, whole_y = np.meshgrid(np.arange(31.0), np.arange(24.0))
    same = warp._fetched_by_numpy(pixels, whole_x.astype(np.float32), whole_y.astype(np.float32))
    np.testing.assert_array_equal(same, pixels)


def test_a_picture_longer_than_opencv_takes_is_seen_all_the_same() -> None:
    """Thirty-three thousand pixels wide: moved by its shift."""
    pixels = np.zeros((3, 33_000, 3), np.uint8)
    pixels[:, 10_000:10_100] = 255
    near = np.ones((3, 33_000), np.float32)
    found = look(Stage(pixels, near, pixels), View((0.01, 0.0)))
    np.testing.assert_array_equal(np.flatnonzero(found[1, :, 0] > 127), np.arange(10_330, 10_430))


def test_holes_take_the_farther_side() -> None:
    """Between a near and a far value the far one; at a rim the only one there is."""
    near = np.array([[0.9, 0, 0, 0.2, 0], [0, 0.6, 0.6, 0, 0.8]], np.float32)
    known = np.array([[1, 0, 0, 1, 0], [0, 1, 1, 0, 1]], bool)
    expected = np.float32([[0.9, 0.2, 0.2, 0.2, 0.2], [0.6, 0.6, 0.6, 0.6, 0.8]])
    np.testing.assert_array_equal(warp.filled(near, known), expected)


def test_rows_without_anything_known_are_as_the_next_row() -> None:
    """At the rim the only one beside them, inside the nearer one; where nothing is known all is far."""
    near = np.repeat(np.array([[0.1], [0.5], [0.2], [0.3], [0.7], [0.9]], np.float32), 2, axis=1)
    known = np.repeat(np.array([[0], [1], [0], [0], [1], [0]], bool), 2, axis=1)
    expected = np.repeat(np.float32([[0.5], [0.5], [0.5], [0.7], [0.7], [0.7]]), 2, axis=1)
    np.testing.assert_array_equal(warp.filled(near, known), expected)
    assert not warp.filled(near, np.zeros_like(known)).any()


@pytest.mark.parametrize("name", list(PATHS))
@pytest.mark.parametrize("still", [0.0, 0.4])
def test_a_path_is_a_loop_without_jumps(name: str, still: float) -> None:
    """It ends where it starts, moves a little from frame to frame, and goes somewhere."""
    times = np.linspace(0, 1, 61)
    views = [PATHS[name](float(t), 0.05, still) for t in times]
    numbers = np.array([[*view.shift, view.zoom, view.zoom_far] for view in views])
    np.testing.assert_allclose(numbers[0], numbers[-1], atol=1e-12)
    assert np.abs(np.diff(numbers, axis=0)).max() < 0.02
    assert np.ptp(numbers, axis=0).max() > 0.04
    assert all(view.still == still for view in views)


@pytest.mark.parametrize("name", list(PATHS))
def test_the_reach_of_a_path_is_in_proportion(name: str) -> None:
    """Twice the reach, twice the way; none, and the camera stands still; no pixel moves farther than it."""
    one, two = (PATHS[name](0.3, reach, 0.2) for reach in (0.03, 0.06))
    pairs = zip([*one.shift, one.zoom, one.zoom_far], [*two.shift, two.zoom, two.zoom_far], strict=True)
    assert all(b == pytest.approx(2 * a) for a, b in pairs)
    assert replace(PATHS[name](0.3, 0.0, 0.2), shift=(0.0, 0.0)) == View(still=0.2)
    for t in np.linspace(0, 1, 13):
        view = PATHS[name](float(t), 0.05, 0.0)
        assert np.hypot(*view.shift) <= 0.05 + 1e-9
        assert max(view.zoom, view.zoom_far) >= 0


def test_dolly_and_zoom_are_the_two_sides_of_one_move() -> None:
    """One grows near things most, the other far ones."""
    dolly, zoom = (PATHS[name](0.5, 0.05, 0.0) for name in ("dolly", "zoom"))
    assert dolly.zoom > dolly.zoom_far > 0
    assert zoom.zoom_far > zoom.zoom > 0
    assert (dolly.zoom, dolly.zoom_far) == (zoom.zoom_far, zoom.zoom)
