"""Radii of blur of a large picture, made row by row: they are never there as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.bands import each_band

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Circles:
    """``rows_of`` gives rows, (N, W) float32 pixels, of ``shape`` (H, W); ``ends``: smallest and largest."""

    rows_of: Callable[[slice], Floats]
    shape: tuple[int, int]
    ends: tuple[float, float]

    @classmethod
    def of(cls, whole: Floats) -> Circles:
        """Those of an (H, W) array."""
        height, width = whole.shape
        return cls(lambda rows: whole[rows], (height, width), (float(whole.min()), float(whole.max())))

    def sampled(self, size: tuple[int, int]) -> Floats:
        """(h, w) of the nearest pixels, for a size (w, h)."""
        height, width = self.shape
        out = np.empty((size[1], size[0]), np.float32)
        places = (np.arange(size[1]) * (height / size[1])).astype(np.intp)

        def take(rows: slice) -> None:
            first, last = np.searchsorted(places, (rows.start, rows.stop))
            if first < last:
                lines = self.rows_of(rows)[places[first:last] - rows.start]
                how = cv2.INTER_NEAREST
                out[first:last] = cv2.resize(lines, (size[0], len(lines)), interpolation=how)

        each_band(take, height, width)
        return out
