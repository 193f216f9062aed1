"""The pages of a TIFF: what each says of its pixels, before a decoder is chosen (TIFF 6.0, BigTIFF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Values = tuple[int | float, ...] | bytes

NEW_SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
DESCRIPTION, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 270, 273, 274, 277, 278, 279
PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS = 284, 317, 322, 323, 324, 325
COLOUR_MAP = 320
SUB_IFDS, EXTRA_SAMPLES, SAMPLE_FORMAT, EXIF_IFD, PROFILE = 330, 338, 339, 34665, 34675
GDAL_NODATA, DNG_VERSION, FILL_ORDER = 42113, 50706, 266

# Of each type of value: its letter for struct, and how many of those make one value (TIFF 6.0, page 15).
_TYPES = {
    1: ("B", 1), 2: ("B", 1), 3: ("H", 1), 4: ("I", 1), 5: ("I", 2), 6: ("b", 1), 7: ("B", 1), 8: ("h", 1),
    9: ("i", 1), 10: ("i", 2), 11: ("f", 1), 12: ("d", 1), 13: ("I", 1),
    16: ("Q", 1), 17: ("q", 1), 18: ("Q", 1),
}  # fmt: skip
_RATIONAL = {5, 10}
_LISTS = {
    BITS,
    STRIP_OFFSETS,
    STRIP_COUNTS,
    COLOUR_MAP,
    TILE_OFFSETS,
    TILE_COUNTS,
    EXTRA_SAMPLES,
    SAMPLE_FORMAT,
}
"""Tags of numbers, not of bytes, however small and many those are."""
_MOST_PAGES = 256
_MOST_TAGS = 4096
_MOST_VALUES = 2**20  # numbers of a tag that are kept; of bytes, eight times as many
_MOST_IN_ALL = 2**25  # bytes of all kept values of a file: tags may all point at the same ones
_RAW_PHOTOMETRIC = {32803, 34892}  # colour filter array, linear raw (DNG)
_SHAPE_TOLERANCE = 0.02  # by which a smaller copy may differ in shape

COMPRESSIONS = {
    2: "CCITT", 3: "CCITT fax 3", 4: "CCITT fax 4", 6: "old JPEG", 7: "JPEG", 9: "JBIG", 10: "JBIG",
    33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34661: "JBIG", 34676: "SGI LogLuv",
    34677: "SGI LogLuv", 34712: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG", 34933: "PNG",
    34934: "JPEG XR", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
"""What compressions are called, for messages."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One picture of a TIFF. ``order``: ``<`` or ``>``; ``tags``: the values of each tag, unchecked."""

    data: bytes
    order: str
    tags: Mapping[int, Values]

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag as a whole number."""
        values = self.tags.get(tag) or (default,)
        return int(values[0])

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All values of a tag."""
        return tuple(int(value) for value in self.tags.get(tag, ()))

    def text(self, tag: int) -> str:
        """The text of a tag; empty where there is none."""
        return bytes(self.numbers(tag)).split(b"\0")[0].decode("utf-8", "replace") if tag in self.tags else ""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.number(WIDTH)

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.number(HEIGHT)

    @property
    def samples(self) -> int:
        """Numbers a pixel."""
        return self.number(SAMPLES, 1)

    @property
    def bits(self) -> int:
        """Bits of each sample; 0 where they differ."""
        found = set(self.numbers(BITS)) or {1}
        return found.pop() if len(found) == 1 else 0

    @property
    def compression(self) -> int:
        """Number of the compression; 1 is none."""
        return self.number(COMPRESSION, 1)

    @property
    def photometric(self) -> int:
        """What samples mean: 0 and 1 grey, 2 RGB, 3 palette, 5 inks, 6 YCbCr, 8 Lab."""
        return self.number(PHOTOMETRIC, 1)

    @property
    def is_reduced(self) -> bool:
        """Whether the file says that this is a smaller copy of another page."""
        return bool(self.number(NEW_SUBFILE_TYPE) & 1)

    @property
    def is_big(self) -> bool:
        """Whether the file is a BigTIFF."""
        return b"+" in self.data[2:4]

    def exif_tags(self) -> dict[int, Values]:
        """All values of the EXIF directory."""
        found = _directory(self.data, (self.order, self.is_big), self.number(EXIF_IFD), Room())
        return found[0] if found else {}

    def exif(self) -> dict[int, float | int]:
        """The first number of each tag of the EXIF directory."""
        return {tag: values[0] for tag, values in self.exif_tags().items() if values}


