"""Agreement of two maps by the order of their values alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def ranks(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The rank of each value of a 1-D array, from 0; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    return np.asarray((last - (counts - 1) / 2)[place], np.float64)


def rank_correlation(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float | None:
    """Spearman's rank correlation of two 1-D arrays, -1…1; None where either is flat or too short."""
    if a.size < 2:
        return None
    x, y = ranks(a), ranks(b)
    x -= x.mean()
    y -= y.mean()
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / spread, -1, 1)) if spread > 0 else None
