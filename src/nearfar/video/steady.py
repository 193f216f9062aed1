"""Steady depth: frame after frame of any network on one running scale, smoothed along what moves.

Each frame's depth is matched in scale and shift to the running scene, which is brought along the optical flow
(:mod:`nearfar.video.flow`, :mod:`nearfar.video.align`); both are averaged where the flow can be trusted
(:mod:`nearfar.video.running`), with a few later frames too where they are waited for
(:mod:`nearfar.video.both_ways`). What does not move creeps (:mod:`nearfar.video.shown`). A cut
(:mod:`nearfar.video.cuts`) begins everything anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.options import check, option
from nearfar.types.ranges import RangeRule, parse_range
from nearfar.video import running
from nearfar.video.align import Match
from nearfar.video.both_ways import both_ways
from nearfar.video.cuts import is_cut
from nearfar.video.flow import Flow, appearance, at_size, picture_size
from nearfar.video.packed import pack, unpack
from nearfar.video.running import Running, Step
from nearfar.video.shown import Shown, change_units, first_shown, show, span_of, widen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nearfar.types.arrays import FloatMap
    from nearfar.video.flow import Bytes

MODES = ("live", "offline", "off")
_AIM = 5.0  # percent of frames of a scene whose own span may reach beyond the one for all of it


@dataclass(frozen=True, slots=True)
class SteadyOptions:
    """How depth is held steady from frame to frame."""

    mode: str = option(
        "live",
        "live looks at what came before, offline at what comes after too, off takes each frame by itself.",
        choices=MODES,
    )
    look_ahead: int = option(8, "Frames that offline looks ahead at least.", low=1, high=64)
    smooth: float = option(0.85, "Weight of the frames before; 0 takes each by itself.", low=0, high=0.99)
    range: RangeRule = option(
        "image",
        "Values spanned by the colours: image (all of a frame), percentile (2nd to 98th), or a,b.",
        parse=parse_range,
    )

    def __post_init__(self) -> None:
        check(self)

    @property
    def is_off(self) -> bool:
        """Whether each frame is taken by itself."""
        return self.mode == "off" or self.smooth == 0


@dataclass(frozen=True, slots=True, eq=False)
class SteadyFrame:
    """One frame's depth, held steady.

    ``index``: which of the frames pushed, from 0. ``depth``: (h, w) float32 of the size and unit pushed.
    ``span``: the two values that its colours span. ``is_cut``: a new scene begins (with the first frame too).
    ``scale``, ``shift``: brought the frame's own depth ``own`` (h, w) to the running scale.
    """

    index: int
    depth: FloatMap
    span: tuple[float, float]
    is_cut: bool
    scale: float
    shift: float
    own: FloatMap
    kind: DepthKind

    def applied(self, large: FloatMap) -> FloatMap:
        """(H, W) float32: the frame's own map at another size, held steady as the small one was."""
        size = large.shape[1], large.shape[0]
        scale, shift = np.float32(self.scale), np.float32(self.shift)
        if self.kind is DepthKind.METRIC:
            least = np.float32(1e-3)
            change = np.maximum(self.depth, least) / np.maximum(scale * self.own, least)
            return np.asarray(scale * large * cv2.resize(change, size), np.float32)
        change = self.depth - (scale * self.own + shift)
        return np.asarray(scale * large + shift + cv2.resize(change, size), np.float32)

    @property
    def rule(self) -> RangeRule:
        """The span as the heat map and the 16-bit depth take it."""
        return self.span if self.span[1] > self.span[0] else "image"


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A frame that waits for those after it; ``wanted``: the span of its own, in running units."""

    index: int
    own: FloatMap
    step: Step
    wanted: tuple[float, float]
    is_cut: bool


class Steady:
    """Follows one stream of frames: push them in order, take what is ready, and finish."""

    def __init__(
        self,
        kind: DepthKind,
        options: SteadyOptions | None = None,
        spans: Iterable[tuple[float, float]] = (),
    ) -> None:
        """``spans``: for each scene in order, of a first pass (:class:`SceneSpans`); one range a scene."""
        self.kind = DepthKind(kind)
        self.options = options or SteadyOptions()
        self._spans = tuple(spans)
        self._pushed = 0
        self._scenes = 0
        self._scene: Running | None = None
        self._shown: Shown | None = None
        self._held: list[_Held] = []

    @property
    def _is_metric(self) -> bool:
        return self.kind is DepthKind.METRIC

    def push(self, rgb: Bytes, depth: FloatMap) -> list[SteadyFrame]:
        """Take the next frame; those that are ready now, in order.

        Args:
            rgb: (H, W, 3) uint8 sRGB, of any size: it is looked at in at most 256 pixels a side.
            depth: (h, w) float32 of the same frame, as its network gave it.

        Raises:
            ParameterError: they are no such arrays, or no value of the depth is finite.
        """
        own = _checked(rgb, depth, self.kind)
        index, self._pushed = self._pushed, self._pushed + 1
        if self.options.is_off:
            return [self._by_itself(index, own)]
        look = appearance(rgb, picture_size(*own.shape))
        step = self._step(look, running.to_running(own, is_metric=self._is_metric))
        ready = self._released(len(self._held)) if step.flow is None else []
        wanted = span_of(step.mean, self._rule)
        self._held.append(_Held(index, own, step, wanted, step.flow is None))
        ahead = self.options.look_ahead if self.options.mode == "offline" else 0
        if len(self._held) >= 2 * ahead + (ahead == 0):
            ready += self._released(len(self._held) - ahead)
        return ready

    def finish(self) -> list[SteadyFrame]:
        """The frames that waited for more."""
        return self._released(len(self._held))

    def _step(self, look: Bytes, own: FloatMap) -> Step:
        """Take a frame into the running scene, or begin one."""
        scene = self._scene
        if scene is not None and scene.depth.shape == own.shape:
            seen = running.motion(scene, look, both_ways=self.options.mode == "offline")
            if not is_cut(seen):
                return running.go_on(scene, look, own, seen, (self.options.smooth, self.kind))
        self._scene, step = running.begin(look, own)
        return step

    @property
    def _rule(self) -> RangeRule:
        """The range rule, in running units."""
        rule = self.options.range
        if not isinstance(rule, tuple) or not self._is_metric:
            return rule
        low, high = np.log(np.maximum(rule, 1e-3))
        return float(low), float(high)

    def _released(self, count: int) -> list[SteadyFrame]:
        """The first ``count`` frames of those held, all of one scene, as they are shown."""
        if not count:
            return []
        steps = [held.step for held in self._held]
        means = both_ways(steps, count, self.options.smooth) if len(steps) > 1 else [steps[0].mean]
        ready = [self._shown_frame(place, mean) for place, mean in enumerate(means)]
        del self._held[:count]
        return ready

    def _shown_frame(self, place: int, mean: FloatMap) -> SteadyFrame:
        held = self._held[place]
        ahead = [later.wanted for later in self._held[place:]]
        wanted = min(low for low, _ in ahead), max(high for _, high in ahead)
        flow = held.step.flow
        if flow is None or self._shown is None:
            self._scenes += 1
            self._shown = first_shown(mean, wanted)
        else:
            still = at_size(flow, mean.shape).still
            show(self._shown, mean, still, is_metric=self._is_metric)
            moved = 1 - float(np.count_nonzero(still)) / still.size
            rate = 1.0 if isinstance(self.options.range, tuple) else (1 - self.options.smooth) * moved
            widen(self._shown, wanted, rate)
        frame = self._frame(held, self._shown)
        change_units(self._shown, held.step.units)
        return frame

    def _frame(self, held: _Held, shown: Shown) -> SteadyFrame:
        back = running.from_running(shown.depth, is_metric=self._is_metric)
        given = self._spans[self._scenes - 1 : self._scenes]
        ends = given[0] if given else (shown.low, shown.high)
        if isinstance(self.options.range, tuple):
            ends = self.options.range
        elif self._is_metric and not given:
            ends = float(np.exp(ends[0])), float(np.exp(ends[1]))
        match = held.step.match
        scale, shift = (np.exp(match.shift), 0.0) if self._is_metric else (match.scale, match.shift)
        return SteadyFrame(held.index, back, ends, held.is_cut, float(scale), shift, held.own, self.kind)

    def _by_itself(self, index: int, own: FloatMap) -> SteadyFrame:
        span = span_of(own, self.options.range)
        return SteadyFrame(index, own, span, index == 0, 1.0, 0.0, own, self.kind)

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """All that the frames to come depend on, as arrays by name; ``np.savez`` keeps it without pickles."""
        found = {
            "kind": np.array(self.kind.value),
            "options": np.array(json.dumps(asdict(self.options))),
            "spans": np.array(self._spans, np.float64).reshape(-1, 2),
            "counts": np.array([self._pushed, self._scenes, len(self._held)]),
        }
        if self._scene is not None:
            found |= pack("scene", self._scene)
        if self._shown is not None:
            found |= pack("shown", self._shown)
        for place, held in enumerate(self._held):
            found |= pack(f"held{place}", held)
        return found

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Steady:
        """What goes on exactly as the one whose :meth:`state` this is."""
        told = json.loads(str(state["options"]))
        told["range"] = tuple(told["range"]) if isinstance(told["range"], list) else told["range"]
        spans = [(float(low), float(high)) for low, high in np.asarray(state["spans"])]
        made = cls(DepthKind(str(state["kind"])), SteadyOptions(**told), spans)
        made._pushed, made._scenes, held = (int(n) for n in np.asarray(state["counts"]))
        if "scene.depth" in state:
            made._scene = unpack("scene", Running, state, {})
        if "shown.depth" in state:
            made._shown = unpack("shown", Shown, state, {})
        made._held = [_unpacked(f"held{place}", state) for place in range(held)]
        return made


def _unpacked(name: str, state: Mapping[str, Any]) -> _Held:
    step: Step = unpack(f"{name}.step", Step, state, {"match": Match, "flow": Flow})
    return _Held(
        int(state[f"{name}.index"]),
        np.asarray(state[f"{name}.own"]),
        step,
        (float(state[f"{name}.wanted"][0]), float(state[f"{name}.wanted"][1])),
        bool(state[f"{name}.is_cut"]),
    )


class SceneSpans:
    """The spans that a first pass finds: one a scene, for the second pass."""

    def __init__(self) -> None:
        """No scene yet."""
        self._scenes: list[list[tuple[float, float]]] = []

    def add(self, frame: SteadyFrame) -> None:
        """Take a frame of the first pass into account."""
        if frame.is_cut or not self._scenes:
            self._scenes.append([])
        self._scenes[-1].append((float(frame.depth.min()), float(frame.depth.max())))

    def spans(self) -> tuple[tuple[float, float], ...]:
        """For each scene what nearly all of its frames stay within: a flash or a speck does not widen it."""
        found = []
        for ends in self._scenes:
            lows, highs = np.array(ends).T
            found.append((float(np.percentile(lows, _AIM)), float(np.percentile(highs, 100 - _AIM))))
        return tuple(found)


def _checked(rgb: Any, depth: Any, kind: DepthKind) -> FloatMap:
    """The depth, its own array, farthest where it is not finite; ParameterError where that is no frame."""
    if not isinstance(rgb, np.ndarray) or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        told = f"{rgb.shape} of {rgb.dtype}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise ParameterError(f"A frame is (H, W, 3) of uint8, not {told}.", parameter="rgb")
    if not isinstance(depth, np.ndarray) or depth.ndim != 2 or depth.dtype != np.float32 or not depth.size:
        told = f"{depth.shape} of {depth.dtype}" if isinstance(depth, np.ndarray) else type(depth).__name__
        raise ParameterError(f"Depth is (h, w) of float32, not {told}.", parameter="depth")
    known = np.isfinite(depth)
    if known.all():
        return depth
    if not known.any():
        raise ParameterError("No value of the frame's depth is finite.", "Leave the frame out.", "depth")
    far = depth[known].min() if kind.is_near_large else depth[known].max()
    return np.where(known, depth, far)
