"""Depth maps of a live stream, held steady at their own size."""

from __future__ import annotations

import numpy as np
import pytest

from moving import scene, wavering
from nearfar.cards import DepthKind
from nearfar.types import DepthMap, Photo
from nearfar.video.live import LiveDepth
from pictures import draw

SCENE = draw(128, 96)


def scene_depth() -> np.ndarray:
    """A depth of the scene: a ramp with a near box in it."""
    values = np.linspace(0, 1, 96, dtype=np.float32)[:, None] * np.ones((1, 128), np.float32)
    values[30:60, 40:70] += 0.4
    return values


def depth(values: np.ndarray, kind: DepthKind = DepthKind.RELATIVE_INVERSE) -> DepthMap:
    """A depth map of these values."""
    return DepthMap(np.asarray(values, np.float32), kind)


def shown(live: LiveDepth, values: np.ndarray, pixel: tuple[int, int], photo: np.ndarray = SCENE) -> float:
    """Where the colour of a pixel lies between far (0) and near (1), in the next frame."""
    held = live.hold(Photo(photo), depth(values))
    return float((held.depth.values[pixel] - held.low) / (held.high - held.low))


@pytest.mark.parametrize(("weight", "most"), [(0.9, 0.03), (0.0, 1.0)])
def test_background_keeps_its_colour_while_something_passes(weight, most) -> None:
    """A hand near the camera stretches each frame's own range; the wall behind keeps its colour."""
    random, live, places = np.random.default_rng(3), LiveDepth(weight, "image"), []
    for number in range(30):
        values, photo = scene_depth(), SCENE.copy()
        if number % 3 == 0:
            values[80:, :20], photo[80:, :20] = 2.0, 250
        scale, shift = random.uniform(0.8, 1.25), random.uniform(-0.2, 0.2)
        places.append(shown(live, scale * values + shift, (10, 100), photo))
    jump = np.abs(np.diff(places)).max()
    assert jump < most
    if weight == 0:
        assert jump > 0.03  # the frames by themselves do jump: there is something to smooth


def test_scale_and_shift_of_the_network_do_not_show() -> None:
    """The same scene in another scale is given the same colours."""
    live = LiveDepth(0.8, "image")
    first = shown(live, scene_depth(), (50, 50))
    assert shown(live, 1.5 * scene_depth() - 0.3, (50, 50)) == pytest.approx(first, abs=1e-3)
    assert shown(live, 0.7 * scene_depth() + 2.0, (50, 50)) == pytest.approx(first, abs=1e-3)


def test_a_new_scene_starts_afresh() -> None:
    """After a cut the values and their range are the new frame's own."""
    live, other = LiveDepth(0.95, "image"), scene(0, seed=3)[0]
    assert live.hold(Photo(SCENE), depth(scene_depth())).is_cut
    assert not live.hold(Photo(SCENE), depth(scene_depth())).is_cut
    held = live.hold(Photo(other), depth(40 + 5 * scene_depth()))
    assert held.is_cut
    assert (held.low, held.high) == pytest.approx((40, 45.1), abs=0.2)


def test_a_given_range_is_kept() -> None:
    """Who names the range gets it."""
    held = LiveDepth(0.9, (1.0, 2.0)).hold(Photo(SCENE), depth(scene_depth()))
    assert held.rule == (1.0, 2.0)


def test_a_flat_map_has_a_span_that_can_be_drawn() -> None:
    """A covered lens divides nothing by nothing."""
    live, black = LiveDepth(0.9, "image"), np.zeros_like(SCENE)
    for _ in range(3):
        held = live.hold(Photo(black), depth(np.ones((96, 128))))
    assert held.rule == "image"


def test_the_running_scale_does_not_drift_away() -> None:
    """After hundreds of frames whose scale shrinks and grows, numbers are as large as the network's."""
    live = LiveDepth(0.9, "percentile")
    for number in range(300):
        held = live.hold(Photo(SCENE), depth((1 + 0.2 * (number % 5)) * scene_depth()))
    assert 0.2 < held.high - held.low < 5


def test_what_has_no_value_still_has_none() -> None:
    """A map with a mask keeps it, and its other values are held."""
    live, random = LiveDepth(0.9, "image"), np.random.default_rng(1)
    for number in range(4):
        rgb, values = scene(number, step=2)
        valid = values < 1.2
        given = np.where(valid, wavering(values, random), np.float32("nan")).astype(np.float32)
        held = live.hold(Photo(rgb), DepthMap(given, DepthKind.RELATIVE_INVERSE, valid))
    assert (held.depth.valid == valid).all()


def test_a_large_map_is_held_at_its_own_size() -> None:
    """Steps in it stay as sharp as they are."""
    live = LiveDepth(0.9, "image")
    values = np.repeat(np.repeat(scene_depth(), 8, axis=0), 8, axis=1)
    photo = np.repeat(np.repeat(SCENE, 8, axis=0), 8, axis=1)
    for _ in range(3):
        held = live.hold(Photo(photo), depth(values))
    assert held.depth.values == pytest.approx(values, abs=1e-3)