def read_pages(data: bytes) -> tuple[Page, ...]:
    """The pages of a TIFF or BigTIFF of either byte order, in order, those within pages too.

    Raises:
        ValueError: there is none that says how large it is.
    """
    order = "<" if data[:2] == b"II" else ">"
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    is_big = version == 43
    (first,) = (
        struct.unpack_from(f"{order}Q", data, 8) if is_big else struct.unpack_from(f"{order}I", data, 4)
    )
    pages = tuple(Page(data, order, tags) for tags in _directories(data, (order, is_big), first))
    usable = tuple(page for page in pages if page.width > 0 and page.height > 0)
    if not usable:
        raise ValueError("it has no page with a size")
    return usable


def main_page(pages: tuple[Page, ...], name: str) -> Page:
    """The page that is the picture: the first, or the largest where the first is a smaller copy.

    Raises:
        UnsupportedFormatError: a raw file of a camera.
    """
    first = pages[0]
    if DNG_VERSION in first.tags or first.data[8:10] == b"CR" or any(map(_is_raw, pages)):
        raise UnsupportedFormatError(f"{name} is a camera's raw file.", "Develop it to a JPEG or TIFF first.")
    if first.is_reduced and all(page.is_reduced for page in pages):
        raise UnsupportedFormatError(f"{name} is a camera's raw file.", "Develop it to a JPEG or TIFF first.")
    return largest_page(pages)


def largest_page(pages: tuple[Page, ...]) -> Page:
    """The first page, or the largest where the first is a smaller copy, whether the file says so or not."""
    first = pages[0]
    whole = [page for page in pages if not page.is_reduced]
    if first.is_reduced:
        return max(whole or pages, key=_area)
    return max([first, *(page for page in whole if _is_copy(first, page))], key=_area)


def as_classic(page: Page) -> bytes:
    """The file with this page as its first, in the classic format: for decoders that know no other.

    A page of one sample has no planes, whatever it says; the EXIF directory of a BigTIFF is rewritten too.
    """
    order, body = page.order, page.data[8:] + b"\0" * (len(page.data) % 2)
    tags = {tag: values for tag, values in sorted(page.tags.items()) if tag != SUB_IFDS and values}
    if page.samples == 1 and PLANAR in tags:
        tags[PLANAR] = (1,)
    if EXIF_IFD in tags and page.is_big:
        exif = {tag: values for tag, values in sorted(page.exif_tags().items()) if values}
        tags[EXIF_IFD] = (8 + len(body),)
        body += _table(exif, order, 8 + len(body))
    at = 8 + len(body)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, at)
    return head + body + _table(tags, order, at)


