"""Boundary F1: are the steps of depth where they belong, to the pixel?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATIOS = tuple(float(r) for r in np.linspace(1.05, 1.25, 10))
"""Neighbours whose depths differ by more than such a factor have a boundary between them."""

SUDDEN = 3.0
"""A step is a break where it is so many times the step beside it, on the gentler side."""


def boundary_f1(found_m: NDArray[np.floating], true_m: NDArray[np.floating]) -> float:
    """F1 of the boundaries in a depth map, 0..1; both (H, W), positive metres.

    A boundary lies between two neighbours, along rows or columns, where one is more than `ratio` times as
    far as the other; it is found where the same pair has one in the same direction. F1 is taken for each
    ratio of RATIOS and averaged with weights that grow with the step (Depth Pro, section 4.2). A plane seen
    at a grazing angle is no boundary however steep it is: such pairs are not asked. NaN where the truth has
    no boundary at all.
    """
    scores, weights = [], []
    for ratio in RATIOS:
        score = _f1(np.asarray(found_m, np.float64), np.asarray(true_m, np.float64), ratio)
        if not np.isnan(score):
            scores.append(score)
            weights.append(ratio - 1)
    return float(np.average(scores, weights=weights)) if scores else float("nan")


def _f1(found: NDArray[np.float64], true: NDArray[np.float64], ratio: float) -> float:
    hits = said = real = 0
    for axis in (0, 1):
        is_broken = _breaks(true, axis)
        for ours, theirs in zip(_steps(found, axis, ratio), _steps(true, axis, ratio), strict=True):
            hits += int((ours & theirs & is_broken).sum())
            said += int((ours & (is_broken | ~theirs)).sum())
            real += int((theirs & is_broken).sum())
    return 2 * hits / (said + real) if real else float("nan")


def _steps(
    depth_m: NDArray[np.float64], axis: int, ratio: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where depth steps away and where it steps towards us, going down (axis 0) or right (axis 1)."""
    count = depth_m.shape[axis]
    first, second = (depth_m.take(range(*span), axis) for span in ((0, count - 1), (1, count)))
    return second > ratio * first, first > ratio * second


def _breaks(depth_m: NDArray[np.float64], axis: int) -> NDArray[np.bool_]:
    """Where inverse depth, which is linear over a plane, does not go on as it does on either side."""
    steps = np.abs(np.diff(1 / depth_m, axis=axis))
    wide = np.pad(steps, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], constant_values=np.inf)
    before, after = (
        wide.take(range(*span), axis) for span in ((0, steps.shape[axis]), (2, wide.shape[axis]))
    )
    return np.asarray(steps > SUDDEN * np.minimum(before, after), np.bool_)
