"""What a JPEG claims: its frame, its scans, its markers, what its metadata hold (ITU T.81, annex B)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.decode._gate_exif import check_exif, check_profile, check_words
from nearfar.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_MARKERS = 4096
"""Segments before and between scans: a file of the largest size in segments of the largest has a thousand."""
MOST_SCANS = 100
"""Passes over the picture; what encoders write has ten, a dozen at most."""
MOST_SCANNED_PIXELS = 2_000_000_000
"""Pixels times scans: each scan is a pass over the whole picture, whatever few bytes it has."""
MOST_FILL = 65_536
"""Bytes between the segments before the first scan, which are passed over one by one."""

_NO_MARKER = (0x00, 0xFF)
_NO_MARKER_OF_A_SCAN = (*_NO_MARKER, *range(0xD0, 0xD8))  # restarts belong to its own bytes
_FIRST_WINDOW, _MOST_WINDOW = 256, 2**18  # bytes looked at in one go: other threads wait no longer than that
_ALONE = {0x01, *range(0xD0, 0xD9)}  # without a length: TEM, restarts, the start
_SOS, _EOI, _APP1, _APP2 = 0xDA, 0xD9, 0xE1, 0xE2
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EXIF, _PROFILE = b"Exif\0\0", b"ICC_PROFILE\0"


def check(data: bytes, name: str, check_pixels: Callable[[int, int, str], None]) -> None:
    """TooLargeError where a JPEG asks for more work or memory than its picture is worth."""
    pixels = scans = profile_bytes = words_bytes = 0
    exif = bytearray()
    for marker, at, length in _segments(data, name):
        if marker in _FRAMES:
            height, width = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (3, 5))
            check_pixels(width, height, name)
            pixels = max(pixels, width * height)
        elif marker == _SOS:
            scans += 1
            _check_scans(scans, pixels, name)
        elif marker == _APP1 and data.startswith(_EXIF, at + 2):
            exif += data[at + 8 : at + length]
        elif marker == _APP1:
            words_bytes += length
        elif marker == _APP2 and data.startswith(_PROFILE, at + 2):
            profile_bytes += length
    check_exif(bytes(exif), name)
    check_words(words_bytes, name)
    check_profile(profile_bytes, name)


def _segments(data: bytes, name: str) -> Iterator[tuple[int, int, int]]:
    """Marker, where its length stands, and that length, of each segment; as decoders find them."""
    at, count, fill, passed, most = 2, 0, 0, _NO_MARKER, MOST_FILL
    while (found := _next_marker(data, at, passed, at + most)) >= 0:
        marker = data[found + 1]
        count += 1
        fill += found - at if passed is _NO_MARKER else 0
        if count > MOST_MARKERS or fill > MOST_FILL:
            what = f"{MOST_FILL:,} bytes between its" if fill > MOST_FILL else f"{MOST_MARKERS:,}"
            raise TooLargeError(f"{name} is a JPEG with more than {what} markers.", "Save it again.")
        at = found + 2
        if marker == _EOI:
            return
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        yield marker, at, length
        at += max(2, length)
        if marker == _SOS:
            passed, most = _NO_MARKER_OF_A_SCAN, len(data)


def _next_marker(data: bytes, at: int, passed: tuple[int, ...], end: int) -> int:
    """Where the next marker begins whose second byte is none of ``passed``; below 0 where there is none.

    Where none begins up to ``end``, the byte before the last there that could be one is told.
    """
    is_marker = np.ones(256, np.bool_)
    is_marker[list(passed)] = False
    window = _FIRST_WINDOW
    while at + 1 < len(data):
        if at > end:
            return at
        seen = np.frombuffer(data, np.uint8, min(window, len(data) - at), at)
        begins = np.flatnonzero(seen[:-1] == 0xFF)
        begins = begins[is_marker[seen[begins + 1]]]
        if begins.size:
            return at + int(begins[0])
        at += len(seen) - 1
        window = min(2 * window, _MOST_WINDOW)
    return -1


def _check_scans(scans: int, pixels: int, name: str) -> None:
    if scans > MOST_SCANS or scans * pixels > MOST_SCANNED_PIXELS:
        most = min(MOST_SCANS, MOST_SCANNED_PIXELS // max(1, pixels))
        raise TooLargeError(
            f"{name} is a progressive JPEG of more than {most} scans, each of them a pass over "
            f"{pixels / 1e6:.1f} megapixels.",
            "Save it again, with the usual ten scans or as a baseline JPEG.",
        )
