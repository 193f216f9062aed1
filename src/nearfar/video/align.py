"""The scale and shift that bring one frame's depth to the running scene's, by points that agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap

    Floats = npt.NDArray[np.float64]

_POINTS = 2500
_LEAST_POINTS = 64
_LEAST_WEIGHT = 0.25
_ROUNDS = 4
_REACH = 4.0  # robust deviations beyond which a point does not pull at all
_LEAST_CORRELATION = 0.5
_LARGEST_SCALE = 4.0
_FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class Match:
    """Running = ``scale`` × own + ``shift``; ``deviation``: robust, of points round that, running units."""

    scale: float = 1.0
    shift: float = 0.0
    deviation: float = 0.0


def scale_and_shift(own: FloatMap, running: FloatMap, trust: FloatMap, *, shift_only: bool = False) -> Match:
    """The match of two maps (H, W) over pixels whose ``trust`` (0…1) is not small.

    Tukey's biweight, begun at medians: a particle, a flash or whatever moved pulls nothing. The scale is the
    ratio of both weighted deviations: a fitted slope would shrink a little with every noisy frame, and in the
    end to nothing. Maps that do not agree, or are flat, are left as they are: a match of 1 and 0.
    """
    x, y, weight = _points(own, running, trust)
    if len(x) < _LEAST_POINTS:
        return Match()
    scale = 1.0 if shift_only else _first_scale(x, y)
    shift = _median(y - scale * x)
    deviation = 0.0
    for _ in range(_ROUNDS):
        rest = y - scale * x - shift
        deviation = 1.4826 * _median(np.abs(rest))
        reach = _REACH * deviation + _FLAT
        pull = weight * np.square(np.maximum(0.0, 1 - np.square(rest / reach)))
        total = float(pull.sum())
        if total <= 0:
            return Match()
        mean_x, mean_y = float(pull @ x) / total, float(pull @ y) / total
        if not shift_only:
            found = _slope(x - mean_x, y - mean_y, pull)
            if found is None:
                return Match(deviation=deviation)
            scale = found
        shift = mean_y - scale * mean_x
    return Match(scale, shift, deviation)


def _points(own: FloatMap, running: FloatMap, trust: FloatMap) -> tuple[Floats, Floats, Floats]:
    """Some thousands of trusted pixels, spread evenly: own, running, trust."""
    step = max(1, round(float(np.sqrt(own.size / _POINTS))))
    grid = (slice(step // 2, None, step), slice(step // 2, None, step))
    where = trust[grid] > _LEAST_WEIGHT
    x, y, weight = (plane[grid][where].astype(np.float64) for plane in (own, running, trust))
    return x, y, weight


def _median(values: Floats) -> float:
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _first_scale(x: Floats, y: Floats) -> float:
    """The median slope between pairs of points, within bounds; 1 where hardly any differ.

    Source: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968, of some pairs.
    """
    run = np.concatenate([np.roll(x, len(x) // part) - x for part in (2, 3)])
    rise = np.concatenate([np.roll(y, len(y) // part) - y for part in (2, 3)])
    wide = np.abs(run) > max(_FLAT, 0.1 * float(x.max() - x.min()))
    if np.count_nonzero(wide) < _LEAST_POINTS:
        return 1.0
    return float(np.clip(_median(rise[wide] / run[wide]), 1 / _LARGEST_SCALE, _LARGEST_SCALE))


def _slope(x: Floats, y: Floats, pull: Floats) -> float | None:
    """The ratio of weighted deviations of centred values; None where they do not go together."""
    var_x, var_y, both = float(pull @ (x * x)), float(pull @ (y * y)), float(pull @ (x * y))
    if min(var_x, var_y) <= _FLAT * _FLAT * float(pull.sum()):
        return None
    if both < _LEAST_CORRELATION * np.sqrt(var_x * var_y):
        return None
    return float(np.clip(np.sqrt(var_y / var_x), 1 / _LARGEST_SCALE, _LARGEST_SCALE))
