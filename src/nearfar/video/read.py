"""Videos, frame by frame: exact times, upright, and what was readable of a damaged one."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.errors import BrokenImageError, ParameterError, TooLargeError
from nearfar.types.moving import VideoFrame, VideoInfo
from nearfar.video._about import info_of, turn_of_frame, video_stream
from nearfar.video._av import av
from nearfar.video._decoded import DecodedFrame, Scaler, colour_of
from nearfar.video._seek import Key, key_before
from nearfar.video._source import VideoSource, source_of
from nearfar.video.limits import VideoLimits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from av import VideoFrame as Decoded
    from av.container import InputContainer
    from av.video.stream import VideoStream

    from nearfar.video._source import Given
    from nearfar.video._turns import Turn

_THREADS = 4
_MOST_FAILURES = 1000  # packets in a row that cannot be decoded, after which nothing more is expected
_MISSING_S = 0.25  # seconds at the end whose absence is said
_LIMITS = VideoLimits()


@dataclass(frozen=True, slots=True)
class Span:
    """Which frames are given.

    From ``start`` to before ``end``, in seconds from the first one's time, each ``every``-th of these;
    ``first``: none with a smaller index, whatever the start says.
    """

    start: float = 0.0
    end: float = math.inf
    every: int = 1
    first: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.start < self.end) or math.isinf(self.start):
            raise ParameterError(
                f"A video from {self.start} s to {self.end} s has no frames.",
                "Let the start be 0 or more, and the end after it.",
                parameter="start",
            )
        if self.every < 1 or self.first < 0:
            raise ParameterError(
                f"Each {self.every}th frame from index {self.first} makes no sense.",
                "Use 1 or more, and an index from 0.",
                parameter="every",
            )


@dataclass(slots=True, eq=False)
class _Reading:
    """One way through a container."""

    container: InputContainer
    stream: VideoStream
    failures: int = 0
    damaged: int = 0
    broken: str = ""
    is_closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, source: VideoSource, limits: VideoLimits) -> _Reading:
        container = source.open()
        try:
            stream = video_stream(container, source.name)
            limits.check(stream.width * stream.height, "pixels")
            context = stream.codec_context
            context.thread_type = "AUTO"
            context.thread_count = _THREADS
            if limits.pixels:
                context.options = {"max_pixels": str(limits.pixels)}
        except BaseException:
            container.close()
            raise
        return cls(container, stream)

    def decoded(self) -> Iterator[Decoded]:
        """Frames as they come, until it is closed; what fails is counted and left out."""
        packets = self.container.demux(self.stream)
        row = 0
        while row < _MOST_FAILURES:
            with self.lock:
                if self.is_closed:
                    return
                before = self.failures
                frames, is_last = self._next(packets)
            row = 0 if frames else row + self.failures - before
            for one in frames:
                self.damaged += one.is_corrupt
                yield one
            if is_last:
                return

    def _next(self, packets: Iterator[Any]) -> tuple[list[Decoded], bool]:
        """The frames of the next packet, and whether it was the last."""
        errors = av().FFmpegError
        try:
            packet = next(packets, None)
        except errors as exc:
            self.broken, packet = str(exc), None
        is_last = packet is None or (packet.size == 0 and packet.pts is None)
        try:
            return self.stream.decode(packet), is_last
        except av().EOFError:
            return [], is_last
        except errors:
            self.failures += 1
            return [], is_last

    def close(self) -> None:
        """Let go of the container, once nobody reads from it: another thread may be within a read."""
        with self.lock:
            if not self.is_closed:
                self.is_closed = True
                self.container.close()


class Video:
    """A video that was opened: ``info`` says what it is; going through it gives its frames, again each time.

    ``notes``: what is to be known of it in plain words, also what was lost on the last way through.
    """

    def __init__(self, source: VideoSource, limits: VideoLimits) -> None:
        self.source = source
        self.limits = limits
        self._lost: tuple[str, ...] = ()
        self._scaler = Scaler()
        # Looking at a frame's side data ties it into a circle: megabytes would wait for the collector.
        self._turned: tuple[int, Turn] | None = None
        self._live: tuple[_Reading, Iterator[Decoded], Decoded] | None = None
        limits.check(source.size, "bytes")
        reading = _Reading.of(source, limits)
        kept = False
        try:
            pictures = reading.decoded()
            first = next(pictures, None)
            if first is None:
                raise BrokenImageError(
                    f"No picture of {source.name} can be decoded.", "The file is damaged from its begin on."
                )
            self.info: VideoInfo = info_of(reading.container, reading.stream, first)
            limits.check(self.info.duration_s, "seconds")
            limits.check(self.info.count, "frames")
            self._start = _pts(first, 0)
            if source.is_live:
                self._live, kept = (reading, pictures, first), True
        finally:
            if not kept:
                reading.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the video, and what was lost on the last way through it."""
        return self.info.notes + self._lost

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of a camera or an address; files are let go of at the end of each way through."""
        if self._live:
            self._live[0].close()
            self._live = None

    def __iter__(self) -> Iterator[VideoFrame]:
        return self.frames()

    def frames(
        self, *, start: float = 0.0, end: float = math.inf, every: int = 1, first: int = 0
    ) -> Iterator[VideoFrame]:
        """Frames of a part of the video, one at a time; memory does not depend on how many there are.

        Args:
            start: seconds from the first frame's time; the first frame at or after it is given first.
            end: seconds; frames at or after it are not given.
            every: each so many-th frame, counted from the first that is given by ``start``.
            first: leave out frames with a smaller ``index`` (for going on where a run was ended).

        Raises:
            ParameterError: a part that has no frames.
            TooLargeError: it has more frames than the limits allow.
        """
        span = Span(start, end, every, first)
        if self._live:
            reading, pictures, ahead = self._live
            return self._given(reading, _chain(ahead, pictures), span)
        return self._from_file(span)

    def _from_file(self, span: Span) -> Iterator[VideoFrame]:
        if span.start or span.first:
            key, begin = self._key_before(span)
            if key and key.before:
                try:
                    yield from self._after(key, span, begin)
                except _NotThereError:
                    pass  # the container's index is wrong: everything is decoded instead
                else:
                    return
        reading = _Reading.of(self.source, self.limits)
        try:
            yield from self._given(reading, reading.decoded(), span)
        finally:
            reading.close()

    def _after(self, key: Key, span: Span, begin: int) -> Iterator[VideoFrame]:
        reading = _Reading.of(self.source, self.limits)
        try:
            reading.container.seek(key.pts, stream=reading.stream)
            pictures = (one for one in reading.decoded() if one.pts is None or one.pts >= key.pts)
            ahead = next(pictures, None)
            if ahead is None or ahead.pts != key.pts:
                raise _NotThereError
            chosen = max(0, key.before - begin)
            yield from self._given(reading, _chain(ahead, pictures), span, key.before, chosen)
        finally:
            reading.close()

    def _key_before(self, span: Span) -> tuple[Key | None, int]:
        """Where to begin to decode, and the index at the span's start; found without decoding anything."""
        wanted = self._start + math.ceil(span.start / self.info.time_base)
        reading = _Reading.of(self.source, self.limits)
        try:
            return key_before(_times(reading), wanted, span.first)
        except av().FFmpegError:
            return None, 0
        finally:
            reading.close()

    def _given(
        self, reading: _Reading, pictures: Iterator[Decoded], span: Span, index: int = 0, chosen: int = 0
    ) -> Iterator[VideoFrame]:
        """The frames of a span; ``index``: the first picture's; ``chosen``: how many it has before that."""
        start, end = self._start + span.start / self.info.time_base, math.inf
        if span.end < math.inf:
            end = self._start + span.end / self.info.time_base
        last: int | None = None
        misplaced = 0
        self._lost = ()
        for decoded in pictures:
            pts = _pts(decoded, 0 if last is None else last + 1)
            if last is not None and pts <= last:
                misplaced, pts = misplaced + 1, last + 1
            last = pts
            self._check(index, pts)
            if pts >= end:
                return
            if pts >= start:
                if chosen % span.every == 0 and index >= span.first:
                    yield self._frame(decoded, index, pts)
                chosen += 1
            index += 1
        self._lost = tuple(self._said(reading, last, misplaced))

    def _check(self, index: int, pts: int) -> None:
        self.limits.check(index + 1, "frames")
        self.limits.check(float((pts - self._start) * self.info.time_base), "seconds")

    def _frame(self, decoded: Decoded, index: int, pts: int) -> VideoFrame:
        if self._turned is None or self._turned[0] != decoded.rotation:
            self._turned = decoded.rotation, turn_of_frame(decoded)
        source = DecodedFrame(decoded, self._turned[1], colour_of(decoded), self._scaler)
        info = self.info
        if decoded.width * decoded.height > (self.limits.pixels or math.inf):
            raise TooLargeError(f"Frame {index} is larger than {self.limits.pixels:,} pixels.")
        duration = int(decoded.duration or 0)
        return VideoFrame(info.width, info.height, index, pts, info.time_base, source, duration)

    def _said(self, reading: _Reading, last: int | None, misplaced: int) -> Iterator[str]:
        """What was lost, in words."""
        if reading.failures:
            yield f"{reading.failures} of its pictures could not be decoded and were left out."
        if reading.damaged:
            yield f"{reading.damaged} of its pictures are damaged; they are there as the decoder mended them."
        if misplaced:
            yield f"{misplaced} frames were not later than the one before; they were set a step after it."
        length, ended = self.info.duration_s, 0.0
        if last is not None:
            step = 1 / self.info.rate if self.info.rate else 0
            ended = float((last - self._start) * self.info.time_base + step)
        if not self.source.is_live and (reading.broken or (length and ended < length - _MISSING_S)):
            of = f" of {length:.2f} s" if length else ""
            yield f"The video breaks off after {ended:.2f} s{of}; what was readable until there is kept."


