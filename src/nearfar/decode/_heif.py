"""The boxes of a HEIF file: its items, what they are to one another, and where their bytes lie.

Source: ISO/IEC 23008-12 (HEIF) and 14496-12 (boxes). Only what depth needs is read; pictures are decoded by
libheif, to which an auxiliary picture is given as the primary one of the same file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST = 4096  # boxes, items, properties and references of a file
_DEPTH_WORDS = ("auxid:2", ":depth", "disparity")
_MATTE_WORDS = ("matte",)


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a type, and where its body lies in the file."""

    kind: bytes
    start: int
    end: int


@dataclass(slots=True)
class Heif:
    """What a file says of its items; ``data`` is the file."""

    data: bytes
    primary: int = 0
    primary_place: tuple[int, int] = (0, 0)
    """Where the number of the primary item stands, and its bytes."""
    kinds: dict[int, bytes] = field(default_factory=dict)
    content_types: dict[int, bytes] = field(default_factory=dict)
    references: list[tuple[bytes, int, tuple[int, ...]]] = field(default_factory=list)
    properties: dict[int, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    groups: list[tuple[bytes, tuple[int, ...]]] = field(default_factory=list)
    ties: list[tuple[int, bytes]] = field(default_factory=list)
    """Places of bytes that make an item a part of another, and what stands there where it is on its own."""

    def item(self, number: int) -> bytes:
        """The bytes of an item."""
        places = self.extents.get(number, ())
        if sum(size for at, size in places if at + size <= len(self.data)) > len(self.data):
            raise ValueError("an item is longer than the file")  # its parts lie over each other
        return b"".join(self.data[at : at + size] for at, size in places)

    def auxiliary(self, words: tuple[str, ...]) -> int | None:
        """The auxiliary item of the primary one whose type holds one of the words."""
        for kind, source, targets in self.references:
            if kind == b"auxl" and self.primary in targets:
                urn = self.property_of(source, b"auxC")[4:].split(b"\0")[0].decode("latin-1")
                if any(word in urn for word in words):
                    return source
        return None

    def property_of(self, number: int, kind: bytes) -> bytes:
        """The body of an item's property; empty where it has none of that kind."""
        return next((body for name, body in self.properties.get(number, ()) if name == kind), b"")

    def words_about(self, number: int) -> str:
        """The XMP that describes an item; empty where there is none."""
        for kind, source, targets in self.references:
            if kind == b"cdsc" and number in targets and b"rdf+xml" in self.content_types.get(source, b""):
                return self.item(source).decode("utf-8", "replace")
        return ""

    def with_primary(self, number: int) -> bytes:
        """The file with another item as its primary one, and none an auxiliary or hidden one."""
        whole = bytearray(self.data)
        at, size = self.primary_place
        for place, free in [*self.ties, (at, number.to_bytes(size, "big"))]:
            whole[place : place + len(free)] = free
        return bytes(whole)

    @property
    def depth_item(self) -> int | None:
        """The item that is the depth of the primary one."""
        return self.auxiliary(_DEPTH_WORDS)

    @property
    def matte_item(self) -> int | None:
        """The item that is a matte of persons in the primary one."""
        return self.auxiliary(_MATTE_WORDS)

    @property
    def stereo_pair(self) -> tuple[int, int] | None:
        """The items that are the left and the right eye's picture."""
        for kind, members in self.groups:
            if kind == b"ster" and len(members) >= 2:
                return members[0], members[1]
        return None


def read_heif(data: bytes) -> Heif:
    """The items of a HEIF file.

    Raises:
        ValueError, struct.error: it is damaged.
    """
    found = Heif(data)
    meta = next((box for box in boxes(data, 0, len(data)) if box.kind == b"meta"), None)
    if meta is None:
        raise ValueError("it has no box of items")
    inner = list(boxes(data, meta.start + 4, meta.end))
    idat = next((box.start for box in inner if box.kind == b"idat"), 0)
    for box in inner:
        if box.kind == b"iloc":
            _read_places(found, box, idat)
        elif box.kind in _READERS:
            _READERS[box.kind](found, box)
    return found


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places, in order; as many as are whole."""
    count = 0
    while start + 8 <= end and count < _MOST:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        stop = end if size == 0 else start + size
        if size and (size < head or stop > end):
            return
        yield Box(kind, start + head, stop)
        start, count = stop, count + 1


def _read_primary(found: Heif, box: Box) -> None:
    size = 2 if found.data[box.start] == 0 else 4
    found.primary_place = box.start + 4, size
    found.primary = int.from_bytes(found.data[box.start + 4 : box.start + 4 + size], "big")


def _read_items(found: Heif, box: Box) -> None:
    at = box.start + (6 if found.data[box.start] == 0 else 8)
    for entry in boxes(found.data, at, box.end):
        version = found.data[entry.start]
        if entry.kind != b"infe" or version < 2:
            continue
        size = 2 if version == 2 else 4
        found.ties.append((entry.start + 3, b"\0"))  # the flag of what is hidden
        number = int.from_bytes(found.data[entry.start + 4 : entry.start + 4 + size], "big")
        body = found.data[entry.start + 4 + size + 2 : entry.end]
        found.kinds[number] = body[:4]
        words = body[4:].split(b"\0")
        found.content_types[number] = words[1] if body[:4] == b"mime" and len(words) > 1 else b""


def _read_references(found: Heif, box: Box) -> None:
    size = 2 if found.data[box.start] == 0 else 4
    for entry in boxes(found.data, box.start + 4, box.end):
        body = found.data[entry.start : entry.end]
        source = int.from_bytes(body[:size], "big")
        count = int.from_bytes(body[size : size + 2], "big")
        numbers = [body[size + 2 + i * size : size + 2 + (i + 1) * size] for i in range(min(count, _MOST))]
        targets = tuple(int.from_bytes(number, "big") for number in numbers if len(number) == size)
        found.references.append((entry.kind, source, targets))
        if entry.kind == b"auxl":
            found.ties.append((entry.start - 4, b"free"))


def _read_properties(found: Heif, box: Box) -> None:
    inner = list(boxes(found.data, box.start, box.end))
    shelf = next((entry for entry in inner if entry.kind == b"ipco"), None)
    if shelf is None:
        return
    bodies = [(p.kind, found.data[p.start : p.end]) for p in boxes(found.data, shelf.start, shelf.end)]
    for entry in inner:
        if entry.kind == b"ipma":
            _associate(found, entry, bodies)


def _associate(found: Heif, box: Box, bodies: list[tuple[bytes, bytes]]) -> None:
    data, at = found.data, box.start + 8
    version, is_wide = data[box.start], data[box.start + 3] & 1
    (count,) = struct.unpack_from(">I", data, box.start + 4)
    size = 2 if version < 1 else 4
    for _ in range(min(count, _MOST)):
        if at + size + 1 > box.end:
            return
        number, many = int.from_bytes(data[at : at + size], "big"), data[at + size]
        at += size + 1
        for _ in range(many):
            place = int.from_bytes(data[at : at + 1 + is_wide], "big") & (0x7FFF if is_wide else 0x7F)
            at += 1 + is_wide
            if 0 < place <= len(bodies):
                found.properties.setdefault(number, []).append(bodies[place - 1])


def _read_places(found: Heif, box: Box, idat: int) -> None:
    data, version = found.data, found.data[box.start]
    sizes = int.from_bytes(data[box.start + 4 : box.start + 6], "big")
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 2 if version < 2 else 4
    at = box.start + 6
    count, at = int.from_bytes(data[at : at + wide], "big"), at + wide
    total = 0
    for _ in range(min(count, _MOST)):
        if at + wide > box.end:
            return
        number, at = int.from_bytes(data[at : at + wide], "big"), at + wide
        method = data[at + 1] & 15 if version else 0
        at += 4 if version else 2
        start, at = int.from_bytes(data[at : at + base], "big"), at + base
        start += idat if method == 1 else 0
        many, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        for _ in range(min(many, _MOST - total)):
            total += 1
            at += index if version else 0
            begin, at = int.from_bytes(data[at : at + offset], "big"), at + offset
            span, at = int.from_bytes(data[at : at + length], "big"), at + length
            if at > box.end:
                return
            found.extents.setdefault(number, []).append((start + begin, span))


def _read_groups(found: Heif, box: Box) -> None:
    for entry in boxes(found.data, box.start, box.end):
        body = found.data[entry.start : entry.end]
        count = int.from_bytes(body[8:12], "big")
        numbers = [body[12 + 4 * i : 16 + 4 * i] for i in range(min(count, _MOST))]
        members = tuple(int.from_bytes(number, "big") for number in numbers if len(number) == 4)
        found.groups.append((entry.kind, members))


_READERS = {
    b"pitm": _read_primary,
    b"iinf": _read_items,
    b"iref": _read_references,
    b"iprp": _read_properties,
    b"grpl": _read_groups,
}


def size_of(found: Heif, number: int) -> tuple[int, int]:
    """(width, height) that an item's property says; (0, 0) where it says none."""
    body = found.property_of(number, b"ispe")
    return struct.unpack_from(">II", body, 4) if len(body) >= 12 else (0, 0)


def float_plane(found: Heif, number: int) -> Mapping[str, int] | None:
    """The layout of an uncompressed item (ISO/IEC 23001-17) of one channel of 16- or 32-bit floats, or None.

    ``bits``, ``is_little``.
    """
    body = found.property_of(number, b"uncC")
    if found.kinds.get(number) != b"unci" or len(body) < 27 or body[0] != 0:
        return None
    (components,) = struct.unpack_from(">I", body, 8)
    bits, form = body[14] + 1, body[15]
    if components != 1 or form != 1 or bits not in {16, 32}:
        return None
    return {"bits": bits, "is_little": int(bool(body[20] & 0x80))}
