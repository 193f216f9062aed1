"""What HEIF, AVIF and JPEG XL claim: the sizes of all their items, and what their EXIF unfolds to."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from nearfar.decode import _av1, _heif
from nearfar.decode._gate_exif import check_blocks, check_exif, check_profile, check_words
from nearfar.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable

    CheckPixels = Callable[[int, int, str], None]

MOST_ITEMS = 4096
"""Items of a file: the tiles of a large photo are some hundreds."""
_BLOCK = 128  # pixels by which an encoder may fill a picture up
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_SIDE_BITS = (9, 13, 18, 30)


def check(data: bytes, name: str, check_pixels: CheckPixels) -> None:
    """TooLargeError for the size of any item, for too many, or metadata that unfold (ISO/IEC 23008-12)."""
    try:
        found = _heif.read_heif(data)
    except ValueError:
        return  # the decoder says what is wrong
    if len(found.kinds) >= MOST_ITEMS:
        raise TooLargeError(f"{name} has more than {MOST_ITEMS:,} items.", "Save it again.")
    total = 0
    check_blocks(sum(kind == b"Exif" for kind in found.kinds.values()), name)
    for number, kind in found.kinds.items():
        size = _heif.size_of(found, number)
        if size != (0, 0):
            check_pixels(*size, name)
        if kind == b"av01":
            for width, height in _av1.sizes(found.item(number)):
                check_pixels(width, height, name)
                _check_true(size, (width, height), name)
        if kind == b"grid":
            _check_grid(found.item(number), name, check_pixels)
        length = sum(size for at, size in found.extents.get(number, ()) if at + size <= len(data))
        total += length
        if kind == b"Exif":
            check_exif(found.item(number)[4:], name)
        elif kind == b"mime":
            check_words(length, name)
        check_profile(len(found.property_of(number, b"colr")), name)
    if total > 2 * len(data):
        raise TooLargeError(
            f"{name} has items of {total:,} bytes together in a file of {len(data):,}.", "Save it again."
        )


def _check_true(claimed: tuple[int, int], held: tuple[int, int], name: str) -> None:
    """TooLargeError where a stream holds a larger picture than its box says: libraries believe the box."""
    if claimed != (0, 0) and (held[0] > claimed[0] + _BLOCK or held[1] > claimed[1] + _BLOCK):
        raise TooLargeError(
            f"{name} claims {claimed[0]}×{claimed[1]} pixels and holds {held[0]}×{held[1]}.", "Save it again."
        )


def _check_grid(body: bytes, name: str, check_pixels: CheckPixels) -> None:
    """The size that the tiles of a picture make up together."""
    letter = "I" if body[1] & 1 else "H"
    width, height = struct.unpack_from(f">{letter}{letter}", body, 4)
    check_pixels(width, height, name)


def check_jxl(data: bytes, name: str, check_pixels: CheckPixels) -> None:
    """TooLargeError for its size, or metadata that unfold (ISO/IEC 18181-1, size header; 18181-2, boxes)."""
    stream = data
    if not data.startswith(b"\xff\x0a"):
        stream, blocks = b"", 0
        for box in _heif.boxes(data, 0, len(data)):
            if box.kind == b"Exif":
                blocks += 1
                check_blocks(blocks, name)
                check_exif(data[box.start + 4 : box.end], name)
            elif box.kind == b"xml ":
                check_words(box.end - box.start, name)
            elif box.kind in {b"jxlc", b"jxlp"} and not stream:
                start = box.start + (4 if box.kind == b"jxlp" else 0)
                stream = data[start : start + 64]
    if stream.startswith(b"\xff\x0a"):
        check_pixels(*_jxl_size(stream[2:64]), name)


def _jxl_size(head: bytes) -> tuple[int, int]:
    """(width, height) out of the bits of a size header, the lowest first."""
    bits, at = int.from_bytes(head, "little"), 0

    def take(count: int) -> int:
        nonlocal at
        value = bits >> at & (1 << count) - 1
        at += count
        return value

    def side(*, is_small: bool) -> int:
        return (1 + take(5)) * 8 if is_small else 1 + take(_SIDE_BITS[take(2)])

    is_small = bool(take(1))
    height = side(is_small=is_small)
    ratio = take(3)
    if ratio == 0:
        return side(is_small=is_small), height
    across, down = _RATIOS[ratio]
    return height * across // down, height
