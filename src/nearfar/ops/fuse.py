"""Depth and masks of objects together: edges where the masks have them, and each object's distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap
    from nearfar.types.arrays import FloatMap

    Masks = npt.NDArray[np.bool_]

_BAND = 0.008  # width of the rim whose depth is replaced, as a share of the longer side, on each side


@dataclass(frozen=True, slots=True)
class ObjectDepth:
    """How far an object is, in the map's own unit. ``order`` counts from the nearest, 1.

    ``index``: of its mask. ``median``, ``p10``, ``p90``: of its valid pixels; None where it has none.
    ``box``: left, top, right, bottom in pixels.
    """

    index: int
    order: int
    pixels: int
    median: float | None
    p10: float | None
    p90: float | None
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Fused:
    """``depth``: the map with edges on the masks' edges; ``objects``: from near to far."""

    depth: DepthMap
    objects: tuple[ObjectDepth, ...]

    def describe(self) -> dict[str, Any]:
        """The objects as plain values, with what their numbers mean."""
        rows = [{name: getattr(o, name) for name in ObjectDepth.__slots__} for o in self.objects]
        return {"kind": self.depth.kind.value, "unit": self.depth.unit, "objects": rows}


def fuse(depth: DepthMap, masks: Masks, band_px: int | None = None) -> Fused:
    """Depth with its edges snapped to mask edges, and the objects from near to far.

    In a rim along each mask's edge, inside and outside, depth is taken from the nearest pixel of the same
    side that lies off the rim: what the network smeared over the edge goes.

    Args:
        depth: (H, W).
        masks: (N, H, W) bool.
        band_px: width of the rim on each side in pixels; 0.8 % of the longer side where it is absent.

    Raises:
        ParameterError: sizes differ.
    """
    if masks.ndim != 3 or masks.shape[1:] != depth.values.shape:
        sizes = "×".join(str(n) for n in masks.shape[:0:-1])
        raise ParameterError(
            f"The masks are {sizes}, but the photo {depth.width}×{depth.height} pixels.",
            "Give masks made from this photo.",
        )
    band = max(1, round(_BAND * max(masks.shape[1:]))) if band_px is None else _band(band_px)
    band = min(band, max(masks.shape[1:]))
    medians = [_percentiles(depth, mask)[1] for mask in masks]
    values = depth.values.copy()
    for i in _far_to_near(medians, is_near_large=depth.kind.is_near_large):
        values = _snapped(values, masks[i], band, depth.valid)
    fused = depth.with_values(values, depth.valid)
    return Fused(fused, _objects(fused, masks))


def _band(band_px: object) -> int:
    """The width of a rim; ParameterError where it is none."""
    if isinstance(band_px, bool) or not isinstance(band_px, (int, np.integer)) or band_px < 0:
        raise ParameterError(
            f"band_px is {band_px!r}, but a whole number from 0 was expected.", parameter="band_px"
        )
    return int(band_px)


def _far_to_near(medians: list[float | None], *, is_near_large: bool) -> list[int]:
    known = [i for i, m in enumerate(medians) if m is not None]
    return sorted(known, key=lambda i: medians[i], reverse=not is_near_large)  # type: ignore[arg-type, return-value]


def _snapped(values: FloatMap, mask: npt.NDArray[np.bool_], band: int, valid: Any) -> FloatMap:
    """The values with the rim on both sides of the mask's edge replaced."""
    out = values
    for side in (mask, ~mask):
        depth_in = cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 3)
        sure = side & (depth_in > band)
        if valid is not None:
            sure &= valid
        rim = side & ~sure & (depth_in <= band) & _near_edge(mask, band)
        if sure.any() and rim.any():
            out = _from_nearest(out, sure, rim)
    return out


def _near_edge(mask: npt.NDArray[np.bool_], band: int) -> npt.NDArray[np.bool_]:
    """Within ``band`` of the mask's edge, and not only of the picture's border."""
    side = 2 * band + 1
    kernel = np.ones((side, side), np.uint8)
    whole = mask.astype(np.uint8)
    return np.asarray(cv2.dilate(whole, kernel) != cv2.erode(whole, kernel))


def _from_nearest(values: FloatMap, sure: npt.NDArray[np.bool_], rim: npt.NDArray[np.bool_]) -> FloatMap:
    _, labels = cv2.distanceTransformWithLabels(
        (~sure).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(labels.max()) + 1, np.float32)
    table[labels[sure]] = values[sure]
    out = values.copy()
    out[rim] = table[labels[rim]]
    return out


def _percentiles(depth: DepthMap, mask: npt.NDArray[np.bool_]) -> tuple[float | None, ...]:
    chosen = depth.values[mask if depth.valid is None else mask & depth.valid]
    if not chosen.size:
        return (None, None, None)
    return tuple(float(v) for v in np.percentile(chosen, (10, 50, 90)))


def _objects(depth: DepthMap, masks: Masks) -> tuple[ObjectDepth, ...]:
    rows = []
    for index, mask in enumerate(masks):
        low, middle, high = _percentiles(depth, mask)
        y, x = np.nonzero(mask)
        box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1) if x.size else (0, 0, 0, 0)
        rows.append((index, int(mask.sum()), middle, low, high, box))
    sign = -1 if depth.kind.is_near_large else 1
    rows.sort(key=lambda row: (row[2] is None, sign * (row[2] or 0)))
    return tuple(
        ObjectDepth(i, order, count, m, lo, hi, box)
        for order, (i, count, m, lo, hi, box) in enumerate(rows, 1)
    )
