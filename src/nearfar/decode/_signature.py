"""What a file's first bytes say: its format, and the size it claims before anything is allocated."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    *((b"P%d" % kind, "PNM") for kind in range(1, 8)),
)
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
_BOX_LIMIT = 4096  # bytes of an ftyp box that are looked at: real ones have under 100


def format_of(data: bytes) -> str:
    """A name such as ``JPEG``, ``HEIF``, ``JXL`` (JPEG XL) or ``PNM`` (PPM, PGM); else nothing."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name if name != "PNM" or data[2:3].isspace() or data[2:3] == b"#" else ""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return _of_iso_media(data) if data[4:8] == b"ftyp" else ""


def _of_iso_media(data: bytes) -> str:
    """HEIF and AVIF may share the major brand ``mif1``: the compatible ones decide (ISO/IEC 23008-12)."""
    end = min(struct.unpack(">I", data[:4])[0], _BOX_LIMIT, len(data))
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, end - 3, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else ""


_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}
_STEPWISE = {0xC5, 0xC6, 0xCD, 0xCE}
_NO_FRAME = {0xC4, 0xC8, 0xCC}  # tables and reserved markers among those of frames


def jpeg_fault(data: bytes) -> str:
    """Why a JPEG is none that decoders of plain ones read; empty where it is plain (ITU T.81, B.2.2)."""
    at = 2
    while at + 5 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            if data[at + 4] != 8:
                return f"of {data[at + 4]} bits a sample"
            return "without loss" if marker in _LOSSLESS else "in steps" if marker in _STEPWISE else ""
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return ""


def claimed_size(data: bytes, kind: str) -> tuple[int, int] | None:
    """(width, height) of the formats whose decoders might allocate while they open a file, else None."""
    reader = _SIZES.get(kind)
    try:
        return reader(data) if reader else None
    except struct.error:  # the header ends early: the decoder will say so
        return None


def _png_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif_size(data: bytes) -> tuple[int, int]:
    """The larger of the screen and the first frame, which Pillow lets grow the screen (GIF89a, 18 to 20)."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while data[at : at + 1] == b"!":  # extensions: a label, then blocks up to an empty one
        at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    if data[at : at + 1] != b",":
        return width, height
    x, y, w, h = struct.unpack_from("<HHHH", data, at + 1)
    return max(width, x + w), max(height, y + h)


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """RFC 9649, 2.5 to 2.7."""
    chunk = data[12:16]
    if chunk == b"VP8X":
        canvas = data[24:30].ljust(6, b"\0")
        return 1 + int.from_bytes(canvas[:3], "little"), 1 + int.from_bytes(canvas[3:], "little")
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


_SIZES: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    "PNG": _png_size,
    "GIF": _gif_size,
    "WEBP": _webp_size,
}
