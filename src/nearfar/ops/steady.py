"""The range of values that colours span, followed from frame to frame so that colours do not jump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.cards import DepthKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo, RangeRule

    Plane = npt.NDArray[np.float32]

_SIDE = 32  # frames are compared as thumbnails of that many pixels a side
_STILL = 0.04  # brightness, of 1, that a pixel may change and still show the same thing
_STILL_SHARE = 0.25  # of the pixels must be still, else all are compared
_CUT_CORRELATION = 0.4
_CUT_DIFFERENCE = 0.25
_LEAST_DEPTH_CORRELATION = 0.5
_LARGEST_SCALE = 4.0
_RETURN = 0.05  # share by which the running scale goes back to the network's own, each frame
_FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class Span:
    """The values that the colours of one frame span, in its own unit, and whether a new scene begins."""

    low: float
    high: float
    is_cut: bool

    @property
    def rule(self) -> RangeRule:
        """As the heat map and the 16-bit depth take it."""
        return (self.low, self.high) if self.high > self.low else "image"


class Steadier:
    """Follows one stream of frames.

    A network's relative depth has another scale and shift in each frame. Each is brought to the scale of
    the frames before (by the pixels whose brightness stayed, matched in mean and deviation), its range is
    smoothed exponentially there, and given back in the frame's own values. A new scene starts afresh.
    """

    def __init__(self, weight: float, rule: RangeRule) -> None:
        """``weight``: of what was before, 0 (each frame by itself) to 1; ``rule``: the range of one frame."""
        self._weight = weight
        self._rule = rule
        self._light: Plane | None = None
        self._depth = np.zeros((_SIDE, _SIDE), np.float32)
        self._range = np.zeros(2)

    def follow(self, photo: Photo, depth: DepthMap) -> Span:
        """The span of the next frame."""
        own = np.array(depth.limits(self._rule))
        if isinstance(self._rule, tuple) or self._weight == 0:
            return Span(float(own[0]), float(own[1]), is_cut=False)
        light, plane = _light(photo), _small(depth)
        is_cut = self._light is None or _is_cut(self._light, light)
        scale, shift = (1.0, 0.0) if is_cut else self._aligned(light, plane, depth.kind)
        now = scale * own + shift
        self._range = now if is_cut else self._weight * self._range + (1 - self._weight) * now
        low, high = (self._range - shift) / scale
        self._light = light
        self._depth = np.asarray(scale * plane + shift, np.float32)
        self._relax(scale, shift)
        return Span(float(low), float(high), is_cut)

    def _aligned(self, light: Plane, plane: Plane, kind: DepthKind) -> tuple[float, float]:
        """(scale, shift) that bring this frame's depth to the running scale; metres are on it already."""
        if kind is DepthKind.METRIC or self._light is None:
            return 1.0, 0.0
        still = np.abs(light - self._light) < _STILL
        where = still if still.mean() >= _STILL_SHARE else np.ones_like(still)
        before, now = self._depth[where], plane[where]
        if min(before.std(), now.std()) < _FLAT or _correlation(before, now) < _LEAST_DEPTH_CORRELATION:
            return 1.0, 0.0
        scale = float(np.clip(before.std() / now.std(), 1 / _LARGEST_SCALE, _LARGEST_SCALE))
        return scale, float(before.mean() - scale * now.mean())

    def _relax(self, scale: float, shift: float) -> None:
        """Move the running scale towards the network's own, so that it never drifts away."""
        factor, offset = 1 + _RETURN * (scale - 1), _RETURN * shift
        self._depth = np.asarray((self._depth - offset) / factor, np.float32)
        self._range = (self._range - offset) / factor


def _light(photo: Photo) -> Plane:
    """A thumbnail's brightness, 0…1."""
    small = cv2.resize(photo.rgb8(), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small.mean(axis=2) / 255, np.float32)


def _small(depth: DepthMap) -> Plane:
    values = depth.values
    if depth.valid is not None:
        values = np.where(depth.valid, values, np.float32(depth.value_range[0]))
    return np.asarray(cv2.resize(values, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.float32)


def _is_cut(before: Plane, now: Plane) -> bool:
    """Whether two thumbnails show different scenes."""
    if float(np.abs(before - now).mean()) > _CUT_DIFFERENCE:
        return True
    if min(before.std(), now.std()) < 0.01:  # a bare wall correlates with nothing
        return False
    return _correlation(before, now) < _CUT_CORRELATION


def _correlation(a: Plane, b: Plane) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
