"""WebP: a canvas, frames and chunks that lie."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from hostile.changes import cut, lie, scarred
from pictures import draw, encoded, exif

if TYPE_CHECKING:
    from random import Random


@cache
def real() -> tuple[bytes, ...]:
    """Small files: with loss, without, with EXIF, moving."""
    drawing = draw(32, 24)
    out = io.BytesIO()
    frames = [Image.fromarray(drawing[:, ::step].copy()).resize((32, 24)) for step in (1, -1)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return (
        encoded(drawing, "WEBP"),
        encoded(drawing, "WEBP", lossless=True),
        encoded(drawing, "WEBP", exif=exif({274: 6})),
        out.getvalue(),
    )


def chunks_of(file: bytes) -> list[tuple[bytes, bytes]]:
    """Name and body of each chunk."""
    at, found = 12, []
    while at + 8 <= len(file):
        name, size = struct.unpack_from("<4sI", file, at)
        found.append((name, file[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def file_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A WebP of these chunks."""
    body = b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def lying_size(rng: Random) -> bytes:
    """The canvas, a frame or the picture itself says another size."""
    chunks = chunks_of(rng.choice(real()))
    wide, high = lie(rng, 24), lie(rng, 24)
    canvas = bytes([rng.randrange(256)]) + bytes(3) + wide.to_bytes(3, "little") + high.to_bytes(3, "little")
    if rng.random() < 0.5:
        return file_of([(b"VP8X", canvas), *[chunk for chunk in chunks if chunk[0] != b"VP8X"]])
    found = []
    for name, part in chunks:
        body = bytearray(part)
        if name == b"VP8 ":
            struct.pack_into("<HH", body, 6, lie(rng, 16), lie(rng, 16))
        elif name == b"VP8L":
            struct.pack_into("<I", body, 1, lie(rng, 32))
        elif name == b"ANMF":
            body[: rng.choice((6, 12))] = rng.randbytes(6)
        found.append((name, bytes(body)))
    return file_of(found)


def lying_length(rng: Random) -> bytes:
    """A chunk, or the whole, says another length."""
    file = bytearray(rng.choice(real()))
    struct.pack_into("<I", file, rng.choice((4, 16)), lie(rng))
    return bytes(file)


def many_frames(rng: Random) -> bytes:
    """A moving picture of thousands of frames."""
    chunks = chunks_of(real()[3])
    frames = [chunk for chunk in chunks if chunk[0] == b"ANMF"]
    return file_of(
        [chunk for chunk in chunks if chunk[0] != b"ANMF"] + frames * rng.choice((10, 1_000, 5_000))
    )


WAYS = (
    (6, lying_size),
    (2, lying_length),
    (1, many_frames),
    (4, lambda rng: scarred(rng, rng.choice(real()))),
    (1, lambda rng: cut(rng, rng.choice(real()))),
)
