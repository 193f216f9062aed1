"""What stands beside the pictures: sound, texts and files, packet for packet; chapters and words."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError
from nearfar.video import texts
from nearfar.video._about import video_stream
from nearfar.video._av import av
from nearfar.video._source import VideoSource, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer, OutputContainer
    from av.packet import Packet

    from nearfar.video._source import Given

_FRACTION = re.compile(r"-?\d{1,15}(/[1-9]\d{0,11})?")
CARRIED_S = Fraction(10)
"""What is added to times where pictures are left out: that container has none before nought."""
START_WORD = "nearfar_video_start"
_OWN_WORDS = {
    "encoder",
    "major_brand",
    "minor_version",
    "compatible_brands",
    "creation_time",
    "duration",
    "handler_name",
    "vendor_id",
    "nearfar_video_start",
}
"""Words of a file that are about itself: they would be wrong in another."""
_NAMES = {
    "audio": "sound",
    "subtitle": "subtitles",
    "video": "second picture",
    "data": "data",
    "attachment": "file",
}


@dataclass(slots=True, eq=False)
class Companions:
    """The other streams of a source on their way into another file, in step with its pictures.

    ``start``: from when on they are taken, in seconds as their times are; it becomes 0. ``end``: until when,
    in seconds from the first picture's time. ``notes``: what could not be taken along.
    """

    source: VideoSource
    start: Fraction = Fraction(0)
    end: float = math.inf
    notes: list[str] = field(default_factory=list)
    _container: InputContainer | None = None
    _targets: dict[int, Any] = field(default_factory=dict)
    _packets: Iterator[Any] | None = None
    _waiting: Packet[Any] | None = None
    video_start: Fraction = Fraction(0)
    """When the first picture of the source is shown, in seconds."""
    offset: Fraction = Fraction(0)
    """What is taken off every time, in seconds."""
    _refused: int = 0
    _video: int = -1

    def open(self) -> dict[str, str]:
        """Open the source; its words."""
        self._container = container = self.source.open()
        told = _FRACTION.fullmatch(container.metadata.get(START_WORD, ""))
        if told and not container.streams.video:  # pictures were left out already
            self.video_start, self.offset = Fraction(told[0]), CARRIED_S
        else:
            video = video_stream(container, self.source.name)
            self._video = video.index
            self.video_start = Fraction(video.start_time or 0) * Fraction(video.time_base or 0)
        return _words(container.metadata)

    def join(self, out: OutputContainer) -> None:
        """Add the streams, chapters and words to a file that has its pictures' stream and no packet yet."""
        if self._container is None:
            self.open()
        container: Any = self._container
        self.end += float(self.video_start)
        out.metadata.update(_words(container.metadata))
        start, end = self.start + self.offset, self.end + float(self.offset)
        chapters = _moved(container.chapters(), start, end)
        if chapters:
            out.set_chapters(chapters)
        for stream in container.streams:
            if stream.index != self._video:
                self._take(stream, out, has_chapters=bool(chapters))
        chosen = [container.streams[index] for index in self._targets]
        self._packets = iter(container.demux(*chosen)) if chosen else iter(())

    @property
    def is_empty(self) -> bool:
        """Whether there is no stream to take along."""
        return not self._targets

    def advance(self, out: OutputContainer, seconds: float) -> bool:
        """Write what comes before that time of the written file; True where that was the last."""
        while packet := self._next():
            when = _time(packet, packet.dts, packet.pts) - self.offset
            if float(when - self.start) > seconds:
                return False
            self._waiting = None
            self._write(packet, out)
        return True

    def close(self) -> None:
        """Let go of the source, and note what it did not give."""
        if self._refused:
            self.notes.append(f"{self._refused} damaged packets of sound or texts were left out.")
            self._refused = 0
        if self._container is not None:
            self._container.close()
            self._container = None

    def _next(self) -> Packet[Any] | None:
        """The next packet that belongs to the part; None at the end, also where the source is broken off."""
        while self._waiting is None:
            try:
                packet = next(self._packets, None) if self._packets is not None else None
            except av().FFmpegError:
                packet = None
            if packet is None:
                return None
            if (packet.dts is None and packet.pts is None) or not packet.size:
                continue
            when = _time(packet, packet.pts, packet.dts) - self.offset
            if when < self.end and (not self.start or when >= self.start):
                self._waiting = packet
        return self._waiting

    def _write(self, packet: Any, out: OutputContainer) -> None:
        target, change = self._targets[packet.stream.index]
        packet = change(packet) if change else packet
        if packet is None:
            return
        if self.start + self.offset:
            steps = round((self.start + self.offset) / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - steps
            packet.dts = None if packet.dts is None else packet.dts - steps
        packet.stream = target
        try:
            out.mux(packet)
        except (av().ArgumentError, av().InvalidDataError):  # damaged, or not later than the one before it
            self._refused += 1

    def _take(self, stream: Any, out: OutputContainer, *, has_chapters: bool) -> None:
        """A stream like this one in the other file; what cannot be is noted."""
        if stream.type == "data" and has_chapters and "mov" in self.source_format:
            return  # the names of chapters: they are written anew
        if stream.type == "attachment":
            out.add_attachment(
                stream.name or "file", stream.mimetype or "application/octet-stream", stream.data
            )
            return
        change = None
        made = None
        if stream.type in {"audio", "subtitle"} or _is_cover(stream):
            made = _like(stream, out)
        if made is None and stream.type == "subtitle":
            made, change = texts.other_kind(stream, out)
        if made is None:
            codec = getattr(stream.codec_context, "name", "") if stream.codec_context else "unknown"
            what = f"{_NAMES.get(stream.type, stream.type)} (stream {stream.index}, {codec})"
            self.notes.append(f"Left out, as a file of this kind does not take it: {what}.")
            return
        made.metadata.update({k: v for k, v in stream.metadata.items() if k.lower() not in _OWN_WORDS})
        made.disposition = stream.disposition
        self._targets[stream.index] = (made, change)

    @property
    def source_format(self) -> str:
        """FFmpeg's name of the source's container."""
        return self._container.format.name if self._container is not None else ""


def _time(packet: Any, *steps: int | None) -> Fraction:
    """Seconds of the first of the times that is known."""
    return next(one for one in steps if one is not None) * Fraction(packet.time_base)


def _is_cover(stream: Any) -> bool:
    return stream.type == "video" and bool(int(stream.disposition) & 0x400)


def _like(stream: Any, out: OutputContainer) -> Any:
    """A stream of the same kind in the other file; None where that does not take it, which a trial tells."""
    errors = (av().FFmpegError, ValueError, NearfarError)
    try:
        with av().open(io.BytesIO(), "w", format=out.format.name) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
        return out.add_stream_from_template(stream)
    except errors:
        return None


def _words(metadata: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in metadata.items() if key.lower() not in _OWN_WORDS}


def _moved(chapters: list[Any], start: Fraction, end: float) -> list[Any]:
    """Chapters of a part, in its own time."""
    rows = []
    for one in chapters:
        base = one["time_base"] or Fraction(1, 1000)
        first, last = one["start"] * base, one["end"] * base
        if last <= start or first >= end:
            continue
        limit = last if end == math.inf else min(last, Fraction(end))
        begin, close = max(first, start) - start, limit - start
        rows.append(one | {"start": round(begin / base), "end": round(close / base), "time_base": base})
    return rows


def companions_of(given: Given | VideoSource | None, start: Fraction, end: float) -> Companions | None:
    """What stands beside the pictures of a source; None where there is none, or it comes live."""
    if given is None:
        return None
    source = source_of(given)
    return None if source.is_live else Companions(source, start, end)
