"""The range that follows a stream of frames."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.ops.steady import Steadier
from nearfar.types import DepthMap, Photo
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


def shown(steadier: Steadier, values: np.ndarray, pixel: tuple[int, int], photo: np.ndarray = SCENE) -> float:
    """Where the colour of a pixel lies between far (0) and near (1), in the next frame."""
    span = steadier.follow(Photo(photo), depth(values))
    return float((values[pixel] - span.low) / (span.high - span.low))


@pytest.mark.parametrize(("weight", "most"), [(0.9, 0.03), (0.0, 1.0)])
def test_background_keeps_its_colour_while_something_passes(weight, most) -> None:
    """A hand near the camera stretches each frame's own range; the wall behind keeps its colour."""
    random, steadier, places = np.random.default_rng(3), Steadier(weight, "image"), []
    for number in range(30):
        values, photo = scene_depth(), SCENE.copy()
        if number % 3 == 0:
            values[80:, :20], photo[80:, :20] = 2.0, 250
        scale, shift = random.uniform(0.8, 1.25), random.uniform(-0.2, 0.2)
        places.append(shown(steadier, scale * values + shift, (10, 100), photo))
    jump = np.abs(np.diff(places)).max()
    assert jump < most
    if weight == 0:
        assert jump > 0.03  # the frames by themselves do jump: there is something to smooth


def test_scale_and_shift_of_the_network_do_not_show() -> None:
    """The same scene in another scale is given the same colours."""
    steadier = Steadier(0.8, "image")
    first = shown(steadier, scene_depth(), (50, 50))
    assert shown(steadier, 1.5 * scene_depth() - 0.3, (50, 50)) == pytest.approx(first, abs=1e-4)
    assert shown(steadier, 0.7 * scene_depth() + 2.0, (50, 50)) == pytest.approx(first, abs=1e-4)


def test_a_new_scene_starts_afresh() -> None:
    """After a cut the colours span the new frame at once."""
    steadier = Steadier(0.95, "image")
    assert steadier.follow(Photo(SCENE), depth(scene_depth())).is_cut
    assert not steadier.follow(Photo(SCENE), depth(scene_depth())).is_cut
    other = np.ascontiguousarray(SCENE[::-1])
    span = steadier.follow(Photo(other), depth(40 + 5 * scene_depth()))
    assert span.is_cut
    assert (span.low, span.high) == pytest.approx((40, 45.1), abs=0.1)


def test_metres_are_not_rescaled() -> None:
    """Metric depth that grows is not the network's whim: the range follows it, smoothly."""
    steadier = Steadier(0.5, "image")
    steadier.follow(Photo(SCENE), depth(1 + scene_depth(), DepthKind.METRIC))
    span = steadier.follow(Photo(SCENE), depth(2 * (1 + scene_depth()), DepthKind.METRIC))
    assert span.low == pytest.approx(1.5)


def test_a_given_range_is_kept() -> None:
    """Who names the range gets it."""
    span = Steadier(0.9, (1.0, 2.0)).follow(Photo(SCENE), depth(scene_depth()))
    assert span.rule == (1.0, 2.0)


def test_a_flat_map_has_a_span_that_can_be_drawn() -> None:
    """A covered lens divides nothing by nothing."""
    steadier, black = Steadier(0.9, "image"), np.zeros_like(SCENE)
    for _ in range(3):
        span = steadier.follow(Photo(black), depth(np.ones((96, 128))))
    assert span.rule == "image"


def test_the_running_scale_does_not_drift_away() -> None:
    """After a thousand frames whose scale shrinks and grows, numbers are as large as the network's."""
    steadier = Steadier(0.9, "percentile")
    for number in range(1000):
        span = steadier.follow(Photo(SCENE), depth((1 + 0.2 * (number % 5)) * scene_depth()))
    assert np.isfinite([span.low, span.high]).all()
    assert 0.2 < steadier._range[1] - steadier._range[0] < 5
