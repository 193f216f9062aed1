"""Least-squares scale and shift in inverse depth (MiDaS, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def align_inverse(
    prediction: NDArray[np.floating], inverse_depth: NDArray[np.floating]
) -> NDArray[np.float64]:
    """S * prediction + t with (s, t) least squares to the true inverse depth; 1-D, same length.

    A prediction without any variation is aligned by its shift alone.
    """
    p = np.asarray(prediction, np.float64)
    d = np.asarray(inverse_depth, np.float64)
    centred = p - p.mean()
    variance = float(centred @ centred)
    scale = float(centred @ d) / variance if variance > 0 else 0.0
    return np.asarray(scale * centred + d.mean(), np.float64)
