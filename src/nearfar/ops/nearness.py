"""How near each pixel is, on one scale for every kind of depth: what the effects work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.types.nearness import CLOSEST_M, near_is_large

if TYPE_CHECKING:
    from nearfar.types import DepthMap
    from nearfar.types.arrays import FloatMap

_TAILS = (0.1, 99.9)  # percent: a few stray pixels do not squeeze all others together
_SAMPLES = 200_000


def nearness(depth: DepthMap) -> FloatMap:
    """(H, W) float32 in 0…1: 1 is the nearest, 0 the farthest; flat maps and pixels that are not valid are 0.

    It is linear in inverse depth where the map knows that (relative inverse and metric), so a lens or a
    second eye acts on it linearly; affine depth is turned over.
    """
    values = inverse(depth)
    low, high = _span(values if depth.valid is None else values[depth.valid])
    if high <= low:
        return np.zeros(values.shape, np.float32)
    np.subtract(values, np.float32(low), out=values)
    np.multiply(values, np.float32(1 / (high - low)), out=values)
    np.clip(values, 0, 1, out=values)
    if depth.valid is not None:
        values[~depth.valid] = 0
    return values


def inverse(depth: DepthMap) -> FloatMap:
    """(H, W) float32, near is large: a new array, of inverse metres for metric depth, else without unit."""
    return near_is_large(_finite(depth), depth.kind)


def distance(depth: DepthMap, near: float = 1.0, far: float = 10.0) -> FloatMap:
    """(H, W) float32 distance along the optical axis: metres for metric depth, else a stated guess.

    Relative depth has no scale: its nearest pixel is put at ``near`` and its farthest at ``far``, and between
    them inverse distance (for relative inverse depth) or distance (for affine depth) is linear.

    Raises:
        ParameterError: not 0 < near < far.
    """
    if not 0 < near < far:
        raise ParameterError(f"near is {near:g} and far {far:g}, but 0 < near < far was expected.")
    if depth.kind is DepthKind.METRIC:
        return np.maximum(_finite(depth), np.float32(CLOSEST_M))
    close = depth.near_is_large()
    if depth.kind is DepthKind.AFFINE_DEPTH:
        return np.asarray(np.float32(far) - np.float32(far - near) * close, np.float32)
    return np.asarray(1 / (np.float32(1 / far) + np.float32(1 / near - 1 / far) * close), np.float32)


def _finite(depth: DepthMap) -> FloatMap:
    """The values, with the farthest one where a pixel is not valid."""
    if depth.valid is None:
        return depth.values
    low, high = depth.value_range
    return np.where(depth.valid, depth.values, np.float32(low if depth.kind.is_near_large else high))


def _span(values: FloatMap) -> tuple[float, float]:
    if not values.size:
        return 0.0, 0.0
    flat = values.ravel()
    low, high = np.percentile(flat[:: max(1, flat.size // _SAMPLES)], _TAILS)
    return (float(low), float(high)) if high > low else (float(flat.min()), float(flat.max()))
