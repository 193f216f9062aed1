"""Alignment of a prediction to the truth: by how much it is scaled and shifted before it is judged.

All arrays are 1-D over known pixels, in the space in which the alignment is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.floating]

_MOST_PIVOTS = 1000


@dataclass(frozen=True, slots=True)
class Alignment:
    """A way to align. ``fit`` gives (scale, shift) of a prediction, the truth and the pixels' weights."""

    name: str
    parameters: str
    method: str
    fit: Callable[[Floats, Floats, Floats], tuple[float, float]]

    def describe(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "parameters": self.parameters, "method": self.method}


def scale_and_shift(
    prediction: Numbers, truth: Numbers, weights: Numbers | None = None
) -> tuple[float, float]:
    """The (s, t) of the least sum of w (s p + t - d)²; a flat prediction gets its shift alone."""
    p, d = np.asarray(prediction, np.float64), np.asarray(truth, np.float64)
    w = np.ones_like(p) if weights is None else np.asarray(weights, np.float64)
    total = float(w.sum())
    middle = float(w @ p) / total
    centred = p - middle
    variance = float((w * centred) @ centred)
    scale = float((w * centred) @ d) / variance if variance > 0 else 0.0
    return scale, float(w @ d) / total - scale * middle


def align_inverse(prediction: Numbers, inverse_depth: Numbers) -> Floats:
    """S * prediction + t with (s, t) least squares to the true inverse depth (MiDaS, section 6)."""
    scale, shift = scale_and_shift(prediction, inverse_depth)
    return np.asarray(scale * np.asarray(prediction, np.float64) + shift, np.float64)


def least_squares_scale(prediction: Floats, truth: Floats, weights: Floats) -> float:
    """The s of the least sum of w (s p - d)²; 0 where the prediction is 0 everywhere."""
    power = float((weights * prediction) @ prediction)
    return float((weights * prediction) @ truth) / power if power > 0 else 0.0


def median_scale(prediction: Floats, truth: Floats) -> float:
    """The median of the truth by that of the prediction; 0 where the latter is 0."""
    middle = float(np.median(prediction))
    return float(np.median(truth)) / middle if middle else 0.0


def absolute_scale(prediction: Floats, truth: Floats, weights: Floats) -> float:
    """The s of the least sum of w |s p - d|: a weighted median of d / p, exact."""
    is_used = (prediction != 0) & (weights > 0)
    if not is_used.any():
        return 0.0
    p, d, w = prediction[is_used], truth[is_used], weights[is_used]
    return _weighted_median(d / p, w * np.abs(p))


def absolute_scale_and_shift(prediction: Floats, truth: Floats, weights: Floats) -> tuple[float, float]:
    """The (s, t) of the least sum of w |s p + t - d|, exact.

    The best line goes through two of the points. From a line through one point the best other point is a
    weighted median of slopes; turning about that one in the same way never makes the sum larger, and ends
    where it is least, for it is convex. Ties are left by starting again from points beside.
    """
    is_used = weights > 0
    p, d, w = prediction[is_used], truth[is_used], weights[is_used]
    if not len(p) or np.ptp(p) == 0:
        return 0.0, _weighted_median(d, w) if len(p) else 0.0
    scale, shift = scale_and_shift(p, d, w)
    best = (np.inf, scale, shift)
    near = np.argsort(np.abs(scale * p + shift - d), kind="stable")
    for start in near[: min(8, len(near))]:
        best = min(best, _turned(p, d, w, int(start)))
    return best[1], best[2]


def _turned(p: Floats, d: Floats, w: Floats, pivot: int) -> tuple[float, float, float]:
    """(sum, s, t) where turning about one point after the other ends."""
    least, line = np.inf, (0.0, float(d[pivot]))
    for _ in range(_MOST_PIVOTS):
        across = p - p[pivot]
        is_beside = across != 0
        if not is_beside.any():
            break
        slopes = (d[is_beside] - d[pivot]) / across[is_beside]
        place = _median_place(slopes, w[is_beside] * np.abs(across[is_beside]))
        scale = float(slopes[place])
        shift = float(d[pivot] - scale * p[pivot])
        total = float(w @ np.abs(scale * p + shift - d))
        if total >= least:
            break
        least, line = total, (scale, shift)
        pivot = int(np.flatnonzero(is_beside)[place])
    return least, *line


def _weighted_median(values: Floats, weights: Floats) -> float:
    return float(values[_median_place(values, weights)])


def _median_place(values: Floats, weights: Floats) -> int:
    """Where the first value stands up to which at least half of the weight lies."""
    order = np.argsort(values, kind="stable")
    heavy = np.cumsum(weights[order])
    return int(order[np.searchsorted(heavy, heavy[-1] / 2)])


def _scaled(rule: Callable[[Floats, Floats, Floats], float]) -> Callable[..., tuple[float, float]]:
    return lambda p, d, w: (rule(p, d, w), 0.0)


ALIGNMENTS = {
    row.name: row
    for row in (
        Alignment("none", "none", "none", lambda _p, _d, _w: (1.0, 0.0)),
        Alignment("median", "scale", "ratio of medians", _scaled(lambda p, d, _w: median_scale(p, d))),
        Alignment("scale", "scale", "least squares", _scaled(least_squares_scale)),
        Alignment("scale-shift", "scale and shift", "least squares", scale_and_shift),
        Alignment("robust-scale", "scale", "least absolute deviations", _scaled(absolute_scale)),
        Alignment("robust", "scale and shift", "least absolute deviations", absolute_scale_and_shift),
    )
}
"""Every way to align, by name."""
