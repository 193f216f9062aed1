"""HEIC files put together byte by byte: ``from heifs import Item, heic``; pictures come from a real one."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from nearfar.decode import _heif

DATA = Path(__file__).parent / "data"
DEPTH_URN = "urn:mpeg:hevc:2015:auxid:2"


@dataclass(frozen=True)
class Item:
    """An item: its number, type, bytes, properties (type, body) and references (type, targets)."""

    number: int
    kind: bytes
    body: bytes
    properties: tuple[tuple[bytes, bytes], ...] = ()
    references: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    content_type: bytes = b""


def box(kind: bytes, body: bytes) -> bytes:
    """A box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, body: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags) + body)


def coded(name: str) -> Item:
    """The coded picture of a real file, as item 1."""
    found = _heif.read_heif((DATA / name).read_bytes())
    return Item(
        1, found.kinds[found.primary], found.item(found.primary), tuple(found.properties[found.primary])
    )


def as_auxiliary(item: Item, number: int, of: int, urn: str = DEPTH_URN) -> Item:
    """The same picture as an auxiliary one of another."""
    properties = (*item.properties, (b"auxC", bytes(4) + urn.encode() + b"\0"))
    return Item(number, item.kind, item.body, properties, ((b"auxl", (of,)),))


def words(number: int, about: int, text: str) -> Item:
    """XMP about an item."""
    return Item(number, b"mime", text.encode(), (), ((b"cdsc", (about,)),), b"application/rdf+xml")


def heic(*items: Item, primary: int = 1, groups: tuple[tuple[bytes, tuple[int, ...]], ...] = ()) -> bytes:
    """The bytes of a file that holds these items."""
    head = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    meta = _meta(items, primary, groups, 0)
    return (
        head
        + _meta(items, primary, groups, len(head) + len(meta) + 8)
        + box(b"mdat", b"".join(item.body for item in items))
    )


def _meta(items: tuple[Item, ...], primary: int, groups: tuple, start: int) -> bytes:
    parts = [full(b"hdlr", bytes(4) + b"pict" + bytes(13)), full(b"pitm", struct.pack(">H", primary))]
    parts.append(full(b"iinf", struct.pack(">H", len(items)) + b"".join(map(_info, items))))
    shelf = [prop for item in items for prop in item.properties]
    ipco = box(b"ipco", b"".join(box(kind, body) for kind, body in shelf))
    rows, at = b"", 0
    for item in items:
        rows += struct.pack(">HB", item.number, len(item.properties))
        for kind, _ in item.properties:
            at += 1
            rows += bytes([at | (0x80 if kind in {b"hvcC", b"auxC"} else 0)])
    parts.append(box(b"iprp", ipco + full(b"ipma", struct.pack(">I", len(items)) + rows)))
    refs = [
        box(kind, struct.pack(f">HH{len(targets)}H", item.number, len(targets), *targets))
        for item in items
        for kind, targets in item.references
    ]
    parts += [full(b"iref", b"".join(refs))] if refs else []
    places, at = b"", start
    for item in items:
        places += struct.pack(">HHHII", item.number, 0, 1, at, len(item.body))
        at += len(item.body)
    parts.append(full(b"iloc", struct.pack(">BBH", 0x44, 0, len(items)) + places))
    if groups:
        entries = [full(k, struct.pack(f">II{len(m)}I", 90, len(m), *m)) for k, m in groups]
        parts.append(box(b"grpl", b"".join(entries)))
    return full(b"meta", b"".join(parts))


def _info(item: Item) -> bytes:
    tail = item.kind + b"\0" + (item.content_type + b"\0" if item.kind == b"mime" else b"")
    return full(b"infe", struct.pack(">HH", item.number, 0) + tail, version=2)
