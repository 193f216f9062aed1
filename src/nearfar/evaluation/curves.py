"""Errors by how far things are, and by how near to an outline: sums that are added up over pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import Mask

    Floats = npt.NDArray[np.float64]

DISTANCES_M = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, np.inf)
EDGE_DISTANCES_PX = (0.0, 1.5, 2.5, 4.5, 8.5, 16.5, 32.5, 64.5, np.inf)
STEP = 1.1
"""Neighbours of which one is so many times as far as the other have an outline between them."""


@dataclass(slots=True, eq=False)
class Curves:
    """Counts, sums of |z - z*| / z* and of pixels beyond 1.25, by bins of distance and of edge distance."""

    distance: Floats = field(default_factory=lambda: np.zeros((3, len(DISTANCES_M) - 1)))
    edge: Floats = field(default_factory=lambda: np.zeros((3, len(EDGE_DISTANCES_PX) - 1)))

    def add(self, found_m: Floats, true_m: Floats) -> None:
        """One picture: (h, w) each, NaN where it does not count."""
        is_judged = np.isfinite(found_m) & np.isfinite(true_m) & (found_m > 0)
        if not is_judged.any():
            return
        found, true = found_m[is_judged], true_m[is_judged]
        off = np.abs(found - true) / true
        beyond = (np.maximum(found / true, true / found) > 1.25).astype(np.float64)
        self.distance += _sums(true, off, beyond, DISTANCES_M)
        away = edge_distance(true_m)
        if away is not None:
            self.edge += _sums(away[is_judged], off, beyond, EDGE_DISTANCES_PX)

    def describe(self) -> dict[str, list[dict[str, Any]]]:
        """Plain values, bins without pixels left out."""
        return {
            "distance_m": _rows(self.distance, DISTANCES_M),
            "edge_distance_px": _rows(self.edge, EDGE_DISTANCES_PX),
        }


def edge_distance(true_m: Floats) -> npt.NDArray[np.float64] | None:
    """(h, w) pixels to the nearest outline of the true depth; None where there is none.

    Sparse truth has none: an outline is told by two known neighbours.
    """
    is_edge: Mask = np.zeros(true_m.shape, np.bool_)
    with np.errstate(invalid="ignore"):
        across = np.maximum(true_m[:, 1:] / true_m[:, :-1], true_m[:, :-1] / true_m[:, 1:]) > STEP
        down = np.maximum(true_m[1:] / true_m[:-1], true_m[:-1] / true_m[1:]) > STEP
    is_edge[:, 1:] |= across
    is_edge[:, :-1] |= across
    is_edge[1:] |= down
    is_edge[:-1] |= down
    if not is_edge.any():
        return None
    free = (~is_edge).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float64)


def _sums(places: Floats, off: Floats, beyond: Floats, bins: tuple[float, ...]) -> Floats:
    which = np.digitize(places, bins[1:-1])
    count = len(bins) - 1
    return np.stack([np.bincount(which, w, count) for w in (np.ones_like(off), off, beyond)])


def _rows(sums: Floats, bins: tuple[float, ...]) -> list[dict[str, Any]]:
    rows = []
    for low, high, (pixels, off, beyond) in zip(bins, bins[1:], sums.T, strict=False):
        if pixels:
            rows.append(
                {
                    "from": low,
                    "to": None if np.isinf(high) else high,
                    "pixels": int(pixels),
                    "abs_rel": float(off / pixels),
                    "beyond": float(beyond / pixels),
                }
            )
    return rows
