"""Pieces laid one behind the other in the file that was asked for, with what stands beside the pictures."""

from __future__ import annotations

import math
import os
import struct
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from nearfar.errors import OutputExistsError, ParameterError, did_you_mean
from nearfar.video._av import av
from nearfar.video.companions import companions_of
from nearfar.video.look import SUFFIXES
from nearfar.video.vr180 import Stereo, mark
from nearfar.video.write import BASE_WORD, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nearfar.video._source import Given, VideoSource

_EXACT: Literal["matroska_block_additional"] = "matroska_block_additional"
_EXACT_ID = 1


@dataclass(frozen=True, slots=True)
class JoinOptions:
    """How pieces become a file.

    ``tags``: words of the file, over those of the source. ``start``, ``end``: the part of the source that the
    pieces are of, in seconds of its own time; where ``start`` is not 0, the file's time begins with its first
    picture. ``stereo``: what the pictures hold for two eyes. ``keeps_times``: also store each picture's exact
    time in Matroska, which has milliseconds alone.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    start: float = 0.0
    end: float = math.inf
    stereo: Stereo | None = None
    keeps_times: bool = False
    overwrite: bool = True


_PLAIN = JoinOptions()


def join(
    pieces: Sequence[Path],
    target: Path,
    source: Given | VideoSource | None = None,
    options: JoinOptions = _PLAIN,
) -> tuple[str, ...]:
    """Write the file, whole or not at all; gives what could not be taken along from ``source``, in words.

    Raises:
        ParameterError: no pieces, or a suffix that is not written.
        OutputExistsError: the file is there and must stay.
        OutputError: it cannot be written.
    """
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(
            f"Videos are not written as '{target.suffix}'.", did_you_mean(suffix, SUFFIXES), "format"
        )
    if not pieces:
        raise ParameterError("There is nothing to write: no frame was given.")
    if target.exists() and not options.overwrite:
        raise OutputExistsError(f"{target} exists already.", "Pass overwrite, or choose another name.")
    part = target.with_name(f".nearfar-{os.urandom(8).hex()}.part")
    try:
        with translated(target):
            notes = _joined(pieces, part, SUFFIXES[suffix], (source, options))
            if options.stereo is not None:
                mark(part, options.stereo)
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return notes


def _joined(
    pieces: Sequence[Path],
    part: Path,
    container: str,
    given: tuple[Given | VideoSource | None, JoinOptions],
) -> tuple[str, ...]:
    source, options = given
    with ExitStack() as held:
        first = held.enter_context(av().open(str(pieces[0])))
        video = first.streams.video[0]
        base = Fraction(first.metadata.get(BASE_WORD, video.time_base))
        begin = next((_steps(p, base) for p in first.demux(video) if p.pts is not None), 0)
        shift = begin if options.start else 0
        beside, words = companions_of(source, shift * base, options.end), dict(options.tags)
        if beside is not None:
            held.callback(beside.close)
            words = beside.open() | words
        out = held.enter_context(
            av().open(str(part), "w", format=container, options=_muxer(container, base, words))
        )
        made = _stream(out, video)
        made.time_base = base
        if beside is not None:
            beside.join(out)
        out.metadata.update(words)
        if options.stereo is not None and container in {"matroska", "webm"}:
            made.metadata["stereo_mode"] = options.stereo.matroska
        for packet in _packets(pieces):
            when = _steps(packet, base) - shift
            packet.duration = round((packet.duration or 0) * packet.time_base / base)
            packet.time_base = base
            packet.pts = packet.dts = when  # pictures are stored in the order in which they are shown
            if beside is not None:
                beside.advance(out, float(packet.pts * base))
            if options.keeps_times and container == "matroska":
                _keep_time(packet)
            packet.stream = made
            out.mux(packet)
        if beside is not None:
            beside.advance(out, math.inf)
    return tuple(beside.notes) if beside is not None else ()


def _stream(out: Any, video: Any) -> Any:
    try:
        made = out.add_stream_from_template(video)
    except ValueError as exc:
        raise ParameterError(
            f"A file of this kind ({out.format.name}) takes no {video.codec_context.name}.",
            "Write the pieces for its suffix.",
            "format",
        ) from exc
    if video.codec_context.name == "hevc" and out.format.name in {"mp4", "mov"}:
        made.codec_context.codec_tag = "hvc1"  # as Apple's players want it
    return made


def _steps(packet: Any, base: Fraction) -> int:
    """When a picture is shown, in steps of ``base``: exact, where its own are finer."""
    found: int = round(packet.pts * packet.time_base / base)
    return found


def _muxer(container: str, base: Fraction, words: Mapping[str, str]) -> dict[str, str]:
    """Options of the container: equal bytes each time, and times that stay as they are."""
    found = {"fflags": "+bitexact", "avoid_negative_ts": "disabled"}
    if container in {"mp4", "mov"}:
        found["movie_timescale"] = str(base.denominator)
        # Words that MP4 has no place of its own for are kept by their names, as phones and we write them.
        has_names = any("." in word or word.isupper() for word in words)
        found["movflags"] = "+faststart" + ("+use_metadata_tags" if has_names else "")
    return found


def _packets(pieces: Sequence[Path]) -> Iterator[Any]:
    for path in pieces:
        with av().open(str(path)) as piece:
            for packet in piece.demux(piece.streams.video[0]):
                if packet.pts is not None and packet.size:
                    yield packet


def _keep_time(packet: Any) -> None:
    """Store the packet's exact time, in its own steps, beside its bytes: as BlockAdditional of Matroska."""
    from av.packet import PacketSideData, packet_sidedata_type_from_literal

    make: Any = PacketSideData
    side = make(packet_sidedata_type_from_literal(_EXACT), 16)
    memoryview(side)[:] = struct.pack(">Qq", _EXACT_ID, packet.pts)
    side.to_packet(packet)


def kept_time(packet: Any) -> int | None:
    """What :func:`join` stored of a packet's exact time; None where it stored nothing."""
    if not packet.has_sidedata(_EXACT):
        return None
    data = bytes(packet.get_sidedata(_EXACT))
    return int(struct.unpack(">q", data[8:16])[0]) if len(data) >= 16 else None
