"""A video to files, in segments: killed at any moment, the same run goes on behind the last whole one.

    frames → the network → steady depth → drawing → encoders, one for each output
    ------------- looking ----------   --- in order ---

Every segment begins with fresh encoders and with all that is known of the frames before, so that an
uninterrupted run and one that was cut off twenty times give the same bytes.
"""

from __future__ import annotations

import json
import math
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from nearfar.errors import InputError, OutputExistsError
from nearfar.machine.files import write_whole
from nearfar.machine.in_order import in_order
from nearfar.video import segments
from nearfar.video._av import av
from nearfar.video.depth_files import check_ours
from nearfar.video.estimate import Following, Frames, VideoOptions, looking, side_by_side, spans_of
from nearfar.video.segments import nested, part_of
from nearfar.video.steady import Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nearfar.api import Model
    from nearfar.types.moving import VideoFrame, VideoInfo
    from nearfar.video._source import VideoSource
    from nearfar.video.drawing import Drawer
    from nearfar.video.estimate import EstimatedFrame, Stretch

    Spans = tuple[tuple[float, float], ...]

SEGMENT = 120
"""Frames of a segment, where nothing else is asked for: a few seconds of work at most are lost."""
_RATE_S = 5.0  # over which the rate is told


class Film(Frames, Protocol):
    """A video that can be read from any place: :class:`nearfar.video.read.Video`, or one behind the wall."""

    @property
    def info(self) -> VideoInfo:
        """What is known of it."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of it in plain words, also what was lost."""
        ...

    @property
    def source(self) -> VideoSource | Path | None:
        """Where sound and texts are; None where they are not to be had."""
        ...


class Sink(Protocol):
    """Where one output goes: a file in each segment's folder, joined at the end."""

    @property
    def target(self) -> Path:
        """The file or folder in the end."""
        ...

    @property
    def recipe(self) -> Mapping[str, Any]:
        """What makes two outputs the same, as plain values."""
        ...

    @property
    def drawer(self) -> Drawer | None:
        """What draws each frame for it."""
        ...

    def begin(self, folder: Path, info: VideoInfo) -> None:
        """A segment begins."""
        ...

    def add(self, found: EstimatedFrame, drawn: Any) -> None:
        """A frame, with what its drawer made of it."""
        ...

    def end(self) -> None:
        """The segment is whole."""
        ...

    def join(self, folders: Sequence[Path], film: Film | None, stretch: Stretch) -> tuple[str, ...]:
        """Make the output of all segments; what was lost, in words."""
        ...

    def state(self) -> dict[str, Any]:
        """What the next segment needs."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``total``: frames, None where nobody knows. ``rate``: frames a second, lately."""

    done: int
    total: int | None
    rate: float
    seconds: float = 0.0
    """Where in the video it is."""

    @property
    def left_s(self) -> float | None:
        """Seconds left at that rate, None where that is not known."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0.0, (self.total - self.done) / self.rate)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did: ``frames`` of the video in all, ``resumed`` of them by runs before it.

    ``is_done``: the files are there; otherwise it was stopped, and goes on when it is run again.
    """

    frames: int
    resumed: int
    cuts: int
    is_done: bool
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes.

    ``folder``: where its segments lie; beside the first output where it is None. ``segment``: frames of one.
    ``identity``: what tells this video, and this version, from others. ``tell``: told of progress; what it
    raises ends the run, which may go on later. ``show``: given each frame with what was drawn of it.
    ``is_enough``: asked at the end of each segment; true ends the run for now.
    """

    video: VideoOptions = VideoOptions()
    segment: int = SEGMENT
    overwrite: bool = False
    folder: Path | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[Progress], object] = lambda _: None
    show: Callable[[EstimatedFrame, tuple[Any, ...]], object] = lambda *_: None
    is_enough: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class _Place:
    """Where a run is: frames pushed and given out, cuts; and the index from which the next segment reads."""

    pushed: int = 0
    emitted: int = 0
    cuts: int = 0
    index: int = 0
    is_end: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What one frame that was pushed brings: frames that are finished, each with what draws it for each sink.

    ``state``: where a segment ends, what the next one needs.
    """

    done: tuple[tuple[EstimatedFrame, tuple[Any, ...]], ...]
    state: dict[str, Any] | None = None


def partial_folder(target: Path) -> Path:
    """Where the segments of a run lie whose first output is that."""
    return target.with_name(target.name + ".partial")


