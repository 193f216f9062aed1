"""What is shown of a scene: depth that creeps where nothing moves, and the span of its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.types.ranges import PERCENTILES

if TYPE_CHECKING:
    from nearfar.types import RangeRule
    from nearfar.types.arrays import FloatMap, Mask

    Ends = tuple[float, float]

_CREEP = 0.1 / 255  # of the span, that a still pixel may change a frame: no colour then does by two steps
_HURRY, _HURRY_FADES = 6 / 255, 0.8  # more than that just after it moved, less with each frame
_RIM = 15  # pixels, over which one goes over into the other
_CALM = 60.0  # frames after which none is left


@dataclass(slots=True, eq=False)
class Shown:
    """State of what is shown, in running units.

    ``depth``: (H, W) float32 as it was shown last; ``calm``: (H, W) float32, frames since a pixel moved;
    ``low``, ``high``: the span of the colours.
    """

    depth: FloatMap
    calm: FloatMap
    low: float
    high: float


def first_shown(depth: FloatMap, span: Ends) -> Shown:
    """The first frame of a scene."""
    return Shown(depth, np.full_like(depth, _CALM), *span)


def show(state: Shown, mean: FloatMap, still: Mask, *, is_metric: bool) -> None:
    """Go on to the next frame's means (H, W): at once where things move, slowly where they do not.

    A network fed the same scene with other noise answers otherwise, at edges by far: what is still creeps.
    """
    state.calm = np.where(still, np.minimum(state.calm + 1, np.float32(_CALM)), np.float32(0))
    if still.any():
        share = np.float32(_CREEP) + np.float32(_HURRY) * np.float32(_HURRY_FADES) ** state.calm
        share[state.calm >= _CALM] = _CREEP
        limit = share * _unit(state, is_metric=is_metric)
        crept = state.depth + np.clip(mean - state.depth, -limit, limit)
        state.depth = crept if still.all() else np.asarray(mean + _inner(still) * (crept - mean), np.float32)
    else:
        state.depth = mean


def _inner(still: Mask) -> FloatMap:
    """(H, W) 0…1: 1 deep within what is still, less towards what moves, so that no edge lies between them."""
    share = cv2.blur(still.astype(np.float32), (_RIM, _RIM))
    return np.asarray(np.maximum(0, 2 * share - 1) * still, np.float32)


def _unit(state: Shown, *, is_metric: bool) -> FloatMap | np.float32:
    """The width of the span in running units; of metres, whose colours are linear, at each pixel's own."""
    if not is_metric:
        return np.float32(state.high - state.low)
    width_m = np.exp(state.high) - np.exp(state.low)
    return np.asarray(width_m * np.exp(-state.depth), np.float32)


def span_of(depth: FloatMap, rule: RangeRule) -> Ends:
    """The two values that a range rule spans, in the depth's own units."""
    if isinstance(rule, tuple):
        return rule
    if rule == "image":
        return float(depth.min()), float(depth.max())
    low, high = np.percentile(depth[::2, ::2], PERCENTILES)
    return float(low), float(high)


def widen(state: Shown, wanted: Ends, rate: float) -> None:
    """Move the span by that share of the way to what is wanted; by nothing where nothing moves."""
    state.low += rate * (wanted[0] - state.low)
    state.high += rate * (wanted[1] - state.high)


def change_units(state: Shown, units: Ends) -> None:
    """Go over to running units that are ``scale`` × these + ``shift``."""
    scale, shift = units
    if units != (1.0, 0.0):
        state.depth = np.float32(scale) * state.depth + np.float32(shift)
        state.low, state.high = scale * state.low + shift, scale * state.high + shift
