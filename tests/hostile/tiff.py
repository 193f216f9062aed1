"""TIFF: tags that say other sizes, counts, places and layouts; directories in a circle."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from hostile.changes import cut, lie, scarred
from pictures import draw, tiff
from tiffs import Layout, tiff_of

if TYPE_CHECKING:
    from random import Random

_SIZE_TAGS = (256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339)
_LAYOUTS = (
    *(1, 2, 3, 5, 6, 7, 8, 32773, 32946, 34712, 50000, 50001),
    *(34661, 34925, 99),
)
"""Compressions, known and not."""


@cache
def real() -> tuple[bytes, ...]:
    """Small files: strips, tiles, LZW, floats, big endian, planes, BigTIFF, several pages."""
    drawing = draw(32, 24)
    deep = drawing.astype(np.uint16) * 257
    floats = (drawing / 255).astype(np.float32)
    return (
        tiff(drawing),
        tiff(deep),
        tiff_of((drawing, Layout(tile=(16, 16)))),
        tiff_of((drawing, Layout(tile=(16, 16), compression=8))),
        tiff_of((deep, Layout(">", planar=True, rows=7, compression=5, predictor=2))),
        tiff_of((floats, Layout(compression=8, predictor=3))),
        tiff_of((floats[..., :1], Layout(">", rows=5))),
        tiff_of((drawing[::2, ::2], Layout(big=True)), (drawing, Layout(big=True, tile=(16, 16)))),
        tiff_of((drawing, Layout()), (drawing[::2, ::2], Layout())),
    )


def _entries(file: bytes) -> tuple[str, list[int]]:
    """The byte order, and where the entries of the first directory of a classic file stand."""
    order = "<" if file[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", file, 4)
    (count,) = struct.unpack_from(f"{order}H", file, at)
    return order, [at + 2 + 12 * i for i in range(count)]


def _classic(rng: Random) -> bytearray:
    return bytearray(rng.choice([file for file in real() if file[2:4] in {b"*\0", b"\0*"}]))


def lying_tags(rng: Random) -> bytes:
    """Values, types and counts of a few tags are others."""
    file = _classic(rng)
    order, places = _entries(file)
    sizes = [at for at in places if struct.unpack_from(f"{order}H", file, at)[0] in _SIZE_TAGS]
    for at in rng.choices(sizes, k=rng.randint(1, 3)):
        tag, kind = struct.unpack_from(f"{order}HH", file, at)
        what = rng.choice(("value", "value", "value", "count", "kind"))
        if what == "kind":
            struct.pack_into(f"{order}H", file, at + 2, rng.choice((0, 1, 2, 3, 4, 5, 7, 11, 12, 13, 16, 99)))
        elif what == "count":
            struct.pack_into(f"{order}I", file, at + 4, lie(rng))
        elif kind == 3:
            value = rng.choice(_LAYOUTS) if tag == 259 else lie(rng, 16)
            struct.pack_into(f"{order}H", file, at + 8, value)
        else:
            struct.pack_into(f"{order}I", file, at + 8, lie(rng))
    return bytes(file)


def hidden_tile(rng: Random) -> bytes:
    """A small picture whose one tile, or strip, is enormous."""
    file = bytearray(real()[rng.choice((2, 3))])
    order, places = _entries(file)
    side = rng.choice((4_096, 26_000, 60_000, 2**31 - 16))
    for at in places:
        if struct.unpack_from(f"{order}H", file, at)[0] in {322, 323}:
            struct.pack_into(
                f"{order}HHII", file, at, struct.unpack_from(f"{order}H", file, at)[0], 4, 1, side
            )
    return bytes(file)


def circle(rng: Random) -> bytes:
    """Directories that point to themselves, or to thousands of others."""
    file = _classic(rng)
    order, places = _entries(file)
    (first,) = struct.unpack_from(f"{order}I", file, 4)
    link = places[-1] + 12
    if rng.random() < 0.5:
        struct.pack_into(f"{order}I", file, link, rng.choice((first, lie(rng))))
        return bytes(file)
    block = bytes(file[first:link])
    for _ in range(rng.choice((3, 300, 5_000))):
        struct.pack_into(f"{order}I", file, link, len(file))
        link = len(file) + len(block)
        file += block + bytes(4)
    return bytes(file)


WAYS = (
    (8, lying_tags),
    (1, hidden_tile),
    (1, circle),
    (4, lambda rng: scarred(rng, rng.choice(real()))),
    (1, lambda rng: cut(rng, rng.choice(real()))),
)
