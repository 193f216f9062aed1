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

_GOLDEN = (5**0.5 - 1) / 2
_NARROWEST = 1e-13


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
    """The (s, t) of the least sum of w |s p + t - d|, to within rounding.

    Of each s the best t is a weighted median of what is left, and the sum is then convex in s: it is
    bracketed from the least-squares line outwards, and the bracket narrowed by the golden section.
    """
    is_used = weights > 0
    p, d, w = prediction[is_used], truth[is_used], weights[is_used]
    if not len(p) or np.ptp(p) == 0:
        return 0.0, _weighted_median(d, w) if len(p) else 0.0

    def total(scale: float) -> float:
        left = d - scale * p
        return float(w @ np.abs(left - _weighted_median(left, w)))

    scale = _least(total, scale_and_shift(p, d, w)[0], float(np.ptp(d) / np.ptp(p)) or 1.0)
    return scale, _weighted_median(d - scale * p, w)


def _least(function: Callable[[float], float], start: float, step: float) -> float:
    """Where a convex function is least; ``step``: how far the search looks at first."""
    low, high = start - step, start + step
    middle = function(start)
    while function(low) < middle or function(high) < middle:
        step *= 2
        low, high = start - step, start + step
    inner = [high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)]
    values = [function(place) for place in inner]
    while high - low > _NARROWEST * max(abs(low), abs(high), step):
        if values[0] <= values[1]:
            high, inner[1], values[1] = inner[1], inner[0], values[0]
            inner[0] = high - _GOLDEN * (high - low)
            values[0] = function(inner[0])
        else:
            low, inner[0], values[0] = inner[0], inner[1], values[1]
            inner[1] = low + _GOLDEN * (high - low)
            values[1] = function(inner[1])
    return inner[0] if values[0] <= values[1] else inner[1]


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
