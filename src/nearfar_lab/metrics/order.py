"""Pairwise order: does the map know which of two pixels is nearer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS = 5000
LEAST_DIFFERENCE_M = 0.1


def order_accuracy(
    nearness: NDArray[np.floating],
    depth_m: NDArray[np.floating],
    *,
    seed: int = 0,
    least_difference_m: float = LEAST_DIFFERENCE_M,
    pairs: int = PAIRS,
) -> float:
    """Share of random pairs of pixels put in the right order; 1-D arrays of known pixels.

    Pairs whose depths differ by no more than `least_difference_m` are not asked. Equal predictions
    count as half right. NaN when no pair is left.
    """
    rng = np.random.default_rng(seed)
    first, second = rng.integers(len(depth_m), size=(2, pairs))
    farther_by_m = depth_m[second].astype(np.float64) - depth_m[first]
    asked = np.abs(farther_by_m) > least_difference_m
    if not asked.any():
        return float("nan")
    truth = np.sign(farther_by_m[asked])
    said = np.sign(nearness[first].astype(np.float64) - nearness[second])[asked]
    return float(np.mean(np.where(said == 0, 0.5, said == truth)))
