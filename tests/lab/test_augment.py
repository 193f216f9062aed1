"""Training views: the right size, the right depth, the same from the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar_lab.augment import Strength, crop_box, geometric, photometric

PLAIN = Strength(full_frame=1.0, aspect=1.0001, turn=0.0)


@pytest.fixture
def picture() -> np.ndarray:
    """120 x 160 noise."""
    return np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)


def _columns(height: int, width: int) -> np.ndarray:
    return np.broadcast_to(np.arange(width, dtype=np.float32), (height, width)).copy()


@pytest.mark.parametrize("size", [(96, 128), (128, 96), (64, 224)])
def test_views_have_the_size_asked_for(picture: np.ndarray, size: tuple[int, int]) -> None:
    """Any aspect out of any aspect."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        rgb, inverse = geometric(rng, picture, _columns(120, 160), size, Strength(), is_sparse=False)
        assert rgb.shape == (*size, 3)
        assert rgb.dtype == np.uint8
        assert inverse.shape == size


def test_crop_boxes_lie_inside() -> None:
    """No box reaches over the frame's edge."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        top, left, height, width = crop_box(rng, 90, 160, rng.uniform(0.4, 3), Strength())
        assert top >= 0
        assert left >= 0
        assert top + height <= 90
        assert left + width <= 160


def test_parts_can_be_drawn_near_the_middle() -> None:
    """Wide strips of a tall frame: their middles spread less about the frame's, and stay inside."""
    spread = {}
    for central in (0.0, 1.0):
        strength = Strength(full_frame=0.0, central=central)
        rng = np.random.default_rng(0)
        boxes = np.array([crop_box(rng, 160, 160, 3.0, strength) for _ in range(400)])
        assert (boxes[:, 0] >= 0).all()
        assert (boxes[:, 0] + boxes[:, 2] <= 160).all()
        spread[central] = np.std(boxes[:, 0] + boxes[:, 2] / 2 - 80)
    assert spread[1.0] < 0.7 * spread[0.0]


def test_depth_is_never_mixed(picture: np.ndarray) -> None:
    """Values of a view are values of the frame: nothing between near and far is invented."""
    inverse = np.where(_columns(120, 160) < 70, 1.0, 0.25).astype(np.float32)
    rng = np.random.default_rng(1)
    for _ in range(20):
        _, view = geometric(rng, picture, inverse, (96, 96), Strength(turn=1.0), is_sparse=False)
        assert set(np.unique(view)) <= {1.0, 0.25}


def test_picture_and_depth_move_together() -> None:
    """A picture that shows its own depth still shows it after any move."""
    inverse = _columns(120, 160)
    picture = np.repeat(inverse[:, :, None], 3, axis=2).astype(np.uint8)
    rng = np.random.default_rng(2)
    for _ in range(20):
        rgb, view = geometric(rng, picture, inverse, (96, 128), Strength(turn=1.0), is_sparse=False)
        assert np.abs(rgb[4:-4, 4:-4, 0] - view[4:-4, 4:-4]).mean() < 2.0


def test_sparse_points_survive_shrinking(picture: np.ndarray) -> None:
    """Of lidar points at a third of the size at least as large a share of pixels is known."""
    inverse = np.full((120, 160), np.nan, np.float32)
    places = np.random.default_rng(0).random((120, 160)) < 0.03
    inverse[places] = 0.1
    _, view = geometric(np.random.default_rng(0), picture, inverse, (40, 53), PLAIN, is_sparse=True)
    assert np.isfinite(view).mean() >= 0.03


def test_the_same_seed_gives_the_same_view(picture: np.ndarray) -> None:
    """Light, noise and blur included."""
    views = [photometric(np.random.default_rng(7), picture, Strength()) for _ in range(2)]
    np.testing.assert_array_equal(views[0], views[1])


def test_colour_changes_keep_size_and_type(picture: np.ndarray) -> None:
    """With everything switched on at once."""
    always = Strength(grey=1, blur=1, noise=1, jpeg=1)
    found = photometric(np.random.default_rng(0), picture, always)
    assert found.shape == picture.shape
    assert found.dtype == np.uint8
