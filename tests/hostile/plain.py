"""GIF, BMP and PNM: the old formats, with sizes and counts that lie."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from hostile.changes import cut, lie, scarred
from pictures import draw, encoded

if TYPE_CHECKING:
    from random import Random


@cache
def gifs() -> tuple[bytes, ...]:
    """A still one and a moving one."""
    drawing = draw(32, 24)
    out = io.BytesIO()
    frames = [Image.fromarray(drawing[:, ::step].copy()) for step in (1, -1, 2)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:2])
    return encoded(drawing, "GIF"), out.getvalue()


def lying_gif(rng: Random) -> bytes:
    """Screen, frame or code size are others."""
    file = bytearray(rng.choice(gifs()))
    table = 3 << ((file[10] & 7) + 1) if file[10] & 0x80 else 0
    frame = file.find(b",", 13 + table)
    for _ in range(rng.randint(1, 3)):
        what = rng.choice(("screen", "frame", "code", "flags"))
        if what == "screen" or frame < 0:
            struct.pack_into("<H", file, rng.choice((6, 8)), lie(rng, 16))
        elif what == "frame":
            struct.pack_into("<H", file, frame + rng.choice((1, 3, 5, 7)), lie(rng, 16))
        else:
            file[frame + (9 if what == "flags" else 10)] = lie(rng, 8)
    return bytes(file)


def many_gif_frames(rng: Random) -> bytes:
    """Tens of thousands of frames of one pixel on a large screen."""
    side = rng.choice((1, 500, 5_000, 30_000))
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x44\1\0"
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    return head + frame * rng.choice((2, 1_000, 30_000)) + b";"


def lying_bmp(rng: Random) -> bytes:
    """Any field of the header is another, sides below zero as well."""
    file = bytearray(encoded(draw(32, 24), "BMP"))
    for _ in range(rng.randint(1, 3)):
        at, size = rng.choice(
            ((10, 4), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2), (30, 4), (34, 4), (46, 4))
        )
        value = rng.choice(
            (lie(rng, 8 * size), 2 ** (8 * size) - rng.randint(1, 70_000) % 2 ** (8 * size - 1))
        )
        file[at : at + size] = (value % 2 ** (8 * size)).to_bytes(size, "little")
    return bytes(file)


def run_length_bmp(rng: Random) -> bytes:
    """A picture of runs that is large and has a few bytes."""
    width, height = lie(rng, 16), lie(rng, 16)
    body = rng.choice((b"\xff\1" * 50, b"\0\2\xff\xff" * 50, b"\0\1", rng.randbytes(60)))
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 0, 0, 2, 0)
    return b"BM" + struct.pack("<IHHI", 62 + len(body), 0, 0, 62) + head + bytes(8) + body


def lying_pnm(rng: Random) -> bytes:
    """Numbers in the head that are too large, too long, or none."""
    kind = rng.randint(1, 7)
    number = lambda: rng.choice(  # noqa: E731 - three of them
        (str(lie(rng)), str(lie(rng, 8)), "-1", "0", "9" * rng.choice((20, 5_000)), "#x\n1", "1e9", "٣")
    )
    head = f"P{kind}{rng.choice((' ', chr(10), '#' + 'a' * 5000 + chr(10)))}{number()} {number()}"
    if kind == 7:
        sizes = f"WIDTH {number()}\nHEIGHT {number()}\nDEPTH {number()}\nMAXVAL {number()}"
        head = f"P7\n{sizes}\nTUPLTYPE RGB\nENDHDR"
    elif kind not in {1, 4}:
        head += f" {number()}"
    body = rng.choice((rng.randbytes(2304), b"1 " * 3000, b"9" * 5000, b""))
    return head.encode() + b"\n" + body


GIF = (
    (5, lying_gif),
    (1, many_gif_frames),
    (3, lambda rng: scarred(rng, rng.choice(gifs()))),
    (1, lambda rng: cut(rng, gifs()[1])),
)
BMP = ((5, lying_bmp), (2, run_length_bmp), (2, lambda rng: scarred(rng, encoded(draw(32, 24), "BMP"))))
PNM = ((1, lying_pnm),)
