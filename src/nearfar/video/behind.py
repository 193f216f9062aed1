"""Videos of strangers decoded behind the wall: the file is lent, frames come back as pictures.

``begin``, ``go`` and ``pictures`` are what a worker does; it holds one video between them.
:class:`WalledFilm` is the same video on the service's side, as :func:`nearfar.video.run.run` takes one.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError
from nearfar.types.moving import PixelArray, VideoColour, VideoFrame, VideoInfo
from nearfar.video._source import VideoSource
from nearfar.video.carried import carried
from nearfar.video.limits import VideoLimits
from nearfar.video.read import Video, open_video
from nearfar.wall.lent import LentFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    import numpy.typing as npt

    from nearfar.wall import Lease

_PLAIN = ("width", "height", "duration_s", "count", "rotation", "is_mirrored", "bits", "is_interlaced")
_SHARES = ("time_base", "rate", "sample_aspect")
NO_SOUND = "Sound and subtitles are left out: the file was read behind the wall."


@dataclass(slots=True)
class _Open:
    """What a worker holds."""

    video: Video
    frames: Iterator[VideoFrame]


_open: list[_Open] = []
_carrying: list[Iterator[bytes | tuple[str, ...]]] = []


class CarriedSource(VideoSource):
    """What a worker carried over: opened as what it must be, and as nothing else."""

    __slots__ = ()

    def _how(self) -> dict[str, Any]:
        allowed = {"format_whitelist": "nut", "protocol_whitelist": "file"}
        return {"format": "nut", "options": allowed}


def begin(offset: int, size: int, limits: dict[str, Any]) -> dict[str, Any]:
    """In a worker: open the video in the file that was lent; what is known of it, as plain values."""
    _open.clear()
    video = open_video(LentFile(offset, size), VideoLimits(**limits))  # type: ignore[arg-type]
    _open.append(_Open(video, iter(())))
    info = video.info
    told: dict[str, Any] = {name: getattr(info, name) for name in _PLAIN}
    told |= {name: str(getattr(info, name)) for name in _SHARES}
    return told | {"colour": asdict(info.colour), "notes": list(info.notes)}


def go(start: float, end: float, every: int, first: int) -> None:
    """In a worker: go to the frames from there on; ``end`` below 0 for the video's own."""
    held = _held()
    held.frames = held.video.frames(start=start, end=math.inf if end < 0 else end, every=every, first=first)


def pictures(small: tuple[int, int], is_whole: bool) -> list[Any]:
    """In a worker: the next frame as index, pts, duration, and its pictures: small, and whole where wanted.

    At the end: nothing but the notes of what was lost.
    """
    held = _held()
    frame = next(held.frames, None)
    if frame is None:
        return [list(held.video.notes)]
    whole = frame.rgb if is_whole else None
    return [frame.index, frame.pts, frame.duration, frame.small(*small), whole]


def carry(offset: int, size: int, is_first: bool) -> bytes | tuple[str, ...]:
    """In a worker: the next part of the video's sound and texts, without its pictures; at the end, notes."""
    if is_first:
        _carrying[:] = [carried(LentFile(offset, size))]  # type: ignore[arg-type]
    return next(_carrying[0])


def _held() -> _Open:
    if not _open:
        raise NearfarError("No video is open in this worker.", "Begin anew.")
    return _open[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """The pictures of a frame that came over the wall."""

    small: npt.NDArray[Any]
    whole: npt.NDArray[Any] | None

    def rgb(self, width: int, height: int) -> npt.NDArray[Any]:
        """(height, width, 3) uint8."""
        if self.small.shape[:2] == (height, width) or self.whole is None:
            return PixelArray(self.small).rgb(width, height)
        return PixelArray(self.whole).rgb(width, height)


class WalledFilm:
    """A video whose bytes nobody here looks at."""

    def __init__(self, lease: Lease, file: BinaryIO, part: tuple[int, int], limits: VideoLimits) -> None:
        """``file``: which holds it; ``part``: where the video begins in it, and its bytes."""
        self._lease = lease
        self._file = file
        self._part = part
        self.spool: Path | None = None
        """Where sound and texts are kept until the end; without it they are left out."""
        self._notes: tuple[str, ...] = ()
        self._small = (1, 1)
        self._is_whole = True
        lease.lend(file.fileno())
        self.info = _info(lease.do_apart(begin, *part, asdict(limits)))

    @property
    def source(self) -> VideoSource | None:
        """Sound and texts, carried over the wall; None where there are none. Asked for at the end."""
        if self.spool is None:
            self._notes += (NO_SOUND,)
            return None
        if not self.spool.exists():
            self._carry(self.spool)
        size = self.spool.stat().st_size
        return CarriedSource("file", "the sound", size, str(self.spool)) if size else None

    def _carry(self, target: Path) -> None:
        """Fetch them, part by part."""
        part = target.with_suffix(".part")
        self._lease.lend(self._file.fileno())
        with part.open("wb") as out:
            told = self._lease.do_apart(carry, *self._part, True)
            while isinstance(told, bytes):
                out.write(told)
                told = self._lease.do_apart(carry, *self._part, False)
        self._notes += tuple(str(text) for text in told)
        part.replace(target)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of it."""
        return (*self.info.notes, *self._notes)

    def want(self, small: tuple[int, int], *, is_whole: bool) -> None:
        """Which pictures of each frame are to come: one of that (width, height), and the whole one."""
        self._small, self._is_whole = small, is_whole

    def frames(
        self, *, start: float = 0.0, end: float = math.inf, every: int = 1, first: int = 0
    ) -> Iterator[VideoFrame]:
        """As of :meth:`nearfar.video.read.Video.frames`."""
        self._lease.do_apart(go, start, -1.0 if math.isinf(end) else end, every, first)
        info = self.info
        while True:
            told = self._lease.do_apart(pictures, self._small, self._is_whole)
            if len(told) == 1:
                self._notes = tuple(str(text) for text in told[0] if text not in info.notes)
                return
            index, pts, duration, small, whole = told
            sent = _Sent(small, whole)
            yield VideoFrame(
                info.width, info.height, int(index), int(pts), info.time_base, sent, int(duration)
            )


def _info(told: dict[str, Any]) -> VideoInfo:
    """What a worker told of a video; its class checks it."""
    shares: dict[str, Any] = {name: Fraction(str(told[name])) for name in _SHARES}
    plain: dict[str, Any] = {name: told[name] for name in _PLAIN}
    colour = VideoColour(**{name: str(value) for name, value in told["colour"].items()})
    return VideoInfo(**plain, **shares, colour=colour, notes=tuple(map(str, told["notes"])))
