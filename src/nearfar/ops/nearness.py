"""How near each pixel is, on one scale for every kind of depth: what the effects work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.types.nearness import CLOSEST_M, near_is_large

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.types import DepthMap
    from nearfar.types.arrays import FloatMap

    RowsOf = Callable[[slice], FloatMap]

_TAILS = (0.1, 99.9)  # percent: a few stray pixels do not squeeze all others together
_SAMPLES = 200_000


def nearness(depth: DepthMap) -> FloatMap:
    """(H, W) float32 in 0…1: 1 is the nearest, 0 the farthest; flat maps and pixels that are not valid are 0.

    It is linear in inverse depth where the map knows that (relative inverse and metric), so a lens or a
    second eye acts on it linearly; affine depth is turned over.
    """
    return nearness_rows(depth)(slice(None))


def nearness_rows(depth: DepthMap) -> RowsOf:
    """What gives some rows of :func:`nearness`, (N, W), so that a large map is not held twice."""
    low, high = _span(depth)

    def rows_of(rows: slice) -> FloatMap:
        values = near_is_large(_finite(depth, rows), depth.kind)
        if high <= low:
            return np.zeros_like(values)
        np.subtract(values, np.float32(low), out=values)
        np.multiply(values, np.float32(1 / (high - low)), out=values)
        np.clip(values, 0, 1, out=values)
        if depth.valid is not None:
            values[~depth.valid[rows]] = 0
        return values

    return rows_of


def ends_of_nearness(depth: DepthMap) -> tuple[float, float]:
    """What is 0 and what is 1 in :func:`nearness`: inverse metres for metric depth, else without unit.

    Equal where the map is flat, or nothing in it is valid.
    """
    return _span(depth)


def inverse(depth: DepthMap) -> FloatMap:
    """(H, W) float32, near is large: a new array, of inverse metres for metric depth, else without unit."""
    return near_is_large(_finite(depth, slice(None)), depth.kind)


def distance(depth: DepthMap, near: float = 1.0, far: float = 10.0) -> FloatMap:
    """(H, W) float32 distance along the optical axis: metres for metric depth, else a stated guess.

    Relative depth has no scale: its nearest pixel is put at ``near`` and its farthest at ``far``, and between
    them inverse distance (for relative inverse depth) or distance (for affine depth) is linear.

    Raises:
        ParameterError: not 0 < near < far.
    """
    return distance_rows(depth, near, far)(slice(None))


def distance_rows(depth: DepthMap, near: float = 1.0, far: float = 10.0) -> RowsOf:
    """What gives some rows of :func:`distance`, (N, W). Errors as of that."""
    if not 0 < near < far:
        raise ParameterError(f"near is {near:g} and far {far:g}, but 0 < near < far was expected.")

    def rows_of(rows: slice) -> FloatMap:
        if depth.kind is DepthKind.METRIC:
            return np.maximum(_finite(depth, rows), np.float32(CLOSEST_M))
        close = depth.near_is_large(depth.shared_span or "image", rows=rows)
        if depth.kind is DepthKind.AFFINE_DEPTH:
            return np.asarray(np.float32(far) - np.float32(far - near) * close, np.float32)
        return np.asarray(1 / (np.float32(1 / far) + np.float32(1 / near - 1 / far) * close), np.float32)

    return rows_of


def _finite(depth: DepthMap, rows: slice) -> FloatMap:
    """Rows of the values, with the farthest one where a pixel is not valid."""
    if depth.valid is None:
        return depth.values[rows]
    low, high = depth.value_range
    farthest = np.float32(low if depth.kind.is_near_large else high)
    return np.where(depth.valid[rows], depth.values[rows], farthest)


def _span(depth: DepthMap) -> tuple[float, float]:
    """The values, near is large, that are 0 and 1: nearly the extremes of those that are valid.

    The frames of a video share one span.
    """
    if depth.shared_span is not None:
        low, high = np.sort(near_is_large(np.asarray(depth.shared_span, np.float32), depth.kind))
        return float(low), float(high)
    flat = depth.values.ravel() if depth.valid is None else depth.values[depth.valid]
    if not flat.size:
        return 0.0, 0.0
    some = near_is_large(flat[:: max(1, flat.size // _SAMPLES)], depth.kind)
    low, high = np.percentile(some, _TAILS)
    if high <= low:
        low, high = np.sort(near_is_large(np.asarray([flat.min(), flat.max()], np.float32), depth.kind))
    return float(low), float(high)
