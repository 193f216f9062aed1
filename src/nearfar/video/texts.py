"""Plain subtitles from one container's kind to the other's: MP4's timed text, and SubRip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nearfar.video._av import av

if TYPE_CHECKING:
    from collections.abc import Callable

    from av.container import OutputContainer

_TAGS = re.compile(r"</?[a-zA-Z][^>]*>|\{\\[^}]*\}")
_MOVING = {"mov_text", "tx3g"}
_PLAIN = {"subrip", "srt", "text", "webvtt"}


def other_kind(stream: Any, out: OutputContainer) -> tuple[Any, Callable[[Any], Any] | None]:
    """A stream of the other file's kind of subtitles, and what turns a packet into it; (None, None): none."""
    name = stream.codec_context.name if stream.codec_context else ""
    if name in _MOVING and "matroska" in out.format.name:
        return _made(stream, out, "subrip"), lambda packet: _packet(packet, to_plain(bytes(packet)))
    if name in _PLAIN and out.format.name in {"mp4", "mov", "ipod"}:
        return _made(stream, out, "mov_text"), lambda packet: _packet(packet, to_moving(bytes(packet)))
    return None, None


def _made(stream: Any, out: OutputContainer, codec: str) -> Any:
    made = out.add_mux_stream(codec)
    made.time_base = stream.time_base
    return made


def to_plain(data: bytes) -> bytes:
    """The text of a packet of timed text: two bytes of length, the text, and boxes of style."""
    return data[2 : 2 + int.from_bytes(data[:2], "big")]


def to_moving(data: bytes) -> bytes:
    """A packet of timed text of a text, whose tags are taken out."""
    text = _TAGS.sub("", data.decode("utf-8", "replace")).encode()[:65535]
    return len(text).to_bytes(2, "big") + text


def _packet(like: Any, data: bytes) -> Any:
    """A packet at the same time; None where it says nothing."""
    if not data.strip(b"\0 "):
        return None
    made = av().Packet(data)
    made.pts, made.dts, made.duration = like.pts, like.dts, like.duration
    made.time_base, made.is_keyframe = like.time_base, True
    return made
