"""One video of a job: worked on in slices, so that others have their turn, and from where it was left."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar import __version__
from nearfar.decode.masks import Subject
from nearfar.encode import CLIP_TYPES, encode
from nearfar.errors import BusyError, NearfarError
from nearfar.jobs.archive import Window
from nearfar.machine.files import write_whole
from nearfar.outputs import check_outputs
from nearfar.service.answer.estimation import TicketWatch
from nearfar.service.answer.written import files_read
from nearfar.service.jobs.work import Made
from nearfar.video.behind import WalledFilm
from nearfar.video.depth_sinks import DepthDrawer
from nearfar.video.drawing import HeatDrawer
from nearfar.video.limits import VideoLimits
from nearfar.video.outputs import sinks_of
from nearfar.video.pipeline import SEGMENT, moving_options, wishes_of
from nearfar.video.read import open_video
from nearfar.video.run import RunOptions, run
from nearfar.wall import Here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nearfar.api import Model
    from nearfar.jobs.records import Claim
    from nearfar.jobs.spool import Spool
    from nearfar.outputs import Outputs
    from nearfar.service.jobs.work import JobTools
    from nearfar.service.work.ticket import Ticket
    from nearfar.settings import Settings
    from nearfar.video.estimate import EstimatedFrame
    from nearfar.video.run import Film, Progress, Report, Sink
    from nearfar.wall import Lease

NEED_BYTES = 512 * 2**20
"""Memory of one video of 1080p with its effects; larger frames take more."""
_PER_PIXEL = 160  # bytes: decoded, looked at and drawn, a few frames of each at a time
PREVIEW = "preview.jpg"
"""The file of a result that is there while the video is worked on, and only then."""
_PREVIEW_S, _PREVIEW_PX = 0.7, 640
SLICE_S = 4.0
"""Seconds after which a video gives way to work that waits, at the end of its segment."""
_NOTE_S = 0.5
_TYPES = CLIP_TYPES | {".mkv": "video/x-matroska", ".mov": "video/quicktime"}


class PausedError(NearfarError, RuntimeError):
    """A video gives way; it goes on later from where it is."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoWatch:
    """What goes along with a video: ``note`` keeps its progress, and says whether it is still wanted."""

    note: Callable[[dict[str, Any]], bool]
    is_closing: Callable[[], bool]
    is_needed: Callable[[], bool]
    """Whether other work waits for the thread."""


def video_limits(settings: Settings) -> VideoLimits:
    """The limits of videos in the settings."""
    read = settings
    return VideoLimits(read.video_bytes, read.video_pixels, read.video_frames, read.video_seconds)


def make_video(claim: Claim, spool: Spool, tools: JobTools, watch: VideoWatch, ticket: Ticket) -> Made:
    """Work on a video from where it was left, to its end.

    Raises:
        PausedError: it gave way before its end.
        NearfarError: whatever is wrong with the video, the pipeline or the network.
    """
    options = moving_options(check_outputs(claim.asked, tools.default_model).video)
    work = spool.work(claim.job, claim.position)
    made = work / "made"
    made.mkdir(exist_ok=True)
    with tools.tools.room(NEED_BYTES, ticket) as lease:
        wanted = _with_files(claim, spool, tools, TicketWatch(ticket, lease))
        sinks = sinks_of(wishes_of(wanted, options, made))
        model = tools.tools.loader(wanted.model, wanted.size)
        film_of = _Opener(spool, claim, lease, tools.video)
        with film_of.opened(model, sinks) as film, ticket.step():
            teller = _Teller(watch, ticket)
            going = RunOptions(
                video=options.looked_at(),
                segment=SEGMENT,
                overwrite=True,
                folder=work / "segments",
                identity={"crc": claim.slot.crc, "bytes": claim.slot.size, "nearfar": __version__},
                tell=teller.tell,
                show=_Preview(work / PREVIEW).show,
                is_enough=teller.is_enough,
            )
            report = run(film, model, sinks, going)
    if not report.is_done:
        raise PausedError("Other work comes first.", "The video goes on by itself.")
    watch.note({"done": report.frames, "total": report.frames, "rate": 0.0, "seconds": 0.0, "left_s": 0.0})
    return _made(model, report, sinks, made)


