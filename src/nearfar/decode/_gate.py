"""The one gate of every picture from outside: photo, mask, background, depth file, what lies within another.

Nothing is decoded here. What a file's own words claim (its format by its first bytes, pixels, sides, frames,
scans, markers, chunks, tiles, what its metadata unfold to) is read by code of ours, in one pass and in little
memory, before Pillow, OpenCV, libtiff or libheif see a byte of it. What a header gets wrong in any other way
is left to the decoder, which says so.
"""

from __future__ import annotations

import contextlib
import importlib
import struct
from typing import TYPE_CHECKING, Any

from nearfar.decode._signature import claimed_size, format_of
from nearfar.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    CheckPixels = Callable[[int, int, str], None]

PICTURES = frozenset(
    {"JPEG", "PNG", "WEBP", "AVIF", "HEIF", "JXL", "TIFF", "BMP", "GIF", "PNM"},
)
"""The formats that are read, whatever else the libraries know: PostScript would start another program."""
HINT = "Give a JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, BMP, GIF, PPM or PGM file."

_CHECKS = {
    "JPEG": ("_gate_jpeg", "check"),
    "PNG": ("_gate_chunks", "check_png"),
    "WEBP": ("_gate_chunks", "check_webp"),
    "GIF": ("_gate_chunks", "check_gif"),
    "BMP": ("_gate_chunks", "check_bmp"),
    "TIFF": ("_gate_tiff", "check"),
    "HEIF": ("_gate_boxes", "check"),
    "AVIF": ("_gate_boxes", "check"),
    "JXL": ("_gate_boxes", "check_jxl"),
    "PNM": ("_pnm", "check"),
}
"""The file of each format's check and its name there: loaded when a picture of it comes."""


def admit(
    data: bytes, name: str, check_pixels: CheckPixels, kinds: Collection[str] = PICTURES, hint: str = HINT
) -> str:
    """The format of a picture, once nothing speaks against opening it.

    Args:
        data: the whole file.
        name: what messages call it.
        check_pixels: called with the width and height that the file claims; raises where they are too large.
        kinds: the formats that will do here.
        hint: what is told where it is none of them.

    Raises:
        UnsupportedFormatError: another format, or none.
        TooLargeError: over a bound; from ``check_pixels`` too.
    """
    kind = format_of(data)
    if kind not in kinds:
        raise UnsupportedFormatError(f"{name} is not a picture in a format that nearfar reads.", hint)
    if kind in _CHECKS:
        file, function = _CHECKS[kind]
        check: Any = getattr(importlib.import_module(f"nearfar.decode.{file}"), function)
        with contextlib.suppress(struct.error, IndexError):  # it ends early: the decoder will say so
            check(data, name, check_pixels)
    claimed = claimed_size(data, kind)
    if claimed:
        check_pixels(*claimed, name)
    return kind
