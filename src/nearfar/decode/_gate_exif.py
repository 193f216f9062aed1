"""What metadata would unfold to, before a library unfolds them.

The values of a TIFF directory may all point at the same bytes: 64 KiB of EXIF can stand for 350 MB, a file of
64 MiB for terabytes, and readers take them all.
"""

from __future__ import annotations

import contextlib
import struct
from collections import deque
from typing import TYPE_CHECKING

from nearfar.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ENTRIES = 4096
"""Of a directory."""
MOST_DIRECTORIES = 256
MOST_ENTRIES_IN_ALL = 32_768
"""Of all directories together: they may lie over each other, so that few bytes stand for many."""
MOST_PLACES = 4096
"""Places that directories point to as further ones."""
MOST_BLOCKS = 16
"""Of EXIF, or texts that hold such, in a file: each is read, and there is one of a kind."""
MOST_PROFILE = 8 * 2**20
"""Bytes of a colour profile; those of inks have three million."""
MOST_WORDS = 32 * 2**20
"""Bytes of XMP, within which depth and a second picture may stand."""
_SPARE = 2**20
_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)  # bytes of a value, by its type (TIFF 6.0)
_POINTERS = {330, 34665, 34853, 40965}  # to further directories: pages within, EXIF, GPS, interoperability
_EXIF_HEAD = b"Exif\0\0"


def check_exif(block: bytes, name: str) -> None:
    """TooLargeError where an EXIF block, with its head or without, would unfold to far more than it is."""
    block = block.removeprefix(_EXIF_HEAD)
    if block[:2] in {b"II", b"MM"}:
        with contextlib.suppress(struct.error):  # it ends early, and what follows it is still to be checked
            check_directories(block, name)


def check_blocks(count: int, name: str) -> None:
    """TooLargeError where there are more blocks of EXIF than any file has."""
    if count > MOST_BLOCKS:
        raise TooLargeError(
            f"{name} has more than {MOST_BLOCKS} blocks of metadata.", "Save it without its metadata."
        )


def check_profile(count: int, name: str) -> None:
    """TooLargeError where a colour profile has more bytes than any."""
    if count > MOST_PROFILE:
        raise TooLargeError(
            f"{name} has a colour profile of {count / 2**20:.1f} MiB, but at most "
            f"{MOST_PROFILE / 2**20:g} MiB were expected.",
            "Save it with a plain sRGB profile.",
        )


def check_words(count: int, name: str) -> None:
    """TooLargeError where XMP has more bytes than are looked at."""
    if count > MOST_WORDS:
        raise TooLargeError(
            f"{name} has {count / 2**20:.1f} MiB of XMP, more than {MOST_WORDS / 2**20:g} MiB.",
            "Save it without.",
        )


def check_directories(data: bytes, name: str) -> None:
    """TooLargeError where the directories of a TIFF structure unfold to more than twice its bytes."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in {b"+\0", b"\0+"}
    head = struct.unpack_from(f"{order}Q", data, 8) if is_big else struct.unpack_from(f"{order}I", data, 4)
    todo, known, total, seen, entries = deque(head), set(head), 0, 0, 0
    while todo:
        at = todo.popleft()
        if not 0 < at < len(data):
            continue
        seen += 1
        if seen > MOST_DIRECTORIES:
            return  # no reader goes farther
        for _, size, places in _entries(data, at, (order, is_big), name):
            entries += 1
            total += size
            todo += (place for place in dict.fromkeys(places) if place not in known)
            known.update(places)
            _check_count(entries, len(known), name)
        if total > 2 * len(data) + _SPARE:
            raise TooLargeError(
                f"{name} has metadata that unfold to {total / 2**20:,.0f} MiB out of "
                f"{len(data) / 2**20:.2g} MiB.",
                "Save it without its metadata.",
            )


def _check_count(entries: int, places: int, name: str) -> None:
    if entries > MOST_ENTRIES_IN_ALL or places > MOST_PLACES:
        raise TooLargeError(
            f"{name} has directories of more than {MOST_ENTRIES_IN_ALL:,} entries in all, or that point to "
            f"more than {MOST_PLACES:,} others.",
            "Save it without its metadata.",
        )


def _entries(data: bytes, at: int, how: tuple[str, bool], name: str) -> Iterator[tuple[int, int, list[int]]]:
    """Tag, bytes of its values, and where it points, of each entry; at last the next directory, as tag -1."""
    order, is_big = how
    count_letter, place, step = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    wide = struct.calcsize(count_letter)
    if at + wide > len(data):
        return
    (count,) = struct.unpack_from(order + count_letter, data, at)
    if count > MOST_ENTRIES:
        raise TooLargeError(
            f"{name} has a directory of {count:,} entries, but at most {MOST_ENTRIES:,} were expected.",
            "Save it without its metadata.",
        )
    inner = struct.calcsize(place)
    for start in range(at + wide, min(at + wide + count * step, len(data) - step + 1), step):
        tag, kind, number = struct.unpack_from(f"{order}HH{place}", data, start)
        size = number * (_SIZES[kind] if kind < len(_SIZES) else 0)
        where = _places(data, start + step - inner, (order, place), number) if tag in _POINTERS else []
        yield tag, size if size > inner else 0, where
    end = at + wide + count * step
    if end + inner <= len(data):
        yield -1, 0, [int(struct.unpack_from(order + place, data, end)[0])]


def _places(data: bytes, at: int, how: tuple[str, str], number: int) -> list[int]:
    """Where an entry points: itself, or the first few of the places in a list."""
    order, place = how
    (first,) = struct.unpack_from(order + place, data, at)
    wide = struct.calcsize(place)
    if number <= 1 or first + wide * number > len(data):
        return [first]
    return [first, *struct.unpack_from(f"{order}{min(number, MOST_DIRECTORIES)}{place}", data, first)]
