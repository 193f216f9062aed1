"""Relative error of depth itself, after the alignment that the evaluation makes: far things count too."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LEAST_SHARE = 0.01
"""Pixels farther than a hundred times the near end of a map count as sky: they have no relative error."""
LINEAR_BELOW = 0.25
"""Under this share of the true value the logarithm goes on as its tangent: no pixel loses its pull."""
HALF_WAY = 0.3
"""|log ratio| at which a pixel counts half of the most it can (1.25 is at 0.22)."""
NEAR_END = 0.98


def relative_loss(prediction: Tensor, target: Tensor, zero: Tensor) -> Tensor:
    """Mean over maps of e / (e + 0.3), e = |log(aligned / true)| of inverse depth, one number.

    Aligned by least squares in inverse depth (MiDaS, section 6), as when a map is measured.

    Args:
        prediction: float32 (N, H, W), near is large.
        target: float32 (N, H, W), normalised inverse depth, NaN unknown.
        zero: float32 N, where inverse depth zero lies on the target's scale; NaN leaves the map out.
    """
    has_zero = zero.isfinite()
    true, near = inverse_depth(target, zero)
    counts = target.isfinite() & (true > LEAST_SHARE * near) & has_zero.view(-1, 1, 1)
    true = torch.where(counts, true, 1.0)
    ratio = aligned(prediction, true, counts) / true
    tangent = math.log(LINEAR_BELOW) + (ratio - LINEAR_BELOW) / LINEAR_BELOW
    distance = torch.where(ratio > LINEAR_BELOW, ratio.clamp(min=LINEAR_BELOW).log(), tangent).abs()
    error = torch.where(counts, distance / (distance + HALF_WAY), 0.0)
    per_map = error.sum(dim=(1, 2)) / counts.sum(dim=(1, 2)).clamp(min=1)
    return per_map.sum() / has_zero.sum().clamp(min=1)


def _quantile(values: Tensor, share: float) -> Tensor:
    """That quantile of each map's known values (NaN is none), from every third pixel: N."""
    return torch.nanquantile(values[:, ::3, ::3].flatten(1), share, dim=1).nan_to_num()


def inverse_depth(target: Tensor, zero: Tensor) -> tuple[Tensor, Tensor]:
    """Targets (N, H, W) up to scale, zero where inverse depth is; and their near ends (N, 1, 1)."""
    true = target - torch.where(zero.isfinite(), zero, 0.0).view(-1, 1, 1)
    near = _quantile(torch.where(target.isfinite(), true, torch.nan), NEAR_END)
    return true, near.view(-1, 1, 1)


def aligned(prediction: Tensor, true: Tensor, counts: Tensor) -> Tensor:
    """Scale * prediction + shift, least squares over the pixels that count."""
    weight = counts.float()
    total = weight.sum(dim=(1, 2), keepdim=True).clamp(min=1)
    mean_p = (prediction * weight).sum(dim=(1, 2), keepdim=True) / total
    mean_t = (true * weight).sum(dim=(1, 2), keepdim=True) / total
    centred = (prediction - mean_p) * weight
    variance = (centred * centred).sum(dim=(1, 2), keepdim=True) / total
    covariance = (centred * (true - mean_t)).sum(dim=(1, 2), keepdim=True) / total
    return covariance / variance.clamp(min=1e-4) * (prediction - mean_p) + mean_t
