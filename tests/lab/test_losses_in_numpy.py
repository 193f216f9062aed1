"""The losses against second implementations in plain numpy, and against finite differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.losses.gradient import gradient_matching  # noqa: E402
from nearfar_lab.losses.invariant import invariant_loss  # noqa: E402
from nearfar_lab.losses.normalise import normalise_maps, normalise_target, normalise_targets  # noqa: E402
from nearfar_lab.losses.order import empty_pairs, order_loss  # noqa: E402
from nearfar_lab.losses.regression import regression_loss  # noqa: E402
from nearfar_lab.losses.relative import relative_loss  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

ALL_EDGES = torch.tensor([True, True])


@pytest.fixture
def maps() -> tuple[np.ndarray, np.ndarray]:
    """A prediction and a target, (2, 9, 13) in double precision; an odd number of pixels of each is known."""
    rng = np.random.default_rng(0)
    target = rng.normal(size=(2, 9, 13))
    target[0, :2, :4] = np.nan
    target[1, 3] = np.nan
    target[1, 0, 0] = np.nan
    if np.isfinite(target[0]).sum() % 2 == 0:
        target[0, -1, -1] = np.nan
    if np.isfinite(target[1]).sum() % 2 == 0:
        target[1, -1, -1] = np.nan
    return rng.normal(size=(2, 9, 13)), target


def _gradient(residual: np.ndarray, known: np.ndarray, scales: int = 4) -> float:
    """The sum over scales of |difference| of known neighbours over the number of known pixels: one map."""
    total = 0.0
    for scale in range(scales):
        part, is_known = residual[:: 2**scale, :: 2**scale], known[:: 2**scale, :: 2**scale]
        found = 0.0
        for y in range(part.shape[0]):
            for x in range(part.shape[1]):
                for b, a in ((y, x + 1), (y + 1, x)):
                    if b < part.shape[0] and a < part.shape[1] and is_known[y, x] and is_known[b, a]:
                        found += abs(part[b, a] - part[y, x])
        total += found / max(1, is_known.sum())
    return total


def _normalised(values: np.ndarray) -> np.ndarray:
    """Known values of one map by their own median and mean absolute deviation."""
    known = values[np.isfinite(values)]
    median = np.median(known)
    return (values - median) / np.abs(known - median).mean()


def test_gradient_matching_again(maps: tuple[np.ndarray, np.ndarray]) -> None:
    """Pair by pair at four scales."""
    prediction, target = maps
    known = np.isfinite(target)
    residual = np.where(known, prediction - np.nan_to_num(target), 0.0)
    found = gradient_matching(torch.from_numpy(residual), torch.from_numpy(known))
    expected = [_gradient(residual[i], known[i]) for i in range(2)]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9)


def test_weights_of_gradient_matching_count_differences() -> None:
    """Twice the weight everywhere is twice the loss, and none is none."""
    residual = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    known = torch.ones(1, 8, 8, dtype=torch.bool)
    plain = gradient_matching(residual, known)
    assert torch.allclose(gradient_matching(residual, known, weight=torch.full((1, 8, 8), 2.0)), 2 * plain)
    assert not gradient_matching(residual, known, weight=torch.zeros(1, 8, 8)).any()


def test_gradient_matching_takes_no_notice_of_a_shift() -> None:
    """A constant residual has no edges; a slope has as many as it has pixels."""
    known = torch.ones(1, 16, 16, dtype=torch.bool)
    assert not gradient_matching(torch.full((1, 16, 16), 7.0), known).any()
    slope = torch.arange(16.0).expand(1, 16, 16)
    assert gradient_matching(slope, known, scales=1) == pytest.approx(15 / 16)


def test_regression_again(maps: tuple[np.ndarray, np.ndarray]) -> None:
    """Mean over known pixels of |prediction - clipped target|, and half of the edges."""
    prediction, target = maps
    target = 4 * target
    expected = []
    for mine, theirs in zip(prediction, target, strict=True):
        known = np.isfinite(theirs)
        residual = np.where(known, mine - np.clip(np.nan_to_num(theirs), -4, 6), 0.0)
        expected.append(np.abs(residual[known]).mean() + 0.5 * _gradient(residual, known))
    found = regression_loss(torch.from_numpy(prediction), torch.from_numpy(target), ALL_EDGES)
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-9)


def test_invariant_again(maps: tuple[np.ndarray, np.ndarray]) -> None:
    """The smallest 80 % of errors of normalised maps over twice their number, and half of the edges."""
    prediction, target = maps
    expected = []
    for mine, theirs in zip(prediction, target, strict=True):
        known = np.isfinite(theirs)
        residual = _normalised(np.where(known, mine, np.nan)) - _normalised(theirs)
        errors = np.sort(np.abs(residual[known]))
        kept = errors[: int(0.8 * len(errors))]
        residual = np.where(known, residual, 0.0)
        expected.append(kept.sum() / (2 * len(errors)) + 0.5 * _gradient(residual, known))
    found = invariant_loss(torch.from_numpy(prediction), torch.from_numpy(target), ALL_EDGES)
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-6)


def test_relative_again() -> None:
    """Aligned by numpy's least squares, then e / (e + 0.3) of |log ratio|, its tangent below a quarter."""
    rng = np.random.default_rng(1)
    true = np.exp(rng.uniform(-2, 0, (1, 12, 18)))
    mine = 2 * true + rng.normal(0, 0.25, true.shape) - 1
    target = 1.7 * true - 0.4
    target[0, 2, 3:9] = np.nan
    scaled = 1.7 * true
    near = np.nanquantile(np.where(np.isfinite(target), scaled, np.nan)[:, ::3, ::3], 0.98)
    counts = np.isfinite(target) & (scaled > 0.01 * near)
    slope, shift = np.polyfit(mine[counts], scaled[counts], 1)
    ratio = (slope * mine[counts] + shift) / scaled[counts]
    logs = np.where(ratio > 0.25, np.log(np.maximum(ratio, 1e-9)), math.log(0.25) + 4 * (ratio - 0.25))
    expected = np.mean(np.abs(logs) / (np.abs(logs) + 0.3))
    found = relative_loss(torch.from_numpy(mine), torch.from_numpy(target), torch.tensor([-0.4]).double())
    assert float(found) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("scale", "shift"), [(3.0, 0.0), (1.0, 5.0), (0.2, -9.0)])