def _with_files(claim: Claim, spool: Spool, tools: JobTools, watch: TicketWatch) -> Outputs:
    """What is made, with the files of options read: behind the wall, where there is one."""
    wanted = check_outputs(claim.asked, tools.default_model)
    given = {name: spool.picture(claim.job, slot) for name, slot in claim.files.items()}
    outputs = []
    for output in wanted.files:
        own = {name: given[name] for name in output.takes & given.keys()}
        if own:
            held = watch.do(files_read, output.options, own, Subject(), tools.tools.limits)
            options = replace(output.options, **{name: _own(value) for name, value in held.items()})
        else:
            options = output.options
        outputs.append(replace(output, options=options))
    return replace(wanted, files=tuple(outputs))


def _own(value: Any) -> Any:
    """The same in memory of this process, checked once more: a worker can still write to what it answered."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple):
        return tuple(map(_own, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{row.name: _own(getattr(value, row.name)) for row in fields(value) if row.init}
        )
    return value


def _made(model: Model, report: Report, sinks: list[Sink], folder: Path) -> Made:
    kind = model.card.kind
    facts: dict[str, Any] = {"kind": kind.value, "unit": kind.unit, "near_is_large": kind.is_near_large}
    facts |= {"model": model.card.name, "engine": model.estimator.engine, "frames": report.frames}
    facts |= {"cuts": report.cuts, "notes": list(report.notes), "warnings": list(report.warnings)}
    files = tuple((sink.target.name, _TYPES[sink.target.suffix]) for sink in sinks)
    return Made((), facts, folder, files)


@dataclass(frozen=True, slots=True, eq=False)
class _Opener:
    """Opens the video of a claim: here, or behind the wall."""

    spool: Spool
    claim: Claim
    lease: Lease | Here
    limits: VideoLimits

    @contextmanager
    def opened(self, model: Model, sinks: list[Sink]) -> Iterator[Film]:
        """The video, its limits checked."""
        with self.spool.moving(self.claim.job, self.claim.position, self.claim.slot) as (file, begin, size):
            if isinstance(self.lease, Here):
                with open_video(Window(file, begin, size).as_file(), self.limits) as video:
                    yield video
                return
            walled = WalledFilm(self.lease, file, (begin, size), self.limits)
            walled.spool = self.spool.work(self.claim.job, self.claim.position) / "carried.nut"
            width, height = walled.info.width, walled.info.height
            self.lease.allow(max(NEED_BYTES, _PER_PIXEL * width * height))
            small = model.estimator.input.picture_size(width, height)
            is_whole = any(not isinstance(sink.drawer, HeatDrawer | DepthDrawer | None) for sink in sinks)
            walled.want(small, is_whole=is_whole or model.estimator.input.resample != "smooth")
            yield walled


class _Preview:
    """Keeps a small picture of the newest frame, for whoever looks on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept_at = float("-inf")

    def show(self, found: EstimatedFrame, drawn: tuple[Any, ...]) -> None:
        """The first output's picture; the heat map where none is drawn."""
        if time.monotonic() - self._kept_at < _PREVIEW_S:
            return
        self._kept_at = time.monotonic()
        is_seen = drawn[0] is not None and (drawn[0].rgb is not None or drawn[0].planes is not None)
        picture = drawn[0] if is_seen else HeatDrawer().plan(found)()
        colours = picture.colours()
        share = min(1.0, _PREVIEW_PX / max(colours.shape))
        size = tuple(max(1, round(side * share)) for side in picture.size)
        small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        write_whole(self._path, encode(small, ".jpg", {}, quality=80))


class _Teller:
    """Keeps the progress of a video, and asks whether it goes on."""

    def __init__(self, watch: VideoWatch, ticket: Ticket) -> None:
        self._watch = watch
        self._ticket = ticket
        self._began_at = time.monotonic()
        self._noted_at = 0.0

    def tell(self, progress: Progress) -> None:
        """After each frame.

        Raises:
            PausedError: the service ends.
            BusyError: the video is not wanted any more.
        """
        self._ticket.go_on()
        if self._watch.is_closing():
            raise PausedError("The service is shutting down.", "The video goes on when it starts again.")
        now = time.monotonic()
        if now - self._noted_at < _NOTE_S:
            return
        self._noted_at = now
        left = progress.left_s
        row = asdict(progress) | {"left_s": None if left is None else round(left, 1)}
        row |= {"rate": round(progress.rate, 2), "seconds": round(progress.seconds, 3)}
        if not self._watch.note(row):
            raise BusyError("The video is not wanted any more.")

    def is_enough(self) -> bool:
        """At the end of a segment: whether others have their turn."""
        return time.monotonic() - self._began_at > SLICE_S and self._watch.is_needed()
