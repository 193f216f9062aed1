"""PNG: headers that lie under a right checksum, data that unpacks to far more than it is."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import TYPE_CHECKING

from hostile.changes import cut, lie, scarred
from pictures import draw, encoded, png, png_chunk

if TYPE_CHECKING:
    from random import Random

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks_of(file: bytes) -> list[tuple[bytes, bytes]]:
    """Name and body of each chunk."""
    at, found = 8, []
    while at + 8 <= len(file):
        size, name = struct.unpack_from(">I4s", file, at)
        found.append((name, file[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def file_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these chunks, each with its right checksum."""
    return SIGNATURE + b"".join(png_chunk(name, body) for name, body in chunks)


@cache
def real() -> tuple[bytes, ...]:
    """Small files of several kinds."""
    drawing = draw(32, 24)
    deep = drawing.astype("uint16") * 257
    return (
        encoded(drawing),
        encoded(drawing[..., 0]),
        png(deep, 2, 16),
        png(drawing[..., :1] > 90, 0, 1),
        encoded(draw(640, 480)),
    )


def lying_header(rng: Random) -> bytes:
    """IHDR says another size, depth, colour type or interlacing than the data has."""
    chunks = chunks_of(rng.choice(real()))
    fields = list(struct.unpack(">IIBBBBB", chunks[0][1]))
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(7)
        fields[place] = lie(rng, 32 if place < 2 else 8)
    return file_of([(b"IHDR", struct.pack(">IIBBBBB", *fields)), *chunks[1:]])


@cache
def _zeros(width: int, height: int, bits: int) -> bytes:
    packer = zlib.compressobj(9)
    row = bytes(1 + (width * bits + 7) // 8)
    many = max(1, min(height, (1 << 20) // len(row)))
    parts = [packer.compress(row * many) for _ in range(height // many)]
    return b"".join([*parts, packer.compress(row * (height % many)), packer.flush()])


_SHAPES = ((1, 1_000_000), (1_000_000, 1), (12_000, 12_000), (30_000, 3_000), (65_535, 40), (9_000, 9_000))


def true_bomb(rng: Random) -> bytes:
    """A picture that is whole, small as a file, and very large or very thin."""
    width, height = rng.choice(_SHAPES)
    colour, bits = rng.choice(((0, 1), (0, 8), (3, 1)))
    body = _zeros(width, height, bits)
    palette = [(b"PLTE", b"\0\0\0\xff\xff\xff")] if colour == 3 else []
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return file_of([(b"IHDR", head), *palette, (b"IDAT", body), (b"IEND", b"")])


def word_bomb(rng: Random) -> bytes:
    """A text or a profile that unpacks to megabytes."""
    packed = zlib.compress(bytes(rng.choice((10_000, 2_000_000, 60_000_000))), 1)
    name, body = rng.choice(
        [
            (b"zTXt", b"Comment\0\0" + packed),
            (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed),
            (b"iCCP", b"profile\0\0" + packed),
        ]
    )
    chunks = chunks_of(rng.choice(real()))
    return file_of([chunks[0], (name, body), *chunks[1:]])


def many_chunks(rng: Random) -> bytes:
    """Tens of thousands of chunks, or data in pieces of one byte."""
    chunks = chunks_of(real()[0])
    name = rng.choice((b"tEXt", b"IDAT", b"pHYs", b"eXIf", b"fcTL", b"PLTE"))
    body = rng.choice((b"", b"a\0b", bytes(9), bytes(26)))
    return file_of([chunks[0], *[(name, body)] * rng.choice((3, 1_000, 40_000)), *chunks[1:]])


def mixed_chunks(rng: Random) -> bytes:
    """Chunks in another order, left out, doubled or damaged, with right checksums."""
    chunks = chunks_of(rng.choice(real()))
    chunks += [(b"acTL", struct.pack(">II", lie(rng), 0)), (b"tRNS", rng.randbytes(rng.randrange(8)))]
    chunks += [(b"PLTE", rng.randbytes(rng.randrange(800))), (b"gAMA", struct.pack(">I", lie(rng)))]
    body = [chunk for chunk in chunks[1:] if rng.random() < 0.8]
    rng.shuffle(body)
    body = [(name, scarred(rng, part) if rng.random() < 0.2 else part) for name, part in body]
    return file_of([chunks[0], *body, (b"IEND", b"")])


WAYS = (
    (40, lying_header),
    (15, mixed_chunks),
    (20, lambda rng: scarred(rng, rng.choice(real()))),
    (5, lambda rng: cut(rng, rng.choice(real()))),
    (1, true_bomb),
    (2, word_bomb),
    (2, many_chunks),
)
