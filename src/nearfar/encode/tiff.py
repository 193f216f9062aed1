"""Pictures as TIFF (revision 6.0) of 8 or 16 bits, deflated, with a profile that says sRGB.

EXIF goes in without being read: an EXIF block is a TIFF of its own, so the picture's directory is laid behind
it and takes its entries over, whose places stay right.
"""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    Entry = tuple[int, int, int, bytes]  # tag, type, count, value

_STRIP_BYTES = 1 << 20
_THREADS = 4
_MOST_BYTES = 2**32 - 2**20  # places have 32 bits
_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_OWN = frozenset({256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317, 338, 339, 34675})
_DEFLATE, _DIFFERENCES, _INCH = 8, 2, 2
_HEAD = b"MM\0*"
_STRIPS = 273
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
"""Bytes of a value by its type."""


def tiff(pixels: npt.NDArray[Any]) -> bytes:
    """The bytes of a TIFF of (H, W), (H, W, 3) (RGB) or (H, W, 4) (RGBA) pixels, uint8 or uint16.

    Raises:
        ParameterError: so large a picture does not fit.
    """
    out = io.BytesIO()
    out.write(_HEAD + bytes(4))
    rows = max(1, _STRIP_BYTES // max(1, pixels[:1].nbytes))
    places, lengths = _strips(out, pixels, rows)
    _directory(out, _own_entries(pixels, rows, places, lengths))
    return out.getvalue()


def with_exif(data: bytes, exif: bytes, density: tuple[float, float] | None) -> bytes:
    """A TIFF of :func:`tiff` with what is kept of a photo's file.

    Args:
        data: its bytes.
        exif: a TIFF block without a head, big-endian; its own size and orientation are left out.
        density: pixels an inch across and down.
    """
    if not data.startswith(_HEAD) or not (exif or density):
        return data
    own, start = _entries_of(data)
    kept = _entries_of(exif)[0] if exif.startswith(_HEAD) else []
    base = exif + bytes(-len(exif) % 8) if kept else _HEAD + bytes(4)
    moved = len(base) - 8
    out = io.BytesIO()
    out.write(base)
    out.write(data[8:start])
    entries = [_resolved(entry, data, moved) for entry in own]
    entries += [entry for entry in kept if entry[0] not in _OWN]
    if density is not None:
        for tag, value in zip((282, 283), density, strict=True):
            entries.append((tag, _RATIONAL, 1, struct.pack(">II", max(1, round(value * 100)), 100)))
        entries.append(_short(296, _INCH))
    _directory(out, entries)
    return out.getvalue()


def _strips(out: io.BytesIO, pixels: npt.NDArray[Any], rows: int) -> tuple[list[int], list[int]]:
    """Write the strips; where each begins, and how long it is."""
    parts = [pixels[top : top + rows] for top in range(0, len(pixels), rows)]
    places, lengths = [], []
    with ThreadPoolExecutor(_THREADS) as pool:
        for data in pool.map(_packed, parts):
            if out.tell() + len(data) > _MOST_BYTES:
                raise ParameterError("So large a picture does not fit into a TIFF.", "Write it as .png.")
            places.append(out.tell())
            lengths.append(len(data))
            out.write(data + bytes(len(data) % 2))
    return places, lengths


def _packed(part: npt.NDArray[Any]) -> bytes:
    """A strip: each number as its difference to the one a pixel before, deflated."""
    rows = part if part.ndim == 3 else part[..., None]
    steps = rows.copy()
    steps[:, 1:] -= rows[:, :-1]
    return zlib.compress(steps.astype(f">u{steps.dtype.itemsize}").tobytes(), 6)


def _short(tag: int, *values: int) -> Entry:
    return tag, _SHORT, len(values), struct.pack(f">{len(values)}H", *values)


def _long(tag: int, *values: int) -> Entry:
    return tag, _LONG, len(values), struct.pack(f">{len(values)}I", *values)


def _own_entries(pixels: npt.NDArray[Any], rows: int, places: list[int], lengths: list[int]) -> list[Entry]:
    """What says how the strips are read."""
    height, width = pixels.shape[:2]
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    bits = 8 * pixels.dtype.itemsize
    entries = [
        _long(256, width), _long(257, height), _short(258, *[bits] * channels), _short(259, _DEFLATE),
        _short(262, 1 if channels == 1 else 2), _long(_STRIPS, *places), _short(274, 1),
        _short(277, channels), _long(278, rows), _long(279, *lengths), _short(284, 1),
        _short(317, _DIFFERENCES), _short(339, *[1] * channels),
    ]  # fmt: skip
    if channels == 4:
        entries.append(_short(338, 2))  # alpha that colours were not multiplied by
    if channels > 1:
        profile = srgb_profile()
        entries.append((34675, _UNDEFINED, len(profile), profile))
    return entries


def _entries_of(data: bytes) -> tuple[list[Entry], int]:
    """The first directory as it stands, values or their places, and where it begins."""
    (start,) = struct.unpack_from(">I", data, 4)
    (count,) = struct.unpack_from(">H", data, start)
    found = [struct.unpack_from(">HHI4s", data, start + 2 + 12 * place) for place in range(count)]
    return found, start


def _resolved(entry: Entry, data: bytes, moved: int) -> Entry:
    """One of our own entries with its value itself, the strips moved."""
    tag, kind, count, value = entry
    length = _SIZES[kind] * count
    if length > 4:
        (place,) = struct.unpack(">I", value)
        value = data[place : place + length]
    value = value[:length]
    if tag == _STRIPS:
        places = np.frombuffer(value, ">u4") + np.uint32(moved)
        value = places.astype(">u4").tobytes()
    return tag, kind, count, value


def _directory(out: io.BytesIO, entries: list[Entry]) -> None:
    """Write the directory, its long values behind it, and its place into the head."""
    out.write(bytes(out.tell() % 2))
    start = out.tell()
    behind = start + 2 + 12 * len(entries) + 4
    rows, long_values = b"", b""
    for tag, kind, count, value in sorted(entries, key=lambda entry: entry[0]):
        field = value.ljust(4, b"\0")
        if len(value) > 4:
            field = struct.pack(">I", behind + len(long_values))
            long_values += value + bytes(len(value) % 2)
        rows += struct.pack(">HHI", tag, kind, count) + field
    out.write(struct.pack(">H", len(entries)) + rows + bytes(4) + long_values)
    out.seek(4)
    out.write(struct.pack(">I", start))


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """An ICC profile of sRGB."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
