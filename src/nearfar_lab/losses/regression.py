"""L1 on the normalised target: starts learning at once from nothing."""

from __future__ import annotations

import torch
from torch import Tensor

from nearfar_lab.losses.gradient import gradient_matching

NEAREST, FARTHEST = 6.0, -4.0


def regression_loss(
    prediction: Tensor, target: Tensor, has_edges: Tensor, *, edge_weight: float = 0.5
) -> Tensor:
    """Mean over maps of L1 to the clipped target plus weighted gradient matching.

    prediction, target: float32 (N, H, W) (NaN in the target is unknown). has_edges: bool N.
    """
    is_known = target.isfinite()
    clipped = torch.where(is_known, target, 0.0).clamp(FARTHEST, NEAREST)
    residual = torch.where(is_known, prediction - clipped, 0.0)
    count = is_known.sum(dim=(1, 2)).clamp(min=1)
    per_map = residual.abs().sum(dim=(1, 2)) / count
    edges = gradient_matching(residual, is_known) * has_edges
    return (per_map + edge_weight * edges).mean()
