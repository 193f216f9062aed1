"""Steady depth of a video's frames, one after the other, in memory that does not grow.

    decoding, ahead → the network, frames side by side → steadied in order

Each step pulls from the one before it, so that nobody runs away.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from nearfar import api
from nearfar.api import Model
from nearfar.errors import ParameterError
from nearfar.machine.ahead import ahead
from nearfar.machine.helpers import helpers
from nearfar.machine.in_order import in_order
from nearfar.options import option
from nearfar.sessions.sharing import workers_of
from nearfar.types import DepthMap, Photo, Provenance
from nearfar.video.read import Video, open_video
from nearfar.video.steady import SceneSpans, Steady, SteadyOptions

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from nearfar.cards import DepthKind
    from nearfar.pipeline.postprocess import Plane
    from nearfar.types import PhotoWarning
    from nearfar.types.moving import VideoFrame
    from nearfar.video.steady import SteadyFrame

AHEAD = 3
"""Frames that wait, decoded, for the network."""


class Frames(Protocol):
    """Whatever gives the frames of a video, from any place on."""

    def frames(
        self, *, start: float = ..., end: float = ..., every: int = ..., first: int = ...
    ) -> Iterator[VideoFrame]:
        """As of :meth:`nearfar.video.read.Video.frames`."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which frames of a video are taken."""

    start: float = option(0.0, "Begin at this second.", low=0)
    end: float | None = option(None, "End before this second; at the end of the video otherwise.", low=0)
    every: int = option(1, "Take each n-th frame only.", low=1, high=100_000)

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ParameterError(
                f"end is {self.end:g} s and start {self.start:g} s: nothing lies between.",
                "Give an end behind the start.",
                "end",
            )

    def frames(self, video: Frames, first: int = 0) -> Iterator[VideoFrame]:
        """The frames of a video that are taken, from the index ``first`` on."""
        end = math.inf if self.end is None else self.end
        return video.frames(start=self.start, end=end, every=self.every, first=first)


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """How a video is looked at: which frames, how steady, and how many frames side by side.

    ``workers`` as of :meth:`nearfar.Model.estimate_stream`. ``one_range``: a first pass finds one range of
    colours for each scene.
    """

    stretch: Stretch = Stretch()
    steady: SteadyOptions = SteadyOptions()
    workers: int = 0
    one_range: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedFrame:
    """A frame and its steady depth.

    ``plane``: depth at the network's own size, (h, w) float32. ``span``: (low, high) that colours of the clip
    span here, in the values' own unit. ``is_cut``: a new scene begins. ``is_fast``: as of the model.
    """

    frame: VideoFrame
    plane: Plane
    kind: DepthKind
    provenance: Provenance
    span: tuple[float, float]
    is_cut: bool
    is_fast: bool = False

    @property
    def depth(self) -> DepthMap:
        """The depth map, as large as the frame; made each time it is asked for."""
        large = self.plane.enlarged((self.frame.width, self.frame.height), is_fast=self.is_fast)
        return DepthMap(large.depth, self.kind, large.valid, large.camera, self.provenance, large.warnings)

    @property
    def small_depth(self) -> DepthMap:
        """The depth map at the network's own size."""
        plane = self.plane
        return DepthMap(plane.depth, self.kind, plane.valid, None, self.provenance, plane.warnings)

    @property
    def warnings(self) -> tuple[PhotoWarning, ...]:
        """What makes the depth of this frame unreliable."""
        return self.plane.warnings


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A frame as the network saw it: ``small`` (h', w', 3) uint8, and what it answered."""

    frame: VideoFrame
    small: Any
    plane: Plane
    provenance: Provenance


def look(frame: VideoFrame, model: Model) -> Looked:
    """A frame's depth by itself, at the network's own size; the frame is scaled as it is decoded."""
    rule, estimator = model.estimator.input, model.estimator
    width, height = rule.picture_size(frame.width, frame.height)
    is_quick = rule.resample == "smooth" and rule.border(frame.width, frame.height) == (0, 0)
    small = frame.small(width, height)
    name = f"frame {frame.index}"
    if is_quick:
        photo = Photo(small, name=name, reduced_from=(frame.width, frame.height))
    else:
        photo = replace(frame.photo(), name=name)
    plane, provenance = estimator.plane(photo)
    return Looked(frame, small, plane, provenance)


class Following:
    """Frames that the network looked at to frames with steady depth, in order.

    ``steady`` holds back a few frames where it looks ahead; so does this, with all that belongs to them.
    ``known``: how many of the first frames ``steady`` has been given already, by a run that was cut off.
    """

    def __init__(self, model: Model, steady: Steady, known: int = 0) -> None:
        self.steady = steady
        self.pushed = known
        self.emitted = 0
        self._model = model
        self._known = known
        self._held: deque[Looked] = deque()

    def push(self, seen: Looked) -> list[EstimatedFrame]:
        """The frames that are finished now."""
        self._held.append(seen)
        if self._known:
            self._known -= 1
            return []
        self.pushed += 1
        return [self._finished(done) for done in self.steady.push(seen.small, seen.plane.depth)]

    def finish(self) -> list[EstimatedFrame]:
        """Those that were held back to the end."""
        return [self._finished(done) for done in self.steady.finish()]

    @property
    def pending(self) -> tuple[VideoFrame, ...]:
        """Frames that are held back, the oldest first."""
        return tuple(seen.frame for seen in self._held)

    def _finished(self, done: SteadyFrame) -> EstimatedFrame:
        seen = self._held.popleft()
        self.emitted += 1
        return EstimatedFrame(
            frame=seen.frame,
            plane=replace(seen.plane, depth=done.depth),
            kind=self._model.card.kind,
            provenance=seen.provenance,
            span=(float(done.span[0]), float(done.span[1])),
            is_cut=done.is_cut,
            is_fast=self._model.estimator.is_fast,
        )


def side_by_side(model: Model, wanted: int) -> tuple[Model, int]:
    """The network as so many frames at once run it, and how many: a small one has a thread for each."""
    workers = workers_of(model.card, wanted)
    if workers == 1 or not model.asked:
        return model, workers
    return api.load_side_by_side(workers, {**model.asked, "settings": model.settings}), workers


@contextmanager
def looking(
    frames: Iterable[VideoFrame], model: Model, workers: int
) -> Iterator[Generator[Looked, None, None]]:
    """Frames as the network saw them, in order, decoded and looked at ahead of who takes them.

    Within, OpenCV has one thread: optical flow by more of them is not the same to the last bit.
    """

    def work(frame: VideoFrame) -> Looked:
        return look(frame, model)

    with (
        helpers(1),
        closing(ahead(frames, AHEAD)) as decoded,
        closing(in_order(work, decoded, workers)) as seen,
    ):
        yield seen


def spans_of(
    frames: Iterable[VideoFrame], model: Model, workers: int, options: SteadyOptions
) -> tuple[tuple[float, float], ...]:
    """One range of values for each scene: what a first pass through the frames finds."""
    steady, spans = Steady(model.card.kind, options), SceneSpans()
    with looking(frames, model, workers) as seen:
        for one in seen:
            for done in steady.push(one.small, one.plane.depth):
                spans.add(done)
    for done in steady.finish():
        spans.add(done)
    return spans.spans()


def followed(video: Video, model: Model, options: VideoOptions) -> Generator[EstimatedFrame, None, None]:
    """Each frame of a stretch with its steady depth, in order."""
    many, workers = side_by_side(model, options.workers)
    spans: tuple[tuple[float, float], ...] = ()
    if options.one_range:
        spans = spans_of(options.stretch.frames(video), many, workers, options.steady)
    following = Following(many, Steady(many.card.kind, options.steady, spans))
    with looking(options.stretch.frames(video), many, workers) as seen:
        for one in seen:
            yield from following.push(one)
    yield from following.finish()


def estimate_video(
    source: Any, model: str | Model | None = None, options: VideoOptions | None = None
) -> Generator[EstimatedFrame, None, None]:
    """Each frame of a video with steady depth, in order; memory does not depend on the video's length.

    Closing the iterator ends the work.

    Args:
        source: as for :func:`nearfar.open_video`, or a video that it gave.
        model: as for :func:`nearfar.estimate`; relative and metric networks.
        options: which frames, and how steady.

    Raises:
        InputError: the video is empty, broken, too large or none.
        SourceError: it cannot be read.
        MissingExtraError: the extra ``video`` is not installed.

    Example:
        >>> import nearfar
        >>> for found in nearfar.estimate_video("clip.mp4"):  # doctest: +SKIP
        ...     print(found.frame.seconds, found.depth.value_range, found.is_cut)
    """
    chosen = options or VideoOptions()
    loaded = model if isinstance(model, Model) else api.load(model)
    with nullcontext(source) if isinstance(source, Video) else open_video(source) as video:
        yield from followed(video, loaded, chosen)
