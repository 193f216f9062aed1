"""The scale-and-shift-invariant trimmed loss with gradient matching (MiDaS, eqs. 7, 10, 11)."""

from __future__ import annotations

import torch
from torch import Tensor

from nearfar_lab.losses.gradient import gradient_matching
from nearfar_lab.losses.normalise import normalise_maps

TRIM = 0.2
RANKED = 4096
"""Of larger maps about so many pixels, evenly spread, decide which residuals are the largest."""


def invariant_loss(
    prediction: Tensor, target: Tensor, has_edges: Tensor, *, edge_weight: float = 0.5
) -> Tensor:
    """Mean over maps of the trimmed absolute error of normalised maps plus gradient matching.

    Both maps are normalised by median and mean absolute deviation; the fifth of the pixels with the
    largest residuals does not count. prediction, target: float32 (N, H, W); has_edges: bool N.
    """
    is_known = target.isfinite()
    wanted = normalise_maps(torch.where(is_known, target, 0.0), is_known)
    residual = torch.where(is_known, normalise_maps(prediction, is_known) - wanted, 0.0)
    per_map = _trimmed_mean(residual.abs(), is_known)
    edges = gradient_matching(residual, is_known) * has_edges
    return (per_map + edge_weight * edges).mean()


def _trimmed_mean(error: Tensor, is_known: Tensor) -> Tensor:
    """Sum of each map's smallest 80 % of errors over twice its number of known pixels."""
    flat, known = error.flatten(1), is_known.flatten(1)
    count = known.sum(dim=1)
    step = max(1, flat.shape[1] // RANKED)
    ranked = torch.where(known, flat, torch.inf).detach()[:, ::step].sort(dim=1).values
    at = ((1 - TRIM) * known[:, ::step].sum(dim=1)).long().clamp(min=1, max=ranked.shape[1]) - 1
    limit = ranked.gather(1, at[:, None])
    kept = known & (flat <= limit)
    return (flat * kept).sum(dim=1) / (2 * count.clamp(min=1))