def _table(tags: Mapping[int, Values], order: str, at: int) -> bytes:
    """A directory of the classic format that stands at a place, and its values behind it: of even length."""
    table, extra = struct.pack(f"{order}H", len(tags)), b""
    extra_at = at + 2 + 12 * len(tags) + 4
    for tag, values in tags.items():
        letter, kind = _letter(tag, values)
        packed = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(packed) > 4:
            place = struct.pack(f"{order}I", extra_at + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
        else:
            place = packed.ljust(4, b"\0")
        table += struct.pack(f"{order}HHI", tag, kind, len(values)) + place
    return table + b"\0\0\0\0" + extra


def _letter(tag: int, values: Values) -> tuple[str, int]:
    """Letter and type that hold the values of a tag."""
    if any(isinstance(value, float) for value in values):
        return "d", 12
    whole = [int(value) for value in values]
    if min(whole) < 0:
        return "i", 9
    top = max(whole)
    if top >= 2**32:
        raise ValueError("an offset does not fit into a classic TIFF")
    is_bytes = top < 256 and len(whole) > 16 and tag not in _LISTS
    return ("B", 7) if is_bytes else ("H", 3) if top < 65536 else ("I", 4)


def _is_raw(page: Page) -> bool:
    return page.photometric in _RAW_PHOTOMETRIC


def _area(page: Page) -> int:
    return page.width * page.height


def _is_copy(first: Page, page: Page) -> bool:
    """Whether the first page is a smaller copy of another, though the file does not say so."""
    by_width, by_height = page.width / first.width, page.height / first.height
    return by_width >= 2 and abs(by_width / by_height - 1) <= _SHAPE_TOLERANCE


@dataclass(slots=True)
class Room:
    """How many bytes of values may still be kept."""

    left: int = _MOST_IN_ALL

    def take(self, count: int) -> None:
        """ValueError where they do not fit."""
        self.left -= count
        if self.left < 0:
            raise ValueError(f"its tags hold more than {_MOST_IN_ALL / 2**20:g} MiB")


def _directories(data: bytes, how: tuple[str, bool], first: int) -> Iterator[dict[int, Values]]:
    """The tags of each page; those within a page follow it. ``how``: byte order, and whether it is big."""
    todo, seen, room = [first], set[int](), Room()
    while todo and len(seen) < _MOST_PAGES:
        at = todo.pop(0)
        if at in seen or not 0 < at < len(data):
            continue
        seen.add(at)
        found = _directory(data, how, at, room)
        if found is None:
            continue
        tags, following = found
        yield tags
        todo = [*(int(place) for place in tags.get(SUB_IFDS, ())[:_MOST_PAGES]), following, *todo]


def _directory(
    data: bytes, how: tuple[str, bool], at: int, room: Room
) -> tuple[dict[int, Values], int] | None:
    """The tags of one directory and where the next begins; None where it lies outside the file."""
    order, is_big = how
    count_letter, entry, place = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    head = struct.calcsize(count_letter)
    if not 0 < at <= len(data) - head:
        return None
    (count,) = struct.unpack_from(order + count_letter, data, at)
    count = min(count, _MOST_TAGS, (len(data) - at - head) // entry)
    tags: dict[int, Values] = {}
    for start in range(at + head, at + head + count * entry, entry):
        tag, kind, number = struct.unpack_from(f"{order}HH{place}", data, start)
        at_value = start + entry - struct.calcsize(place)
        values = _values(data, (order, place), (kind, number), at_value, room)
        if values is not None:
            tags[tag] = values
    end = at + head + count * entry
    following = struct.unpack_from(order + place, data, end)[0] if end + entry // 3 <= len(data) else 0
    return tags, following


def _values(
    data: bytes, how: tuple[str, str], kind_count: tuple[int, int], at: int, room: Room
) -> Values | None:
    """The values of an entry, which stand within it or where it points; None where they are not to be had.

    Those of too many numbers, such as the layers of a painting program, are not kept.
    """
    order, place = how
    kind, count = kind_count
    if kind not in _TYPES or count > _MOST_VALUES * (8 if _TYPES[kind][0] == "B" else 1):
        return None
    letter, each = _TYPES[kind]
    size = struct.calcsize(letter) * each * count
    if size > struct.calcsize(place):
        (at,) = struct.unpack_from(order + place, data, at)
    if at + size > len(data):
        return None
    room.take(size)
    if letter == "B":
        return data[at : at + size]
    array = np.frombuffer(data, np.dtype(order + _NUMPY[letter]), each * count, at)
    if kind in _RATIONAL:
        return tuple(n / d if d else 0.0 for n, d in array.reshape(-1, 2).tolist())
    return tuple(array.tolist())


_NUMPY = {"B": "u1", "H": "u2", "I": "u4", "b": "i1", "h": "i2", "i": "i4", "f": "f4", "d": "f8",
          "Q": "u8", "q": "i8"}  # fmt: skip
