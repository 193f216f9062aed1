"""What the exports share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nearfar.types import DepthMap
    from nearfar.types.arrays import FloatMap


@dataclass(frozen=True, slots=True)
class NoOptions:
    """There is nothing to choose."""


def with_nan(depth: DepthMap) -> FloatMap:
    """(H, W) float32, contiguous; pixels that are not valid are NaN."""
    values = depth.values if depth.valid is None else np.where(depth.valid, depth.values, np.float32("nan"))
    return np.ascontiguousarray(values, np.float32)
