"""Order, pairs and boundaries against second implementations; what each of them takes no notice of."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nearfar.evaluation.alignment import align_inverse, scale_and_shift
from nearfar.evaluation.figures import depth_figures, depth_from_inverse
from nearfar.evaluation.pairs import PairCounts, count_pairs, pooled
from nearfar_lab.metrics.boundary import RATIOS, SUDDEN, boundary_f1
from nearfar_lab.metrics.order import order_accuracy

RNG = np.random.default_rng(0)


def _steps_of(depth: np.ndarray) -> list[tuple[float, float, float]]:
    """Of every pair of neighbours: near, far, and the gentlest step beside it on its line."""
    rows = []
    for line in [*depth, *depth.T]:
        step = np.abs(np.diff(1 / line))
        for i in range(len(step)):
            beside = [step[j] for j in (i - 1, i + 1) if 0 <= j < len(step)]
            rows.append((line[i], line[i + 1], min(beside)))
    return rows


def _boundary_again(found: np.ndarray, true: np.ndarray) -> float:
    scores, weights = [], []
    for ratio in RATIOS:
        hits = said = real = 0
        for (a, b, _), (c, d, gentle) in zip(_steps_of(found), _steps_of(true), strict=True):
            is_broken = abs(1 / c - 1 / d) > SUDDEN * gentle
            for ours, theirs in ((b > ratio * a, d > ratio * c), (a > ratio * b, c > ratio * d)):
                hits += ours and theirs and is_broken
                said += ours and (is_broken or not theirs)
                real += theirs and is_broken
        if real:
            scores.append(2 * hits / (said + real))
            weights.append(ratio - 1)
    return float(np.average(scores, weights=weights))


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.08])
def test_boundary_f1_again(noise: float) -> None:
    """Pair by pair, on a stack of boxes before a slope, with a noisy guess of it."""
    true = 4 + np.linspace(0, 3, 24)[:, None] * np.ones((24, 30))
    true[4:12, 5:15] = 2.0
    true[10:20, 12:25] = 3.1
    found = np.roll(true, 1, axis=0) * np.exp(RNG.normal(0, noise, true.shape))
    assert boundary_f1(found, true) == pytest.approx(_boundary_again(found, true), rel=1e-12)
    assert 0 < boundary_f1(found, true) < 1


@pytest.mark.parametrize(
    "turn", [np.fliplr, np.flipud, np.transpose], ids=["mirror", "upside down", "turned"]
)
def test_boundary_f1_is_the_same_of_mirrored_maps(turn: object) -> None:
    """Directions are judged alike."""
    true = np.full((24, 30), 4.0)
    true[4:12, 5:15] = 2.0
    found = np.roll(true, 1, axis=0)
    plain = boundary_f1(found, true)
    assert 0 < plain < 1
    assert boundary_f1(turn(found), turn(true)) == pytest.approx(plain)  # type: ignore[operator]


@pytest.mark.parametrize(("scale", "shift"), [(2.0, 0.0), (0.5, 3.0), (-4.0, 1.0)])
def test_alignment_undoes_scale_and_shift(scale: float, shift: float) -> None:
    """Exactly where a map is an affine copy, a turned-over one too."""
    inverse = RNG.uniform(0.1, 2, 50)
    found = scale_and_shift(scale * inverse + shift, inverse)
    assert found == (pytest.approx(1 / scale), pytest.approx(-shift / scale))
    np.testing.assert_allclose(align_inverse(scale * inverse + shift, inverse), inverse)


def test_alignment_s_residual_is_free_of_the_prediction() -> None:
    """The normal equations: it sums to nothing and is at right angles to the prediction."""
    prediction, inverse = RNG.normal(size=200), RNG.uniform(0.1, 2, 200)
    residual = inverse - align_inverse(prediction, inverse)
    assert residual.sum() == pytest.approx(0, abs=1e-9)
    assert residual @ prediction == pytest.approx(0, abs=1e-9)


def test_figures_of_a_scale_error_have_closed_forms() -> None:
    """A tenth too far throughout: every figure is known, and the scale-invariant one is nothing."""
    true = RNG.uniform(1, 9, 300)
    figures = depth_figures(1.1 * true, true)
    assert figures.abs_rel == pytest.approx(0.1)
    assert figures.log10 == pytest.approx(math.log10(1.1))
    assert figures.rmse == pytest.approx(0.1 * math.sqrt(np.mean(true**2)))
    assert figures.silog == pytest.approx(0, abs=1e-4)
    assert (figures.beyond, figures.delta1) == (0, 1)
    assert depth_figures(1.3 * true, true).beyond == 1
    assert set(figures.as_row()) >= {"beyond", "abs_rel", "rmse", "silog"}


def test_a_map_does_not_get_better_by_scale_or_shift() -> None:
    """The same depth comes out of it, capped or not."""
    true = RNG.uniform(0.5, 30, 300)
    prediction = 1 / true + RNG.normal(0, 0.05, 300)
    plain = depth_from_inverse(prediction, 1 / true, 80.0)
    np.testing.assert_allclose(depth_from_inverse(5 * prediction - 2, 1 / true, 80.0), plain, rtol=1e-9)
    assert depth_from_inverse(prediction, 1 / true, 10.0).max() <= 10.0


@pytest.mark.parametrize("change", [np.exp, np.cbrt, lambda x: 7 * x - 3], ids=["exp", "root", "affine"])
def test_order_takes_any_rising_curve(change: object) -> None:
    """Only which of two is larger counts."""
    true = RNG.uniform(1, 9, 300)
    prediction = -true + RNG.normal(0, 2, 300)
    plain = order_accuracy(prediction, true)
    assert 0.6 < plain < 0.95
    assert order_accuracy(change(prediction), true) == plain  # type: ignore[operator]
    assert order_accuracy(-prediction, true) == pytest.approx(1 - plain)


def test_order_asks_only_pairs_that_are_apart() -> None:
    """Of two walls ten metres apart, each a little rough, the roughness is not asked about."""
    true = np.concatenate([5 + RNG.uniform(0, 0.05, 100), 15 + RNG.uniform(0, 0.05, 100)])
    prediction = np.concatenate([RNG.uniform(0.9, 1, 100), RNG.uniform(0, 0.1, 100)])
    assert order_accuracy(prediction, true) == 1.0
    assert order_accuracy(prediction, true, least_difference_m=0.0) < 0.9
    assert order_accuracy(prediction, true, seed=1) == 1.0


PAIRS = np.array([[0.75, 0.25, 0.25, 0.75], [0.75, 0.75, 0.25, 0.25], [0.25, 0.5, 0.75, 0.5]])


def test_pairs_are_counted_one_by_one() -> None:
    """Right half near: two of three are told right, one of them with its nearer point higher."""
    near = np.zeros((20, 40))
    near[:, 20:] = 1.0
    counts = count_pairs(near, PAIRS)
    assert counts == PairCounts(asked=3, right=2.0, asked_higher=1, right_higher=1.0)
    assert (counts.share, counts.share_higher) == (pytest.approx(2 / 3), 1.0)
    turned = count_pairs(1 - near, PAIRS)
    assert turned == PairCounts(3, 1.0, 1, 0.0)


def test_equal_values_are_half_right() -> None:
    """A map that says nothing has half of every kind."""
    assert count_pairs(np.ones((8, 8)), PAIRS) == PairCounts(3, 1.5, 1, 0.5)


def test_points_are_read_where_they_lie_at_any_size() -> None:
    """A ramp tells the same pairs at every resolution, and a value between pixels is between theirs."""
    points = RNG.uniform(0.1, 0.9, (60, 4))
    expected = int((points[:, 0] > points[:, 2]).sum())
    for width in (16, 61, 200):
        ramp = np.broadcast_to((np.arange(width) + 0.5) / width, (10, width))
        assert count_pairs(ramp, points).right == expected


def test_counts_of_photos_add_up() -> None:
    """Sums, and a share over all pairs rather than a mean of shares."""
    one, other = PairCounts(10, 9.0, 4, 3.0), PairCounts(30, 15.0, 0, 0.0)
    assert one + other == PairCounts(40, 24.0, 4, 3.0)
    found = pooled([one.as_row(), other.as_row()])
    assert found == {"pairs": 24 / 40, "pairs_higher": 3 / 4}
    assert math.isnan(pooled([other.as_row()])["pairs_higher"])
    assert math.isnan(PairCounts().share)
    assert math.isnan(other.share_higher)
