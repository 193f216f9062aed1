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
    scale, shift = scale_and_shift(prediction, inverse_depth)
    return np.asarray(scale * np.asarray(prediction, np.float64) + shift, np.float64)


def scale_and_shift(
    prediction: NDArray[np.floating], inverse_depth: NDArray[np.floating]
) -> tuple[float, float]:
    """The (s, t) of :func:`align_inverse`."""
    p = np.asarray(prediction, np.float64)
    d = np.asarray(inverse_depth, np.float64)
    centred = p - p.mean()
    variance = float(centred @ centred)
    scale = float(centred @ d) / variance if variance > 0 else 0.0
    return scale, float(d.mean() - scale * p.mean())
