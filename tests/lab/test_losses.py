"""The losses against what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nearfar_lab.losses.gradient import gradient_matching  # noqa: E402
from nearfar_lab.losses.invariant import invariant_loss  # noqa: E402
from nearfar_lab.losses.normalise import normalise_maps, normalise_target, normalise_with_zero  # noqa: E402
from nearfar_lab.losses.outline import outline_loss, outlines  # noqa: E402
from nearfar_lab.losses.regression import regression_loss  # noqa: E402
from nearfar_lab.losses.relative import relative_loss  # noqa: E402


@pytest.fixture
def target() -> torch.Tensor:
    """Two 32 x 48 maps with a fifth of their pixels unknown."""
    rng = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 32, 48, generator=rng)
    maps[torch.rand(maps.shape, generator=rng) < 0.2] = torch.nan
    return maps


EDGES = torch.tensor([True, True])


def test_normalised_target_has_median_0_and_spread_1() -> None:
    """Median and mean absolute deviation are taken over known pixels only."""
    inverse = np.random.default_rng(0).uniform(0.1, 2, (20, 30)).astype(np.float32)
    inverse[3:6] = np.nan
    found = normalise_target(inverse)
    known = found[np.isfinite(found)]
    assert np.isnan(found[3:6]).all()
    assert np.median(known) == pytest.approx(0, abs=1e-6)
    assert np.abs(known).mean() == pytest.approx(1, rel=1e-5)


def test_a_flat_target_becomes_zeros() -> None:
    """No division by zero."""
    assert not normalise_target(np.full((4, 4), 0.3, np.float32)).any()


def test_both_normalisations_agree(target: torch.Tensor) -> None:
    """The torch one and the numpy one give the same map (odd counts, where the median is one pixel)."""
    first = target[0].clone()
    if first.isfinite().sum() % 2 == 0:
        first[0, 0] = torch.nan if first[0, 0].isfinite() else 0.0
    is_known = first.isfinite()
    found = normalise_maps(torch.where(is_known, first, 0.0)[None], is_known[None])[0]
    expected = normalise_target(first.numpy())
    np.testing.assert_allclose(found[is_known].numpy(), expected[is_known.numpy()], atol=1e-5)


def test_invariant_loss_ignores_scale_and_shift(target: torch.Tensor) -> None:
    """An affine change of the prediction changes nothing; the exact shape costs nothing."""
    prediction = torch.randn(2, 32, 48, generator=torch.Generator().manual_seed(1))
    loss = invariant_loss(prediction, target, EDGES)
    assert invariant_loss(3.5 * prediction - 20, target, EDGES) == pytest.approx(float(loss), rel=1e-4)
    assert invariant_loss(2 * target.nan_to_num() + 5, target, EDGES) == pytest.approx(0, abs=1e-5)


def test_invariant_loss_trims_the_worst_fifth() -> None:
    """A tenth of wildly wrong pixels costs no more than mildly wrong ones (without the edge term)."""
    target = torch.linspace(-1, 1, 1000).view(1, 20, 50)
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(0))[:60]
    losses = []
    for height in (50.0, 500.0):
        prediction = target.flatten().clone()
        prediction[order] += height
        no_edges = torch.tensor([False])
        losses.append(float(invariant_loss(prediction.view_as(target), target, no_edges)))
    mild, wild = (loss for loss in losses)
    assert wild < 1.2 * mild + 0.6


@pytest.mark.parametrize("loss", [regression_loss, invariant_loss])
def test_unknown_pixels_do_not_count(loss: object, target: torch.Tensor) -> None:
    """What is predicted where nothing is known changes neither the loss nor any gradient."""
    prediction = torch.randn(2, 32, 48, generator=torch.Generator().manual_seed(1), requires_grad=True)
    loss(prediction, target, EDGES).backward()  # type: ignore[operator]
    assert prediction.grad is not None
    assert not prediction.grad[target.isnan()].any()
    assert prediction.grad.isfinite().all()


def test_gradient_matching_of_a_step() -> None:
    """A residual with one vertical step of height h: rows times h over pixels, at each of two scales."""
    residual = torch.zeros(1, 8, 8)
    residual[:, :, 4:] = 3.0
    known = torch.ones(1, 8, 8, dtype=torch.bool)
    found = gradient_matching(residual, known, scales=2)
    assert float(found) == pytest.approx(8 * 3 / 64 + 4 * 3 / 16)


def test_sparse_maps_have_no_edge_term() -> None:
    """A map without edges costs its plain L1 alone."""
    target = torch.zeros(1, 8, 8)
    prediction = torch.zeros(1, 8, 8)
    prediction[:, :, 4:] = 1.0
    assert float(regression_loss(prediction, target, torch.tensor([False]))) == pytest.approx(0.5)
    assert float(regression_loss(prediction, target, torch.tensor([True]))) > 0.5


def test_regression_clips_its_target() -> None:
    """Beyond -4 and 6 there is nothing more to win."""
    target = torch.tensor([[[-20.0, 30.0], [0.0, 0.0]]])
    prediction = torch.tensor([[[-4.0, 6.0], [0.0, 0.0]]])
    assert float(regression_loss(prediction, target, torch.tensor([True]))) == 0.0


def test_zero_travels_with_a_normalised_target() -> None:
    """Inverse depth zero lands where the same scale and shift put it."""
    inverse = np.random.default_rng(0).uniform(0.1, 2, (20, 30)).astype(np.float32)
    found, zero = normalise_with_zero(inverse)
    scale = (found[0, 0] - found[5, 7]) / (inverse[0, 0] - inverse[5, 7])
    assert zero == pytest.approx(found[0, 0] - scale * inverse[0, 0], rel=1e-4)


@pytest.fixture
def inverse() -> torch.Tensor:
    """Two maps of inverse depth, 0.02 to 1 per metre."""
    rng = torch.Generator().manual_seed(1)
    return torch.exp(torch.rand(2, 32, 48, generator=rng) * np.log(50)) / 50


ZERO = torch.zeros(2)


def test_relative_error_is_free_of_scale_and_shift(inverse: torch.Tensor) -> None:
    """A prediction that only needs aligning costs nothing."""
    assert relative_loss(3 * inverse - 7, inverse, ZERO) < 1e-3


def test_relative_error_counts_ratios(inverse: torch.Tensor) -> None:
    """Noise in proportion costs what the formula says, near or far, once alignment has nothing to gain."""
    flips = torch.ones_like(inverse)
    flips[:, ::2] = 1.2
    found = float(relative_loss(inverse * flips, inverse, ZERO))
    # Every pixel is off by up to log(1.2) in sum over the two rows of a pair.
    half = np.log(1.2) / 2
    assert found == pytest.approx(half / (half + 0.3), rel=0.25)


def test_relative_error_leaves_out_what_has_no_zero_and_sky(inverse: torch.Tensor) -> None:
    """A map whose shift is unknown, unknown pixels and the sky have no part, and no gradient."""
    target = inverse.clone()
    target[0, 0], target[0, 1] = torch.nan, 0.0
    prediction = torch.randn(target.shape, generator=torch.Generator().manual_seed(2), requires_grad=True)
    relative_loss(prediction, target, torch.tensor([0.0, torch.nan])).backward()
    assert prediction.grad is not None
    assert not prediction.grad[1].any()
    assert not prediction.grad[0, :2].any()
    assert prediction.grad[0, 2:].any()


def stepped(soft: int = 0) -> torch.Tensor:
    """Inverse depth (1, 24, 32): a near right half, a far left one, the step over `soft` pixels."""
    place = torch.arange(32, dtype=torch.float32)
    ramp = ((place - 15.5) / max(soft, 1e-3) + 0.5).clamp(0, 1)
    return (0.5 + 1.5 * ramp).expand(1, 24, 32).clone()


ONE, NOWHERE = torch.tensor([True]), torch.tensor([0.0])


def test_outline_loss_is_nothing_for_the_exact_shape() -> None:
    """Whatever its scale and shift."""
    assert outline_loss(7 * stepped() - 3, stepped(), NOWHERE, ONE) == pytest.approx(0, abs=1e-5)


def test_outline_loss_asks_for_sharp_steps_in_their_places() -> None:
    """A soft step costs, a softer one more, a step two pixels off too; gradients are finite."""
    costs = [float(outline_loss(stepped(soft), stepped(), NOWHERE, ONE)) for soft in (0, 3, 9)]
    assert costs == sorted(costs)
    assert costs[1] > 0.1
    prediction = stepped().roll(2, dims=2).requires_grad_()
    loss = outline_loss(prediction, stepped(), NOWHERE, ONE)
    loss.backward()
    assert float(loss.detach()) > 0.1
    assert prediction.grad is not None
    assert prediction.grad.isfinite().all()


def test_outline_loss_knows_a_slope_from_an_outline() -> None:
    """Inverse depth that falls evenly has none, however steep."""
    slope = torch.linspace(0.5, 6, 32).expand(1, 24, 32)
    assert not outlines(2, slope).any()
    assert outlines(2, stepped()).any()


def test_outline_loss_leaves_out_maps_that_are_not_exact(target: torch.Tensor) -> None:
    """None of them, no loss; unknown pixels and sky do no harm."""
    prediction = torch.randn(2, 32, 48, generator=torch.Generator().manual_seed(1))
    zero = torch.tensor([-3.0, torch.nan])
    assert outline_loss(prediction, target, zero, torch.tensor([False, True])) == 0
    assert outline_loss(prediction, target, zero, EDGES).isfinite()
