"""The one conversion to values in which near is large, for every kind of depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind

if TYPE_CHECKING:
    from nearfar.types.arrays import FloatMap

CLOSEST_M = 1e-3
"""Metric depth nearer than this counts as this near: its inverse stays finite."""


def near_is_large(values: FloatMap, kind: DepthKind) -> FloatMap:
    """A new array of the same shape, float32, of any range, in which near is large.

    Relative inverse depth stays as it is; metric depth becomes inverse metres, at least :data:`CLOSEST_M`
    away; affine depth, whose shift is not known, is negated. NaN stays NaN.
    """
    if kind is DepthKind.RELATIVE_INVERSE:
        return values.astype(np.float32)
    if kind is DepthKind.AFFINE_DEPTH:
        return np.negative(values, dtype=np.float32)
    return np.asarray(1 / np.maximum(values, np.float32(CLOSEST_M)), np.float32)


def turn_over(scaled: FloatMap, kind: DepthKind) -> FloatMap:
    """Values in 0…1 of that kind, in place, so that 1 is near: turned over linearly where it was far."""
    if not kind.is_near_large:
        np.subtract(1, scaled, out=scaled)
    return scaled
