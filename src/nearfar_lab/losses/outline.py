"""Outlines: steps of depth between neighbours, as boundary F1 counts them (Depth Pro, section 4.2)."""

from __future__ import annotations

import torch
from torch import Tensor

from nearfar_lab.losses.relative import LEAST_SHARE, aligned, inverse_depth

LEAST_STEP = 0.05
"""Neighbours whose depths differ by this factor more than 1, and suddenly, have an outline between them."""
SUDDEN = 3.0
"""A step is sudden where it is so many times the gentler one beside it: a slope is no outline."""
HALF_WAY = 0.2
"""|error of log step| at which a pair counts half of the most it can."""


def outline_loss(prediction: Tensor, target: Tensor, zero: Tensor, is_exact: Tensor) -> Tensor:
    """Mean over exact maps of e / (e + 0.2), e the error of log depth's step between neighbours, one number.

    Pairs with an outline and pairs without one count half each, however few outlines there are. Aligned by
    least squares in inverse depth; what is farther than a hundred times the near end is one far plane.

    Args:
        prediction: float32 (N, H, W), near is large.
        target: float32 (N, H, W), normalised inverse depth, NaN unknown.
        zero: float32 N, where inverse depth zero lies on the target's scale.
        is_exact: bool N, maps whose depth is right to the pixel; the others are left out.
    """
    chosen = is_exact & zero.isfinite()
    is_known = target.isfinite() & chosen.view(-1, 1, 1)
    true, near = inverse_depth(target, zero)
    floor = (LEAST_SHARE * near).clamp(min=1e-6)
    true = torch.where(is_known, true, 1.0)
    counts = is_known & (true > floor)
    true = torch.maximum(true, floor)
    found = torch.maximum(aligned(prediction, true, counts), floor)
    difference = found.log() - true.log()
    total = prediction.new_zeros(len(prediction))
    for axis in (1, 2):
        total = total + _along(axis, difference, true, is_known)
    return (total * chosen).sum() / (2 * chosen.sum().clamp(min=1))


def _along(axis: int, difference: Tensor, true: Tensor, is_known: Tensor) -> Tensor:
    """The loss of the pairs along one axis, one number a map."""
    count = true.shape[axis]
    first, second = (is_known.narrow(axis, start, count - 1) for start in (0, 1))
    error = difference.diff(dim=axis).abs()
    error = error / (error + HALF_WAY)
    is_outline = outlines(axis, true)
    parts = [
        (error * pairs).sum(dim=(1, 2)) / pairs.sum(dim=(1, 2)).clamp(min=1)
        for pairs in (first & second & is_outline, first & second & ~is_outline)
    ]
    return (parts[0] + parts[1]) / 2


def outlines(axis: int, true: Tensor) -> Tensor:
    """Where depth steps and inverse depth, linear over a plane, does not go on as on either side."""
    step = true.log().diff(dim=axis).abs()
    change = true.diff(dim=axis).abs()
    count = change.shape[axis]
    wide = torch.cat((change.narrow(axis, 1, 1), change, change.narrow(axis, count - 2, 1)), dim=axis)
    beside = torch.minimum(wide.narrow(axis, 0, count), wide.narrow(axis, 2, count))
    return (step > LEAST_STEP) & (change > SUDDEN * beside)
