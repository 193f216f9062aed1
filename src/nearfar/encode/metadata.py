"""EXIF and density put into finished pictures, whose pixels stay the same bytes (JPEG, PNG, WebP, TIFF)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from nearfar.encode.tiff import with_exif

_METRE = 39.3701  # inches
_EXIF_HEAD = b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class Metadata:
    """``exif``: a TIFF block without a head, empty for none. ``density``: pixels an inch across and down."""

    exif: bytes = b""
    density: tuple[float, float] | None = None


def with_metadata(data: bytes, kept: Metadata) -> bytes:
    """The bytes of a picture with that in them; other files, and ones that it does not fit, as they are."""
    if data.startswith(b"\xff\xd8"):
        return _in_jpeg(data, kept)
    if data.startswith(b"\x89PNG"):
        return _in_png(data, kept)
    if data.startswith(b"MM\0*"):
        return with_exif(data, kept.exif, kept.density)
    return _in_webp(data, kept) if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else data


def _in_jpeg(data: bytes, kept: Metadata) -> bytes:
    if kept == Metadata():
        return data
    body, head = data[2:], b"\xff\xd8"
    if body.startswith(b"\xff\xe0") and body[4:9] == b"JFIF\0":
        size = 2 + int.from_bytes(body[2:4], "big")
        jfif, body = bytearray(body[:size]), body[size:]
        if kept.density:
            jfif[11:16] = struct.pack(">BHH", 1, *(min(65535, max(1, round(n))) for n in kept.density))
        head += bytes(jfif)
    exif = _EXIF_HEAD + kept.exif
    if kept.exif and len(exif) <= 65_533:
        head += b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    return head + body


def _in_png(data: bytes, kept: Metadata) -> bytes:
    chunks = b""
    if kept.density:
        across, down = (round(n * _METRE) for n in kept.density)
        chunks += _chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if kept.exif:
        chunks += _chunk(b"eXIf", kept.exif)
    if not chunks:
        return data
    whole = memoryview(data)  # a large file is copied once
    return b"".join((whole[:33], chunks, whole[33:]))  # behind the header


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _in_webp(data: bytes, kept: Metadata) -> bytes:
    """RFC 9649, 2.7: the extended form says which further chunks there are."""
    if not kept.exif:
        return data
    chunks = data[12:]
    if chunks[:4] != b"VP8X":
        width, height, flags = _webp_size(chunks)
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        chunks = b"VP8X" + struct.pack("<IB3x", 10, flags) + sides + chunks
    chunks = chunks[:8] + bytes([chunks[8] | 0x08]) + chunks[9:]
    chunks += b"EXIF" + struct.pack("<I", len(kept.exif)) + kept.exif + b"\0" * (len(kept.exif) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _webp_size(chunks: bytes) -> tuple[int, int, int]:
    """Width, height, and the flag of alpha, of a plain picture."""
    if chunks[:4] == b"VP8L":
        (bits,) = struct.unpack_from("<I", chunks, 9)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), 0x10 if bits >> 28 & 1 else 0
    width, height = struct.unpack_from("<HH", chunks, 14)
    return width & 0x3FFF, height & 0x3FFF, 0