def _times(reading: _Reading) -> Iterator[tuple[int, bool]]:
    for packet in reading.container.demux(reading.stream):
        if packet.pts is None and packet.size:
            return  # without times nothing can be looked for
        if packet.pts is not None and not packet.is_discard:
            yield packet.pts, packet.is_keyframe


class _NotThereError(Exception):
    """No frame stands where the container's index says."""


def _chain(first: Decoded, rest: Iterator[Decoded]) -> Iterator[Decoded]:
    yield first
    yield from rest


def _pts(frame: Any, otherwise: int) -> int:
    """When a frame is shown, in steps of the stream's time base."""
    return int(frame.pts if frame.pts is not None else frame.dts if frame.dts is not None else otherwise)


def open_video(source: Given | VideoSource, limits: VideoLimits = _LIMITS) -> Video:
    """A video that is ready to be gone through, frame by frame.

    ``with open_video("clip.mp4") as video: ...`` lets go of cameras and addresses at its end.

    Args:
        source: a path, bytes, a binary file, an address (``rtsp://``, ``http://``, ...) or a device
            (``/dev/video0``). A ``Path`` is always a file: give one where a stranger chose the name.
        limits: what it may have at most; checked before anything is decoded, and while it is read.

    Raises:
        UnsupportedFormatError: no video that FFmpeg reads.
        BrokenImageError: no picture of it can be decoded.
        TooLargeError: it goes over a limit.
        SourceError: it cannot be read.
        MissingExtraError: PyAV is not installed (the extra ``video``).
    """
    return Video(source_of(source), limits)
