"""Depth maps of a live stream, held steady at their own size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.video.flow import SIDE
from nearfar.video.steady import Steady, SteadyFrame, SteadyOptions

if TYPE_CHECKING:
    from nearfar.types import DepthMap, Photo, RangeRule
    from nearfar.types.arrays import FloatMap


@dataclass(frozen=True, slots=True)
class Held:
    """A frame's depth map, held steady, the values its colours span, and whether a new scene begins."""

    depth: DepthMap
    low: float
    high: float
    is_cut: bool

    @property
    def rule(self) -> RangeRule:
        """As the heat map and the 16-bit depth take it."""
        return (self.low, self.high) if self.high > self.low else "image"


class LiveDepth:
    """Follows one stream of frames whose maps are as large as they are."""

    def __init__(self, smooth: float, rule: RangeRule) -> None:
        """``smooth``: weight of the frames before, 0 for none; ``rule``: the range of one frame."""
        self._options = SteadyOptions(mode="live", smooth=smooth, range=rule)
        self._steady: Steady | None = None

    def hold(self, photo: Photo, depth: DepthMap) -> Held:
        """The next frame's map: what was done to a small one is done to it."""
        if self._options.is_off:
            low, high = depth.limits(self._options.range)
            return Held(depth, low, high, is_cut=False)
        if self._steady is None or self._steady.kind is not depth.kind:
            self._steady = Steady(depth.kind, self._options)
        (frame,) = self._steady.push(photo.rgb8(), _small(depth))
        steady = depth.with_values(_large(frame, depth), depth.valid)
        return Held(steady, *frame.span, frame.is_cut)


def _small(depth: DepthMap) -> FloatMap:
    """The map with at most 256 pixels a side; what is not valid is the farthest."""
    low, high = depth.value_range
    far = np.float32(low if depth.kind.is_near_large else high)
    values = depth.values if depth.valid is None else np.where(depth.valid, depth.values, far)
    share = min(1.0, SIDE / max(values.shape))
    size = max(1, round(share * depth.width)), max(1, round(share * depth.height))
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _large(frame: SteadyFrame, depth: DepthMap) -> FloatMap:
    """The map itself, held as the small one was."""
    if depth.valid is None:
        return frame.applied(depth.values)
    return np.where(depth.valid, frame.applied(depth.values), depth.values)
