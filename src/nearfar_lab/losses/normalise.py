"""Median and mean absolute deviation: the scale and shift a relative map is free of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from nearfar_lab.datasets.frames import FloatMap

_LEAST_SPREAD = 1e-3


def normalise_target(inverse: FloatMap) -> FloatMap:
    """(d - median) / mean |d - median| over known pixels of (H, W); NaN stays NaN.

    The spread is at least a thousandth of the largest value, so a flat map becomes zeros. Values end
    at -30 and 30.
    """
    return normalise_with_zero(inverse)[0]


def normalise_with_zero(inverse: FloatMap) -> tuple[FloatMap, float]:
    """:func:`normalise_target`, and where inverse depth zero lies on that scale (NaN for an empty map)."""
    known = inverse[np.isfinite(inverse)]
    if not known.size:
        return inverse, math.nan
    median = float(np.median(known))
    spread = float(np.abs(known - median).mean())
    least = max(_LEAST_SPREAD * float(np.abs(known).max()), 1e-9)
    unit = max(spread, least)
    return np.asarray(np.clip((inverse - median) / unit, -30, 30), np.float32), -median / unit


def normalise_maps(values: Tensor, is_known: Tensor) -> Tensor:
    """The same for (N, H, W) in torch, differentiable, over each map's known pixels."""
    flat = values.flatten(1)
    known = is_known.flatten(1)
    median = torch.where(known, flat, torch.nan).nanmedian(dim=1, keepdim=True).values
    median = median.nan_to_num()
    count = known.sum(dim=1, keepdim=True).clamp(min=1)
    spread = ((flat - median).abs() * known).sum(dim=1, keepdim=True) / count
    return ((flat - median) / spread.clamp(min=1e-4)).view_as(values)


def normalise_targets(inverse: Tensor) -> tuple[Tensor, Tensor]:
    """:func:`normalise_with_zero` for (N, H, W) at once: the targets, and N places of inverse depth zero."""
    flat = inverse.flatten(1)
    known = flat.isfinite()
    median = flat.nanmedian(dim=1, keepdim=True).values
    count = known.sum(dim=1, keepdim=True)
    spread = torch.where(known, (flat - median).abs(), 0.0).sum(dim=1, keepdim=True) / count
    largest = torch.where(known, flat.abs(), 0.0).amax(dim=1, keepdim=True)
    unit = torch.maximum(spread, (_LEAST_SPREAD * largest).clamp(min=1e-9))
    target = ((flat - median) / unit).clamp(-30, 30)
    return target.view_as(inverse), (-median / unit)[:, 0]
