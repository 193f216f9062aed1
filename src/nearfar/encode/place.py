"""A file without the place where its photo was taken: blanked where it stands, all else as it was."""

from __future__ import annotations

import re
import struct

from nearfar.errors import TooLargeError

_EXIF = re.compile(rb"\xff\xe1(..)Exif\0\0(?=II\*\0|MM\0\*)", re.DOTALL)
_XMP_PLACE = re.compile(
    rb"(?:exif:GPS\w{1,40}|photoshop:(?:City|State|Country)|Iptc4xmpCore:Location)"
    rb"(?:\s{0,9}=\s{0,9}[\"']([^\"'<>]{1,400})|>([^<>]{1,400})<)"
)
_MOST_BLOCKS = 256
_GPS_IFD = 0x8825
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # TIFF 6.0, page 15


def without_place(data: bytes) -> bytes:
    """The bytes of a JPEG, as many as before, with its GPS directories empty and places in its XMP blank.

    Further pictures in the file are done too. What lies outside EXIF and XMP is not touched.
    """
    out = bytearray(data)
    for count, found in enumerate(_EXIF.finditer(data)):
        if count == _MOST_BLOCKS:
            raise TooLargeError(
                f"The photo has more than {_MOST_BLOCKS} blocks of EXIF.", "Save it again, without metadata."
            )
        end = found.start() + 2 + int.from_bytes(found[1], "big")
        block = bytearray(out[found.end() : end])
        _blank_gps(block)
        out[found.end() : found.end() + len(block)] = block
    for found in _XMP_PLACE.finditer(data):
        first, last = found.span(1) if found[1] is not None else found.span(2)
        out[first:last] = b" " * (last - first)
    return bytes(out)


def _blank_gps(block: bytearray) -> None:
    """Empty the GPS directory of an EXIF block; what it points at within the block is blank too."""
    order = "<" if block[:2] == b"II" else ">"
    for at in _entries(block, order, _number(block, order, 4)):
        tag, _, _, place = struct.unpack_from(f"{order}HHII", block, at)
        if tag != _GPS_IFD:
            continue
        for entry in _entries(block, order, place):
            _, kind, count, value = struct.unpack_from(f"{order}HHII", block, entry)
            size = _SIZES.get(kind, 0) * count
            if 4 < size <= len(block) - value:
                block[value : value + size] = bytes(size)
            block[entry : entry + 12] = bytes(12)
        if place + 2 <= len(block):
            block[place : place + 2] = b"\0\0"


def _number(block: bytearray, order: str, at: int) -> int:
    return int(struct.unpack_from(f"{order}I", block, at)[0]) if at + 4 <= len(block) else 0


def _entries(block: bytearray, order: str, place: int) -> range:
    """Where the entries of a directory stand, as many as the block holds."""
    if not 8 <= place <= len(block) - 2:
        return range(0)
    (count,) = struct.unpack_from(f"{order}H", block, place)
    count = min(count, (len(block) - place - 2) // 12)
    return range(place + 2, place + 2 + 12 * count, 12)
