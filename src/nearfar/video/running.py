"""The running scene: what has been seen since the last cut, brought along with what moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.cards import DepthKind
from nearfar.video.align import Match, scale_and_shift
from nearfar.video.approach import with_approach
from nearfar.video.flow import at_size, follow, warped

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap
    from nearfar.video.flow import Bytes, Flow

_RETURN, _RETURN_MOVING = 0.005, 0.04
"""Share by which the running scale goes back to the network's own, each frame: it never drifts away. More of
it where all moves: a camera that walks on sees other distances."""
_RETURN_METRIC, _RETURN_TREND = 0.08, 0.0033
"""The same of metres, and of how fast they change: an approaching wall is not held back."""
_STILL_COUNT = 30.0  # frames that a still pixel is the mean of, at most
_ANCHOR = 0.1  # share of each frame in the long-standing appearance
_SURPRISE = 4.0  # robust deviations from which a pixel's past counts less
_PATCH = 7  # pixels a side, over which the weight of the past is evened out: no blotches
_LEAST_SURPRISE = 0.03  # of the span of the running depth


@dataclass(slots=True, eq=False)
class Running:
    """State of one scene, in running units: relative values as they are, metres as logarithms.

    ``look``: (h, w) uint8 appearance of the last frame; ``anchor``: (h, w) float32, of what has long stood.
    ``depth``: (H, W) float32; ``count``: (H, W) float32, how many frames each pixel is the mean of.
    ``trend``: change of a metric scene's logarithm a frame.
    """

    look: Bytes
    anchor: FloatMap
    depth: FloatMap
    count: FloatMap
    trend: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one frame brought: planes (H, W) in the running units of this frame.

    ``aligned``: the frame's own map in running units by ``match``; ``mean``: with what was before; ``count``:
    frames in it; ``flow``: None at the first; ``units``: (scale, shift) to the units of the next frame.
    """

    aligned: FloatMap
    mean: FloatMap
    count: FloatMap
    match: Match
    flow: Flow | None = None
    units: tuple[float, float] = (1.0, 0.0)


def begin(look: Bytes, own: FloatMap) -> tuple[Running, Step]:
    """A scene of which nothing was seen before."""
    count = np.ones_like(own)
    return Running(look, look.astype(np.float32), own, count), Step(own, own, count, Match())


def motion(scene: Running, look: Bytes, *, both_ways: bool = False) -> Flow:
    """What moved between the scene's last frame and one of that appearance."""
    return follow(scene.look, look, scene.anchor, both_ways=both_ways)


def go_on(scene: Running, look: Bytes, own: FloatMap, seen: Flow, how: tuple[float, DepthKind]) -> Step:
    """Take one more frame into the scene, and say what it brought.

    ``own``: (H, W) float32, its depth; ``how``: weight 0…1 of what was before, and the kind of depth.
    """
    smooth, is_metric = how[0], how[1] is DepthKind.METRIC
    flow = at_size(seen, own.shape)
    before, count = _brought_along(scene, flow)
    before = with_approach(before, flow, how[1]) + np.float32(scene.trend)
    match = scale_and_shift(own, before, np.minimum(flow.trust, count), shift_only=is_metric)
    aligned = np.float32(match.scale) * own + np.float32(match.shift)
    mean, count = _mixed(before, count, aligned, flow, (smooth, match.deviation))
    units = _units(scene, match, flow, is_metric=is_metric)
    scene.depth = np.float32(units[0]) * mean + np.float32(units[1])
    scene.count, scene.look = count, look
    _move_anchor(scene, seen, look)
    return Step(aligned, mean, count, match, seen, units)


def _brought_along(scene: Running, flow: Flow) -> tuple[FloatMap, FloatMap]:
    """Depth and count of the scene where its pixels are now; the count is less where that is not sure."""
    if flow.back is None:
        return scene.depth.copy(), scene.count
    depth = warped(scene.depth, flow.back, cubic=True)
    return depth, warped(scene.count, flow.back) * flow.trust


def _mixed(
    before: FloatMap, count: FloatMap, aligned: FloatMap, flow: Flow, how: tuple[float, float]
) -> tuple[FloatMap, FloatMap]:
    """(mean, count) of what was and what is, each pixel as an average that forgets."""
    smooth, deviation = how
    news = aligned - before
    most = smooth / (1 - smooth)
    low, high = (float(end) for end in cv2.minMaxLoc(before[::4, ::4])[:2])
    limit = max(_SURPRISE * deviation, _LEAST_SURPRISE * (high - low), 1e-12)
    doubt = np.maximum(0, 1 - np.maximum(0, np.abs(news) / np.float32(limit) - 1) / 2)
    calm = np.minimum(count, np.float32(max(most, _STILL_COUNT)))
    moving = cv2.blur(np.minimum(count, np.float32(most)) * doubt, (_PATCH, _PATCH))
    past = np.where(flow.still, calm, moving)
    return np.asarray(before + news / (past + 1), np.float32), past + 1


def _units(scene: Running, match: Match, flow: Flow, *, is_metric: bool) -> tuple[float, float]:
    """(scale, shift) from this frame's running units to the next's, back towards the network's own."""
    moved = 1 - float(np.count_nonzero(flow.still)) / flow.still.size
    if not is_metric:
        share = _RETURN + (_RETURN_MOVING - _RETURN) * moved
        factor = 1 + share * (match.scale - 1)
        return 1 / factor, -share * match.shift / factor
    scene.trend = scene.trend - _RETURN_TREND * moved * match.shift if moved else 0.0
    return 1.0, -_RETURN_METRIC * (0.1 + 0.9 * moved) * match.shift


def _move_anchor(scene: Running, seen: Flow, look: Bytes) -> None:
    """The long-standing appearance: a mean where the picture is still, the picture itself elsewhere."""
    mean = cv2.addWeighted(scene.anchor, 1 - _ANCHOR, look.astype(np.float32), _ANCHOR, 0)
    scene.anchor = np.asarray(mean if seen.still.all() else np.where(seen.still, mean, look), np.float32)


def to_running(values: FloatMap, *, is_metric: bool) -> npt.NDArray[np.float32]:
    """(H, W) of a network's own values in the units that scenes run in."""
    return np.log(np.maximum(values, np.float32(1e-3))) if is_metric else values


def from_running(values: FloatMap, *, is_metric: bool) -> npt.NDArray[np.float32]:
    """The way back of :func:`to_running`."""
    return np.exp(values) if is_metric else values
