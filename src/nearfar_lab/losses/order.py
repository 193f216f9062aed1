"""Order of depth at pairs of points: all that a photo without measured depth can teach."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

STEEPNESS, MARGIN = 2.0, 0.5
WINDOW = 5
"""A point speaks for the pixels around it: predictions are averaged over so many rows and columns."""


def order_loss(prediction: Tensor, pairs: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over pairs of softplus(margin - 2 (nearer - farther)), one number.

    Args:
        prediction: float32 (K, H, W), near is large.
        pairs: int64 (P, 5): map, row and column of the nearer point, row and column of the farther one.
        weight: float32 P, how much each pair counts.
    """
    smooth = functional.avg_pool2d(
        prediction[:, None], WINDOW, stride=1, padding=WINDOW // 2, count_include_pad=False
    )[:, 0]
    place, near_y, near_x, far_y, far_x = pairs.unbind(dim=1)
    gap = smooth[place, near_y, near_x] - smooth[place, far_y, far_x]
    return (functional.softplus(MARGIN - STEEPNESS * gap) * weight).sum() / weight.sum().clamp(min=1e-6)


def empty_pairs() -> tuple[Tensor, Tensor]:
    """No pairs and no weights: a batch without such photos."""
    return torch.zeros(0, 5, dtype=torch.int64), torch.zeros(0)
