"""What a container says of its video, in our words."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nearfar.errors import UnsupportedFormatError, shown
from nearfar.types.moving import Chapter, StreamInfo, VideoInfo
from nearfar.video._decoded import colour_of
from nearfar.video._turns import Turn, turn_of

if TYPE_CHECKING:
    from av import VideoFrame as Decoded
    from av.container import InputContainer
    from av.video.stream import VideoStream

_MASTERING_BYTES, _LEVEL_BYTES = 88, 8
_MOST_STREAMS = 100
_MOST_WORDS = 100
_PROGRESSIVE = {0, 1}  # FFmpeg's numbers of field orders: unknown, progressive
_PICTURES = {"mjpeg", "png", "bmp", "gif", "webp"}


def video_stream(container: InputContainer, name: str) -> VideoStream:
    """The stream that is looked at: the largest that is no picture on a cover.

    Raises:
        UnsupportedFormatError: there is none, or nothing decodes it.
    """
    found = [s for s in container.streams.video if s.codec_context is not None and s.width and s.height]
    moving = [s for s in found if not _is_cover(s)] or found
    if not moving:
        raise UnsupportedFormatError(
            f"{name} has no pictures that can be decoded.", "Take a file with a video in it."
        )
    return max(moving, key=lambda s: (s.width * s.height, -s.index))


def _is_cover(stream: VideoStream) -> bool:
    return bool(int(stream.disposition) & 0x400)  # AV_DISPOSITION_ATTACHED_PIC


def turn_of_frame(frame: Decoded) -> Turn:
    """How a frame is to be turned to stand upright."""
    matrix = _side_data(frame, "DISPLAYMATRIX")
    return turn_of(matrix) if matrix else Turn()


def _side_data(frame: Decoded, name: str) -> bytes:
    found: Any = frame.side_data.get(name)
    return bytes(found) if found else b""


def mastering_display(data: bytes) -> str:
    """The screen that HDR was made on, as x265's ``master-display`` writes it; empty where that is not told.

    ``data``: FFmpeg's AVMasteringDisplayMetadata: fractions for (x, y) of red, green, blue and white, the
    least and the largest light, and whether either is known.
    """
    if len(data) < _MASTERING_BYTES:
        return ""
    numbers = struct.unpack("=20i2i", data[:_MASTERING_BYTES])
    parts = [
        Fraction(n, d) if d else Fraction(0) for n, d in zip(numbers[0:20:2], numbers[1:20:2], strict=True)
    ]
    if not (numbers[20] and numbers[21]):
        return ""
    red, green, blue, white = ([round(one * 50_000) for one in parts[at : at + 2]] for at in (0, 2, 4, 6))
    least, most = (round(one * 10_000) for one in parts[8:10])
    points = "".join(f"{name}({x},{y})" for name, (x, y) in zip("GBR", (green, blue, red), strict=True))
    return f"{points}WP({white[0]},{white[1]})L({most},{least})"


def light_level(data: bytes) -> str:
    """The brightest pixel and the brightest picture, as x265's ``max-cll`` writes them; empty: not told."""
    if len(data) < _LEVEL_BYTES:
        return ""
    brightest, average = struct.unpack("=2I", data[:_LEVEL_BYTES])
    return f"{brightest},{average}" if brightest else ""


def info_of(container: InputContainer, stream: VideoStream, first: Decoded) -> VideoInfo:
    """What is known of a video, of which the first frame was decoded."""
    turn = turn_of_frame(first)
    width, height = turn.size(first.width, first.height)
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    is_interlaced = first.interlaced_frame or stream.codec_context.field_order not in _PROGRESSIVE
    colour = colour_of(first)
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    return VideoInfo(
        width,
        height,
        Fraction(stream.time_base or Fraction(1, 90_000)),
        Fraction(rate),
        _duration(container, stream),
        stream.frames or None,
        turn.degrees,
        turn.is_mirrored,
        (1 / aspect if turn.is_wide else aspect) if aspect > 0 else Fraction(1),
        colour,
        max((c.bits for c in first.format.components), default=8),
        is_interlaced,
        stream.codec_context.name,
        container.format.name,
        tuple(_others(container, stream)),
        tuple(_chapters(container)),
        _words(container.metadata),
        mastering_display(_side_data(first, "MASTERING_DISPLAY_METADATA")),
        light_level(_side_data(first, "CONTENT_LIGHT_LEVEL")),
        tuple(_notes(turn, aspect, colour.transfer, is_interlaced=is_interlaced)),
    )


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


def _others(container: InputContainer, stream: VideoStream) -> list[StreamInfo]:
    found = []
    for one in list(container.streams)[:_MOST_STREAMS]:
        if one.index != stream.index:
            codec = getattr(one.codec_context, "name", "") if one.codec_context else ""
            words = {key: shown(value, 200) for key, value in one.metadata.items()}
            language = words.get("language", "")
            found.append(StreamInfo(one.index, one.type, codec, language, words.get("title", "")))
    return found


def _chapters(container: InputContainer) -> list[Chapter]:
    rows = []
    for one in container.chapters():
        base = one["time_base"] or Fraction(1, 1000)
        title = shown(one["metadata"].get("title", ""), 200)
        rows.append(Chapter(float(one["start"] * base), float(one["end"] * base), title))
    return rows


def _words(metadata: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((shown(k, 100), shown(str(v))) for k, v in list(metadata.items())[:_MOST_WORDS])


def _notes(turn: Turn, aspect: Fraction, transfer: str, *, is_interlaced: bool) -> list[str]:
    notes = []
    if is_interlaced:
        notes.append(
            "The video is interlaced: a frame holds two moments, line by line, and is taken as it is."
        )
    if turn != Turn():
        mirrored = " and mirrored" if turn.is_mirrored else ""
        notes.append(
            f"The stored pictures are turned by {turn.degrees}° clockwise{mirrored} to stand upright."
        )
    if aspect != 1:
        notes.append(f"Pixels are {aspect} as wide as high; frames keep the pixels, players stretch them.")
    if transfer in {"smpte2084", "arib-std-b67"}:
        curve = "PQ" if transfer == "smpte2084" else "HLG"
        notes.append(f"The video is HDR ({curve}); the network sees it tone-mapped.")
    return notes
