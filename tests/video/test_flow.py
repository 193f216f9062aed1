"""What moved, and what of it is trusted."""

from __future__ import annotations

import numpy as np
import pytest

from moving import scene, texture
from nearfar.video.cuts import is_cut
from nearfar.video.flow import appearance, at_size, follow, picture_size, warped

SIZE = (96, 128)


def look(rgb: np.ndarray) -> np.ndarray:
    """Its appearance at the test's size."""
    return appearance(rgb, SIZE)


def between(before: np.ndarray, now: np.ndarray, *, both_ways: bool = False):
    """The flow from one picture to the next, with nothing before."""
    first = look(before)
    return follow(first, look(now), first.astype(np.float32), both_ways=both_ways)


def test_a_sliding_view_is_followed() -> None:
    """Three pixels a frame are found, both ways, and trusted nearly everywhere."""
    flow = between(scene(0)[0], scene(1, step=3)[0], both_ways=True)
    assert np.median(flow.back[..., 0]) == pytest.approx(3, abs=0.2)
    assert np.median(flow.forth[..., 0]) == pytest.approx(-3, abs=0.2)
    assert min(flow.trust.mean(), flow.trust_before.mean()) > 0.8
    assert not flow.still.any()


def test_what_comes_into_view_is_not_trusted() -> None:
    """The border that was out of sight has no past."""
    flow = between(scene(0)[0], scene(1, step=6)[0])
    assert flow.trust[:, -3:].mean() < 0.2


@pytest.mark.parametrize("change", [lambda p: p, lambda p: 0.7 * p, lambda p: 1.25 * p])
def test_light_is_not_motion(change) -> None:
    """The same place darker or brighter by a third is still."""
    rgb = scene(0)[0]
    assert between(rgb, change(rgb).astype(np.uint8)).still.all()


def test_sensor_noise_is_not_motion() -> None:
    """Every pixel other by a few steps: all is still."""
    random, rgb = np.random.default_rng(1), scene(0)[0]
    noisy = np.clip(rgb + random.normal(0, 5, rgb.shape), 0, 255).astype(np.uint8)
    assert between(rgb, noisy).still.all()


def test_a_leap_of_the_whole_view_is_followed() -> None:
    """A third of its width in one frame, both ways; and it is no cut."""
    flow = between(scene(0)[0], scene(1, step=42)[0], both_ways=True)
    assert np.median(flow.back[:, :80, 0]) == pytest.approx(42, abs=1)
    assert np.median(flow.forth[:, 48:, 0]) == pytest.approx(-42, abs=1)
    assert flow.trust[:, :80].mean() > 0.7
    assert not is_cut(flow)


def test_a_thing_that_moves_leaves_the_rest_still() -> None:
    """A patch goes by; what is far from it is still, it itself is not."""
    rgb, patch = scene(0)[0], texture(30, 30, seed=-1)
    before, now = rgb.copy(), rgb.copy()
    before[30:60, 20:50], now[30:60, 24:54] = patch, patch
    still = between(before, now).still
    assert still[:, 90:].all()
    assert not still[40:50, 26:48].any()


@pytest.mark.parametrize(
    ("now", "cut"),
    [
        (scene(1, step=9)[0], False),
        (np.clip(scene(0)[0] * 1.9, 0, 255).astype(np.uint8), False),
        (scene(0, seed=4)[0], True),
    ],
)
def test_only_another_scene_is_a_cut(now, cut) -> None:
    """A fast pan and a flash are none."""
    assert is_cut(between(scene(0)[0], now)) is cut


def test_large_maps_are_looked_at_small() -> None:
    """Motion is found in 256 pixels and given at the map's size."""
    assert picture_size(384, 512) == (192, 256)
    assert picture_size(96, 128) == SIZE
    flow = at_size(between(scene(0)[0], scene(1, step=3)[0]), (192, 256))
    assert flow.trust.shape == (192, 256)
    assert np.median(flow.back[..., 0]) == pytest.approx(6, abs=0.4)


def test_a_plane_is_brought_along() -> None:
    """Values come from where the vectors point to."""
    plane = np.arange(12, dtype=np.float32).reshape(3, 4)
    moved = warped(plane, np.full((3, 4, 2), (1, 0), np.float32))
    assert moved[:, :3].tolist() == plane[:, 1:].tolist()