def run(film: Film, model: Model, sinks: Sequence[Sink], options: RunOptions) -> Report:
    """Make every output of a video, from where the last run of the same kind ended.

    Raises:
        OutputExistsError: an output is there already and must stay.
        InputError: there is no frame within the stretch.
        OutputError: the disk is full, or a folder is not writable.
        NearfarError: whatever is wrong with the video, the network or an effect.
    """
    many, workers = side_by_side(model, options.video.workers)
    folder = options.folder or partial_folder(sinks[0].target)
    recipe = _recipe(film, many, sinks, options, workers)

    def check() -> None:
        if not segments.is_ending(folder, recipe):
            check_absent(sinks, overwrite=options.overwrite)

    check()
    with segments.opened(folder, recipe, check) as held:
        spans = _spans(film, many, workers, options, held)
        work = _Run(film, many, sinks, options, (held, spans))
        found = work.go(workers)
        if found.is_done:
            held.mark_ending()
            folders, part = held.whole(), options.video.stretch
            lost = [text for sink in sinks for text in sink.join(folders, film, part)]
            found = replace(found, notes=tuple(dict.fromkeys((*film.notes, *lost))))
            held.remove()
    return found


def _spans(film: Film, model: Model, workers: int, options: RunOptions, held: segments.Segments) -> Spans:
    """What a first pass finds, where one is asked for; it is kept with the segments."""
    video = options.video
    if not video.one_range:
        return ()
    path = held.folder / "spans.json"
    if not path.exists():
        found = spans_of(video.stretch.frames(film), model, workers, video.steady)
        write_whole(path, json.dumps(found).encode(), lasting=True)
    return tuple((float(low), float(high)) for low, high in json.loads(path.read_text("utf-8")))


def check_absent(sinks: Iterable[Sink], *, overwrite: bool) -> None:
    """OutputExistsError where an output is there and must stay: a folder with other things in it always."""
    for sink in sinks:
        if sink.target.exists() and not overwrite:
            raise OutputExistsError(
                f"{sink.target} exists already.", "Pass --overwrite, or choose another name."
            )
        check_ours(sink.target)


