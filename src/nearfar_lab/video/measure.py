"""The figures of one clip: how steady its depth is, how right, and which cuts were seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.evaluation.figures import depth_figures, depth_from_inverse
from nearfar.ops.colormap import Span, colorize
from nearfar.types.nearness import near_is_large
from nearfar_lab.metrics.temporal import (
    View,
    alignment_error,
    clip_depth,
    flicker,
    largest_step,
    still_pixels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nearfar.video.steady import SteadyFrame
    from nearfar_lab.video.clips import ClipFrame

    FloatMap = NDArray[np.float32]

CAP_M = 80.0
_LEAST_STILL = 0.05  # of the pixels, for flicker to be told
_COLOURS = "inferno"


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of a clip: its frames, and their depth and cameras."""

    frames: Sequence[ClipFrame]
    views: Sequence[View]

    @classmethod
    def of(cls, frames: Sequence[ClipFrame]) -> Truth:
        """The truth of these frames."""
        views = [View(frame.inverse_m, frame.pose, frame.focal_px) for frame in frames]
        return cls(frames, views)


def measure(truth: Truth, found: Sequence[SteadyFrame]) -> dict[str, float]:
    """Figures by name; those that a clip cannot tell are NaN.

    tae, and delta1 with a scale and shift a frame and with one for the clip, in percent; flicker: deviation
    of still pixels in steps of 255; step: the most any of their colours changes from frame to frame; cuts:
    true ones, found ones, and both.
    """
    height, width = truth.views[0].inverse_m.shape
    near = [_nearness(frame, (width, height)) for frame in found]
    row = _cut_figures(truth.frames, found)
    if row["true_cuts"]:
        return {
            "tae": np.nan,
            "delta1": np.nan,
            "delta1_clip": np.nan,
            "flicker": np.nan,
            "step": np.nan,
        } | row
    depths_m = clip_depth(near, truth.views, CAP_M)
    steady = {"tae": alignment_error(depths_m, truth.views, CAP_M)}
    return steady | _accuracy(near, depths_m, truth.views) | _still_figures(truth.views, found) | row


def _nearness(frame: SteadyFrame, size: tuple[int, int]) -> FloatMap:
    return np.asarray(cv2.resize(near_is_large(frame.depth, frame.kind), size), np.float32)


def _accuracy(near: list[FloatMap], depths_m: list[FloatMap], views: Sequence[View]) -> dict[str, float]:
    """delta1 in percent, with a scale and shift for each frame, and with one for the clip."""
    each, whole = [], []
    for plane, depth_m, view in zip(near, depths_m, views, strict=True):
        known = view.inverse_m > 1 / CAP_M
        if not known.any():
            continue
        true_m = 1 / view.inverse_m[known].astype(np.float64)
        each.append(depth_figures(depth_from_inverse(plane[known], 1 / true_m, CAP_M), true_m).delta1)
        whole.append(depth_figures(depth_m[known], true_m).delta1)
    return {"delta1": 100 * float(np.mean(each)), "delta1_clip": 100 * float(np.mean(whole))}


def _still_figures(views: Sequence[View], found: Sequence[SteadyFrame]) -> dict[str, float]:
    """Flicker and the largest step of what stays as it is, of the heat map as it is drawn."""
    still = still_pixels(views)
    if still.mean() < _LEAST_STILL:
        return {"flicker": float("nan"), "step": float("nan")}
    height, width = found[0].depth.shape
    small = cv2.resize(still.astype(np.uint8), (width, height), interpolation=cv2.INTER_AREA)
    where = cv2.erode(small, np.ones((3, 3), np.uint8)) > 0
    levels = [Span(*_far_and_near(frame)).share(frame.depth) for frame in found]
    drawn = [colorize(frame.depth, _COLOURS, Span(*_far_and_near(frame))) for frame in found]
    return {"flicker": flicker(levels, where), "step": float(largest_step(drawn, where))}


def _far_and_near(frame: SteadyFrame) -> tuple[float, float]:
    low, high = frame.span
    return (low, high) if frame.kind.is_near_large else (high, low)


def _cut_figures(frames: Sequence[ClipFrame], found: Sequence[SteadyFrame]) -> dict[str, float]:
    pairs = [(true.is_cut, told.is_cut) for true, told in zip(frames, found, strict=True)][1:]
    return {
        "true_cuts": float(sum(true for true, _ in pairs)),
        "found_cuts": float(sum(told for _, told in pairs)),
        "right_cuts": float(sum(true and told for true, told in pairs)),
    }