def test_relative_takes_any_scale_and_shift(scale: float, shift: float) -> None:
    """Of the prediction freely; of the target together with its zero, by a scale."""
    rng = np.random.default_rng(2)
    true = torch.from_numpy(np.exp(rng.uniform(-2, 0, (2, 12, 18))))
    mine = true + torch.from_numpy(rng.normal(0, 0.2, true.shape))
    zero = torch.zeros(2).double()
    plain = float(relative_loss(mine, true, zero))
    assert plain > 0.1
    assert float(relative_loss(scale * mine + shift, true, zero)) == pytest.approx(plain, rel=1e-3)
    moved = relative_loss(mine, scale * true + shift, zero + shift)
    assert float(moved) == pytest.approx(plain, rel=1e-3)


def _of_two(loss: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda prediction, target: loss(prediction, target, ALL_EDGES)


def _relative(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return relative_loss(prediction, target, torch.full((2,), -4.0).double())


@pytest.mark.parametrize(
    "loss",
    [_of_two(regression_loss), _of_two(invariant_loss), _relative],
    ids=["l1", "invariant", "relative"],
)
def test_gradients_are_those_of_finite_differences(
    loss: Callable[..., torch.Tensor], maps: tuple[np.ndarray, np.ndarray]
) -> None:
    """Along a few directions by chance; a corner of an absolute value lies on none of them."""
    prediction, target = (torch.from_numpy(one) for one in maps)
    at = prediction.clone().requires_grad_()
    loss(at, target).backward()
    assert at.grad is not None
    rng = torch.Generator().manual_seed(3)
    for _ in range(4):
        way = torch.randn(prediction.shape, generator=rng, dtype=torch.float64)
        way /= way.norm()
        rise = loss(prediction + 1e-6 * way, target) - loss(prediction - 1e-6 * way, target)
        assert float((at.grad * way).sum()) == pytest.approx(float(rise) / 2e-6, rel=1e-2, abs=2e-5)


@pytest.mark.parametrize("loss", [_of_two(regression_loss), _of_two(invariant_loss), _relative])
def test_maps_of_which_nothing_is_known_cost_nothing(loss: Callable[..., torch.Tensor]) -> None:
    """And pull at nothing: no number is NaN."""
    prediction = torch.randn(2, 9, 13, dtype=torch.float64, requires_grad=True)
    found = loss(prediction, torch.full((2, 9, 13), torch.nan, dtype=torch.float64))
    found.backward()
    assert float(found.detach()) == 0
    assert prediction.grad is not None
    assert not prediction.grad.any()


@pytest.mark.parametrize(("scale", "shift"), [(2.5, 0.0), (0.1, 3.0), (40.0, -7.0)])
def test_normalised_maps_are_free_of_scale_and_shift(scale: float, shift: float) -> None:
    """In numpy and in torch; a negative scale turns the map over."""
    inverse = np.random.default_rng(4).uniform(0.5, 1, (9, 11)).astype(np.float32)
    expected = normalise_target(inverse)
    np.testing.assert_allclose(normalise_target(scale * inverse + shift), expected, atol=2e-3)
    known = torch.ones(1, 9, 11, dtype=torch.bool)
    moved = normalise_maps(torch.from_numpy(scale * inverse + shift)[None], known)[0]
    np.testing.assert_allclose(moved.numpy(), expected, atol=2e-3)
    np.testing.assert_allclose(normalise_target(-inverse), -expected, atol=1e-5)


def test_targets_end_at_thirty() -> None:
    """One pixel far away from all others does not rule a loss."""
    inverse = np.full((20, 20), 0.5, np.float32)
    inverse[:, ::2] = 0.51
    inverse[0, 0] = 1e4
    assert normalise_target(inverse).max() == 30
    assert normalise_targets(torch.from_numpy(inverse)[None])[0].max() == 30


def test_an_empty_map_stays_empty() -> None:
    """Unknown throughout, with an unknown zero."""
    empty = np.full((4, 5), np.nan, np.float32)
    assert np.isnan(normalise_target(empty)).all()


def _order(gap: float, weight: float = 1.0) -> float:
    prediction = torch.zeros(1, 20, 20, dtype=torch.float64)
    prediction[:, :, 10:] = gap
    pairs = torch.tensor([[0, 10, 16, 10, 3]])
    return float(order_loss(prediction, pairs, torch.tensor([weight]).double()))


@pytest.mark.parametrize("gap", [-3.0, 0.0, 0.25, 2.0])
def test_order_of_a_pair_costs_what_its_formula_says(gap: float) -> None:
    """Softplus of the margin less twice the gap, whatever the weight of a lone pair."""
    expected = math.log1p(math.exp(0.5 - 2 * gap))
    assert _order(gap) == pytest.approx(expected)
    assert _order(gap, 0.3) == pytest.approx(expected)


def test_pairs_count_by_their_weight() -> None:
    """A right pair and a wrong one: the mean by weight."""
    prediction = torch.zeros(1, 20, 20, dtype=torch.float64)
    prediction[:, :, 10:] = 1.0
    pairs = torch.tensor([[0, 10, 16, 10, 3], [0, 10, 3, 10, 16]])
    found = order_loss(prediction, pairs, torch.tensor([3.0, 1.0]).double())
    assert float(found) == pytest.approx((3 * _order(1.0) + _order(-1.0)) / 4)


def test_a_point_speaks_for_its_window() -> None:
    """One pixel of 25 carries a 25th; in a corner, where nine are in the picture, a ninth."""
    prediction = torch.zeros(1, 20, 20, dtype=torch.float64)
    prediction[0, 10, 10] = prediction[0, 0, 0] = 5.0
    for y, x, share in ((10, 10, 25), (0, 0, 9)):
        found = order_loss(prediction, torch.tensor([[0, y, x, 15, 3]]), torch.ones(1).double())
        assert float(found) == pytest.approx(math.log1p(math.exp(0.5 - 2 * 5 / share)))


def test_no_pairs_cost_nothing() -> None:
    """A batch without ranked photos."""
    prediction = torch.randn(0, 8, 8, requires_grad=True)
    assert float(order_loss(prediction, *empty_pairs()).detach()) == 0
