"""HEIF and AVIF: boxes whose sizes, places and numbers lie."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

from carriers import XMP_OF_DEPTH
from heifs import DATA, Item, as_auxiliary, coded, heic, words
from hostile.changes import cut, lie, scarred
from pictures import draw, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

_HOLDS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"iref": 4, b"dinf": 0, b"grpl": 0}
"""Boxes that hold boxes, and how many bytes stand before them."""


@cache
def real() -> tuple[bytes, ...]:
    """HEIC as a camera writes it, one with transparency, with depth, as a stereo pair; AVIF."""
    drawn = coded("drawing.heic")
    second = Item(2, drawn.kind, drawn.body, drawn.properties)
    return (
        (DATA / "drawing.heic").read_bytes(),
        (DATA / "see_through.heic").read_bytes(),
        heic(drawn, as_auxiliary(drawn, 2, 1), words(3, 2, XMP_OF_DEPTH)),
        heic(drawn, second, groups=((b"ster", (1, 2)),)),
        encoded(draw(32, 24), "AVIF"),
    )


def boxes_in(file: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and size of each box, those within others too."""
    at, last = start, len(file) if end is None else end
    while at + 8 <= last:
        size, kind = struct.unpack_from(">I4s", file, at)
        if size < 8 or at + size > last:
            return
        yield kind, at, size
        if kind in _HOLDS:
            yield from boxes_in(file, at + 8 + _HOLDS[kind], at + size)
        at += size


def lying_box(rng: Random) -> bytes:
    """Sizes of boxes, or what stands in them, are others."""
    file = bytearray(rng.choice(real()))
    found = [row for row in boxes_in(bytes(file)) if row[0] != b"mdat"]
    for kind, at, size in rng.choices(found, k=rng.randint(1, 3)):
        if rng.random() < 0.3 or size < 12:
            struct.pack_into(">I", file, at, lie(rng))
        elif kind == b"ispe":
            struct.pack_into(">I", file, at + rng.choice((12, 16)), lie(rng))
        else:
            place = rng.randrange(at + 8, at + size)
            width = rng.choice((1, 2, 4))
            file[place : place + width] = lie(rng, 8 * width).to_bytes(width, "big")
    return bytes(file)


def many_boxes(rng: Random) -> bytes:
    """Thousands of boxes, or boxes within boxes, behind the head."""
    head = real()[0][:24]
    if rng.random() < 0.5:
        return head + struct.pack(">I4s", 8, rng.choice((b"free", b"meta", b"ipco"))) * rng.choice(
            (100, 50_000)
        )
    inner = b""
    for _ in range(rng.choice((50, 1_000))):
        inner = struct.pack(">I4sI", 12 + len(inner), b"meta", 0) + inner
    return head + inner


WAYS = (
    (8, lying_box),
    (1, many_boxes),
    (4, lambda rng: scarred(rng, rng.choice(real()))),
    (1, lambda rng: cut(rng, rng.choice(real()))),
)
