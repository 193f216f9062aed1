"""Fewer pixels of a map, for alignments whose cost grows faster than their number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import Mask

    Places = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def nearest_known(is_known: Mask, side: int) -> Places:
    """Of side × side cells of a map, the known pixel nearest to each cell's centre: rows and columns.

    A pixel may stand for two cells; a cell whose window holds no known pixel has none. The window is as large
    as a cell, rounded up, and begins at the rounded corner of the cell (MoGe's evaluation).
    """
    rows, columns = (_window(length, side) for length in is_known.shape)
    found = [
        _nearest_in_row(is_known, window, centre, columns)
        for window, centre in zip(rows[0], rows[1], strict=True)
    ]
    return np.concatenate([down for down, _ in found]), np.concatenate([across for _, across in found])


def _nearest_in_row(
    is_known: Mask,
    window: npt.NDArray[np.intp],
    centre: float,
    columns: tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]],
) -> Places:
    """The same for one row of cells: large maps would not fit into memory at once."""
    across = columns[0]  # (side, n)
    down = np.broadcast_to(window[None, :, None], (len(across), len(window), across.shape[1]))
    right = np.broadcast_to(across[:, None, :], down.shape)
    is_inside = (down >= 0) & (down < is_known.shape[0]) & (right >= 0) & (right < is_known.shape[1])
    is_usable = is_inside & is_known[np.where(is_inside, down, 0), np.where(is_inside, right, 0)]
    away = (down + 0.5 - centre) ** 2 + (right + 0.5 - columns[1][:, None, None]) ** 2
    flat = np.where(is_usable, away, np.inf).reshape(len(across), -1)
    best = np.argmin(flat, axis=1)
    has_any = np.isfinite(flat[np.arange(len(across)), best])
    pick = (np.flatnonzero(has_any), best[has_any])
    return down.reshape(len(across), -1)[pick], right.reshape(len(across), -1)[pick]


def _window(length: int, side: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """(side, n) places along one axis that each cell looks at, and the (side,) centres of the cells."""
    size = max(1.0, length / side)
    centres = (np.arange(side) + 0.5) * (length / side)
    first = np.asarray(np.round((centres - size / 2).astype(np.float32)), np.intp)
    return first[:, None] + np.arange(math.ceil(size)), np.asarray(centres, np.float64)


def strided(shape: tuple[int, ...], most: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns (for ``map[rows, columns]``) of a map that is made smaller by taking every so many.

    The longer side gets ``most`` pixels; pixel i is the one at ⌊i / factor⌋ (Marigold's alignment).
    """
    factor = min(1.0, most / max(shape)) if most else 1.0
    rows, columns = (
        np.minimum((np.arange(math.floor(length * factor)) / factor).astype(np.intp), length - 1)
        for length in shape
    )
    return np.ix_(rows, columns)  # type: ignore[return-value]
