"""Nearness and distance of every kind of depth; what a lens focuses on; what stands behind; alpha."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.ops.focus import automatic_focus
from nearfar.ops.inpaint import extend
from nearfar.ops.nearness import distance, inverse, nearness
from nearfar.ops.steps import EDGE, crisp
from nearfar.types import DepthMap

KINDS = list(DepthKind)
RNG = np.random.default_rng(0)


def _ramp(kind: DepthKind, valid: np.ndarray | None = None) -> DepthMap:
    """Near on the left, far on the right, in the numbers of its kind, 2 to 6."""
    across = np.linspace(2, 6, 50, dtype=np.float32)
    line = across[::-1] if kind.is_near_large else across
    return DepthMap(np.broadcast_to(line, (8, 50)).copy(), kind, valid)


@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_is_one_and_the_farthest_nothing(kind: DepthKind) -> None:
    """Falling from left to right, whatever the numbers mean."""
    found = nearness(_ramp(kind))
    assert found.dtype == np.float32
    assert found[0, 0] == pytest.approx(1)
    assert found[0, -1] == pytest.approx(0, abs=1e-6)
    assert (np.diff(found[0]) <= 0).all()


@pytest.mark.parametrize("kind", [DepthKind.RELATIVE_INVERSE, DepthKind.AFFINE_DEPTH])
@pytest.mark.parametrize(("scale", "shift"), [(10.0, 0.0), (0.1, -3.0)])
def test_relative_maps_are_free_of_scale_and_shift(kind: DepthKind, scale: float, shift: float) -> None:
    """The same nearness out of other numbers."""
    plain = _ramp(kind)
    moved = DepthMap(scale * plain.values + np.float32(shift), kind)
    np.testing.assert_allclose(nearness(moved), nearness(plain), atol=1e-5)


def test_metric_nearness_is_linear_in_inverse_metres() -> None:
    """As a lens and a second eye see it."""
    found = nearness(_ramp(DepthKind.METRIC))[0]
    expected = (1 / np.linspace(2, 6, 50) - 1 / 6) / (1 / 2 - 1 / 6)
    np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flat_map_and_what_is_not_valid_are_far(kind: DepthKind) -> None:
    """And what is not valid rules no range."""
    assert not nearness(DepthMap(np.full((4, 4), 3.0, np.float32), kind)).any()
    valid = np.ones((8, 50), bool)
    valid[:, :5] = False
    wild = _ramp(kind)
    wild.values[:, :5] = 1e6
    found = nearness(DepthMap(wild.values, kind, valid))
    assert not found[:, :5].any()
    assert (found[0, 5], found[0, -1]) == (pytest.approx(1), pytest.approx(0, abs=1e-6))


def test_a_few_stray_pixels_do_not_squeeze_the_rest() -> None:
    """One in two thousand, a thousand times as near."""
    values = RNG.uniform(1, 2, (50, 80)).astype(np.float32)
    plain = nearness(DepthMap(values, DepthKind.RELATIVE_INVERSE))
    stray = values.copy()
    stray[3, 3] = stray[20, 5] = 1000
    found = nearness(DepthMap(stray, DepthKind.RELATIVE_INVERSE))
    assert np.abs(found - plain)[30:].max() < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_work_on_nearness_leaves_the_map_alone(kind: DepthKind) -> None:
    """Each call gives a new array."""
    depth = _ramp(kind)
    before = depth.values.copy()
    for made in (nearness(depth), inverse(depth)):
        made[:] = -1
    np.testing.assert_array_equal(depth.values, before)


@pytest.mark.parametrize("kind", [DepthKind.RELATIVE_INVERSE, DepthKind.AFFINE_DEPTH])
def test_relative_distance_spans_what_is_stated(kind: DepthKind) -> None:
    """From near to far; between them its inverse or it itself is linear."""
    found = distance(_ramp(kind), 2.0, 8.0)[0]
    assert (found[0], found[-1]) == (pytest.approx(2), pytest.approx(8))
    line = 1 / found if kind is DepthKind.RELATIVE_INVERSE else found
    np.testing.assert_allclose(np.diff(line), np.diff(line)[0], rtol=1e-2)


def test_metres_stay_metres() -> None:
    """Stated ends change nothing, and nothing is nearer than a millimetre."""
    depth = _ramp(DepthKind.METRIC)
    np.testing.assert_array_equal(distance(depth, 3.0, 4.0), depth.values)
    assert distance(DepthMap(np.array([[0.0, 2.0]], np.float32), DepthKind.METRIC)).min() > 0


@pytest.mark.parametrize(("near", "far"), [(0.0, 1.0), (2.0, 2.0), (3.0, 1.0), (-1.0, 5.0)])
def test_ends_that_are_no_span_are_refused(near: float, far: float) -> None:
    """With both in the message."""
    with pytest.raises(ParameterError, match=f"near is {near:g} and far {far:g}"):
        distance(_ramp(DepthKind.METRIC), near, far)


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_a_large_thing_in_the_middle_is_focused(at: float) -> None:
    """Wherever it stands before a far wall."""
    near = np.full((120, 160), 0.05, np.float32)
    near[30:100, 50:110] = at
    assert automatic_focus(near) == pytest.approx(at, abs=0.03)


def test_small_near_things_and_the_ground_are_passed_over() -> None:
    """A twig at the rim and the ground along the foot are nearer, yet not what one photographs."""
    near = np.full((120, 160), 0.05, np.float32)
    near[30:100, 50:110] = 0.5
    near[:6, :6] = 1.0
    near[114:] = 0.9
    assert automatic_focus(near) == pytest.approx(0.5, abs=0.03)


def test_the_nearer_of_two_large_things_is_focused() -> None:
    """Both beside the middle."""
    near = np.full((120, 160), 0.05, np.float32)
    near[30:90, 30:75] = 0.4
    near[30:90, 85:130] = 0.7
    assert automatic_focus(near) == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3), (1, 1), (37, 1)])
def test_known_colours_stay_where_they_are_known(shape: tuple[int, ...]) -> None:
    """Exactly; what is carried on stays within their range, and nothing is NaN."""
    colours = RNG.random(shape, np.float32)
    weight = (RNG.random(shape[:2]) < 0.5).astype(np.float32)
    weight[0, 0] = 1
    found = extend(colours, weight)
    assert found.shape == shape
    np.testing.assert_allclose(found[weight == 1], colours[weight == 1], rtol=1e-6)
    known = colours[weight == 1]
    assert known.min() - 1e-4 <= found.min() <= found.max() <= known.max() + 1e-4


def test_one_colour_is_carried_everywhere() -> None:
    """From a single known pixel."""
    weight = np.zeros((33, 50), np.float32)
    weight[7, 9] = 1
    found = extend(np.full((33, 50, 3), 0.7, np.float32) * weight[..., None], weight)
    np.testing.assert_allclose(found, 0.7, atol=1e-4)


def test_a_hole_between_two_colours_goes_from_one_to_the_other() -> None:
    """Its middle is about their mean, its sides near each."""
    colours = np.zeros((32, 64), np.float32)
    colours[:, 44:] = 1.0
    weight = np.ones((32, 64), np.float32)
    weight[:, 20:44] = 0
    line = extend(colours * weight, weight)[16]
    assert line[21] < 0.3
    assert line[42] > 0.7
    assert line[32] == pytest.approx(0.5, abs=0.2)


def test_a_ramp_over_an_edge_becomes_a_step() -> None:
    """Every value is one of the two surfaces', at the middle of the ramp."""
    line = np.concatenate([np.full(15, 0.2), np.linspace(0.2, 0.8, 4)[1:-1], np.full(15, 0.8)])
    found = crisp(np.broadcast_to(line, (12, len(line))).astype(np.float32).copy())
    assert set(np.unique(found.round(4))) == {np.float32(0.2), np.float32(0.8)}
    assert (found[:, :16] < 0.5).all()
    assert (found[:, 16:] > 0.5).all()


def test_a_slope_stays_a_slope() -> None:
    """Where neighbours differ by less than an edge, nothing becomes a step."""
    slope = np.broadcast_to(np.linspace(0, 1, 200, dtype=np.float32), (20, 200)).copy()
    assert np.diff(slope[0]).max() < EDGE / 4
    np.testing.assert_allclose(crisp(slope)[:, 4:-4], slope[:, 4:-4], atol=1e-6)


def test_grains_of_a_refinement_go() -> None:
    """A lone pixel on a wall is the wall; a map of two rows is left as it is."""
    near = np.full((20, 20), 0.3, np.float32)
    near[9, 9] = 0.9
    assert (crisp(near) == np.float32(0.3)).all()
    tiny = RNG.random((2, 9), np.float32)
    assert crisp(tiny) is tiny
