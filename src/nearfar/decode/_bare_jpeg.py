"""JPEGs that carry nothing but their picture, read without Pillow: its modules take 14 ms of a start.

A file with EXIF, XMP, a colour profile or anything else of that kind, and one that is odd in any way, is left
to Pillow. Sources: ITU T.81, annex B (segments); JFIF 1.02 (density).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.encode.jpeg import segments

if TYPE_CHECKING:
    import numpy.typing as npt

_JFIF = 0xE0
_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: all with Huffman's code
_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_HARMLESS = {_JFIF, 0xDB, 0xC4, 0xDD, 0xFE}  # tables, restarts, a comment
_FRAME_BYTES, _JFIF_BYTES = 6 + 3 * 3, 12  # of three components; up to the density
_END_OF_IMAGE = b"\xff\xd9"
_CM_PER_INCH = 2.54


@dataclass(frozen=True, slots=True)
class BareJpeg:
    """``size``: (width, height) in pixels. ``dpi``: dots an inch across and down; None without a unit."""

    size: tuple[int, int]
    dpi: tuple[float, float] | None = None

    def reduced(self, least: tuple[int, int]) -> tuple[int, int]:
        """The smallest (width, height) that the decoder gives and that is not below ``least``."""
        scale = min(length // wanted for length, wanted in zip(self.size, least, strict=True))
        by = next((step for step in (8, 4, 2) if scale >= step), 1)
        width, height = (-(-length // by) for length in self.size)
        return width, height


def read_bare(data: bytes) -> BareJpeg | None:
    """What a bare JPEG of three colours says of itself; None where the file is another one."""
    size, dpi, end = None, None, 2
    for segment in segments(data):
        if segment.marker in _FRAMES and size is None:
            size = _size(segment.body)
            if size is None:
                return None
        elif segment.marker not in _HARMLESS or segment.start != end:
            return None
        elif segment.marker == _JFIF:
            dpi = _dpi(segment.body) or dpi
        end = segment.end
    is_scan = data[end : end + 2] == b"\xff\xda"
    is_whole = is_scan and data.rstrip(b"\0").endswith(_END_OF_IMAGE)
    return BareJpeg(size, dpi) if size is not None and is_whole else None


def _size(frame: bytes) -> tuple[int, int] | None:
    """(width, height) of a frame of three components with 8 bits; None of another."""
    if len(frame) != _FRAME_BYTES or frame[0] != 8 or frame[5] != 3:
        return None
    height, width = (int.from_bytes(frame[at : at + 2], "big") for at in (1, 3))
    return (width, height) if width and height else None


def _dpi(body: bytes) -> tuple[float, float] | None:
    if not body.startswith(b"JFIF") or len(body) < _JFIF_BYTES:
        return None
    across, down = (int.from_bytes(body[at : at + 2], "big") for at in (8, 10))
    if body[7] == 1:
        return across, down
    return (across * _CM_PER_INCH, down * _CM_PER_INCH) if body[7] == 2 else None


def by_turbo(data: bytes, width: int, height: int) -> npt.NDArray[Any] | None:
    """(H, W, 3) uint8 of a JPEG, of the smallest of the decoder's sizes that holds so many pixels.

    None where libjpeg-turbo is absent or stumbles.
    """
    try:
        from simplejpeg import decode_jpeg
    except ImportError:
        return None
    try:
        return np.asarray(decode_jpeg(data, min_width=width, min_height=height, min_factor=1))
    except ValueError:
        return None