class _Run:
    """One run over the segments that are not there yet."""

    def __init__(
        self,
        film: Film,
        model: Model,
        sinks: Sequence[Sink],
        options: RunOptions,
        known: tuple[segments.Segments, Spans],
    ) -> None:
        held, spans = known
        self._film, self._model, self._sinks, self._options, self._held = film, model, sinks, options, held
        state = held.state()
        self._place = _Place(**part_of("place", state)) if state else _Place()
        steady = Steady(model.card.kind, options.video.steady, spans)
        if state:
            steady = Steady.restored(part_of("steady", state))
            for number, sink in enumerate(sinks):
                sink.restore(part_of(f"sink{number}", state))
                if sink.drawer is not None:
                    sink.drawer.restore(part_of(f"drawer{number}", state))
        self._following = Following(model, steady, self._place.pushed - self._place.emitted)
        self._following.pushed, self._following.emitted = self._place.pushed, self._place.emitted
        self._resumed = self._place.emitted
        self._warnings: dict[str, str] = {}
        self._times: deque[tuple[float, int]] = deque(maxlen=240)

    def go(self, workers: int) -> Report:
        """Do what is left."""
        is_done = self._place.is_end
        if not is_done:
            with (
                looking(self._frames(), self._model, workers) as seen,
                closing(in_order(_drawn, self._steps(seen), workers)) as steps,
            ):
                is_done = self._write(steps)
        if is_done and not self._place.emitted:
            self._held.remove()
            part = self._options.video.stretch
            raise InputError(
                f"The video has no frame from {part.start:g} s on that could be read.",
                " ".join(("Give an earlier start.", *self._film.notes)),
            )
        place, notes = self._place, self._film.notes
        warnings = tuple(self._warnings.values())
        return Report(place.emitted, self._resumed, place.cuts, is_done, notes, warnings)

    def _frames(self) -> Iterator[VideoFrame]:
        """The frames that are left, of the stretch that was asked for."""
        return self._options.video.stretch.frames(self._film, self._place.index)

    def _steps(self, seen: Iterable[Any]) -> Iterator[_Step]:
        """Each frame that is pushed, with the drawing of those that are finished planned in order."""
        following, segment = self._following, self._options.segment
        last = None
        for one in seen:
            before = following.pushed
            done, last = self._planned(following.push(one)), one.frame
            is_full = following.pushed > before and following.pushed % segment == 0
            yield _Step(done, self._state(last) if is_full else None)
        done = self._planned(following.finish())
        state = self._state(last) if last is not None else {}
        yield _Step(done, state | {"place/is_end": True})

    def _planned(self, found: list[EstimatedFrame]) -> tuple[Any, ...]:
        drawers = [sink.drawer for sink in self._sinks]
        return tuple((one, tuple(d and d.plan(one) for d in drawers)) for one in found)

    def _state(self, last: VideoFrame) -> dict[str, Any]:
        """All that the next segment needs, but for what the sinks know."""
        following, pending = self._following, self._following.pending
        index = pending[0].index if pending else last.index + 1
        place = {"pushed": following.pushed, "emitted": following.emitted, "index": index}
        state = nested("place", place) | nested("steady", following.steady.state())
        for number, sink in enumerate(self._sinks):
            if sink.drawer is not None:
                state |= nested(f"drawer{number}", sink.drawer.state())
        return state

    def _write(self, steps: Generator[_Step, None, None]) -> bool:
        """Encode what was drawn; False where it was enough before the end."""
        part = self._begin()
        for step in steps:
            for found, drawn in step.done:
                self._note(found)
                for sink, picture in zip(self._sinks, drawn, strict=True):
                    sink.add(found, picture)
                self._options.show(found, drawn)
                self._tell(found)
            if step.state is None:
                continue
            for sink in self._sinks:
                sink.end()
            self._held.keep(part, self._with_sinks(step.state))
            if "place/is_end" in step.state:
                return True
            if self._options.is_enough():
                return False
            part = self._begin()
        return False

    def _begin(self) -> Path:
        part = self._held.begin()
        for sink in self._sinks:
            sink.begin(part, self._film.info)
        return part

    def _with_sinks(self, state: dict[str, Any]) -> dict[str, Any]:
        for number, sink in enumerate(self._sinks):
            state |= nested(f"sink{number}", sink.state())
        return state | {"place/cuts": self._place.cuts, "place/emitted": self._place.emitted}

    def _note(self, found: EstimatedFrame) -> None:
        self._place.emitted += 1
        self._place.cuts += found.is_cut and self._place.emitted > 1
        self._warnings |= {warning.code: warning.message for warning in found.warnings}

    def _tell(self, found: EstimatedFrame) -> None:
        now, done = time.monotonic(), self._place.emitted
        self._times.append((now, done))
        while len(self._times) > 2 and now - self._times[0][0] > _RATE_S:
            self._times.popleft()
        began, before = self._times[0]
        rate = (done - before) / (now - began) if now > began else 0.0
        total = expected(self._film.info, self._options.video.stretch)
        self._options.tell(Progress(done, total, rate, found.frame.seconds))


def expected(info: VideoInfo, part: Stretch) -> int | None:
    """Frames within the stretch, as the file says; None where it does not."""
    rate = float(info.rate)
    length = info.duration_s or (info.count / rate if info.count and rate else None)
    if length is None or not rate:
        return None
    whole = info.count or round(length * rate)
    share = max(0.0, min(length, part.end if part.end is not None else length) - part.start) / length
    return max(1, math.ceil(round(whole * share) / part.every))


def _drawn(step: _Step) -> _Step:
    """The same with pictures in place of what draws them. Runs in any thread."""
    pictures = (
        (found, tuple(None if plan is None else plan() for plan in plans)) for found, plans in step.done
    )
    return replace(step, done=tuple(pictures))


def _recipe(
    film: Film, model: Model, sinks: Sequence[Sink], options: RunOptions, workers: int
) -> dict[str, Any]:
    """What makes two runs the same; where one of it differs, the run begins anew."""
    import cv2
    import numpy as np

    estimator = model.estimator
    return {
        "libraries": [cv2.__version__, np.__version__, av().__version__],
        "workers": workers,
        "video": {**options.identity, "size": [film.info.width, film.info.height]},
        "model": [
            model.card.name,
            estimator.sha256,
            estimator.engine,
            estimator.is_fast,
            str(estimator.input),
        ],
        "options": repr((options.video.stretch, options.video.steady, options.video.one_range)),
        "segment": options.segment,
        "outputs": [{"name": sink.target.name, **sink.recipe} for sink in sinks],
    }
