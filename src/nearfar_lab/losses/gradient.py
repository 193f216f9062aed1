"""Gradient matching at several scales: edges of the residual are errors too (MiDaS, eq. 11)."""

from __future__ import annotations

import torch
from torch import Tensor


def gradient_matching(
    residual: Tensor, is_known: Tensor, *, scales: int = 4, weight: Tensor | None = None
) -> Tensor:
    """Mean |difference of neighbours| of (N, H, W) residuals, one number a map, summed over scales.

    weight: (N, H, W), how much a pixel's differences count (1 without it).
    """
    total = residual.new_zeros(len(residual))
    for scale in range(scales):
        step = 2**scale
        part, known = residual[:, ::step, ::step], is_known[:, ::step, ::step]
        heavy = weight[:, ::step, ::step] if weight is not None else torch.ones_like(part)
        total = total + _one_scale(part, known, heavy)
    return total


def _one_scale(residual: Tensor, is_known: Tensor, weight: Tensor) -> Tensor:
    values = torch.where(is_known, residual, 0.0)
    both_x = (is_known[:, :, 1:] & is_known[:, :, :-1]) * weight[:, :, 1:]
    both_y = (is_known[:, 1:] & is_known[:, :-1]) * weight[:, 1:]
    across = ((values[:, :, 1:] - values[:, :, :-1]).abs() * both_x).sum(dim=(1, 2))
    down = ((values[:, 1:] - values[:, :-1]).abs() * both_y).sum(dim=(1, 2))
    count = is_known.sum(dim=(1, 2)).clamp(min=1)
    return (across + down) / count
