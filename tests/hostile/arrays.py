"""Depth files and arrays: NPY, NPZ, EXR, PFM, 16-bit PNG and TIFF whose headers lie."""

from __future__ import annotations

import io
import struct
import zipfile
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

import nearfar
from hostile.changes import cut, lie, scarred
from pictures import draw, encoded

if TYPE_CHECKING:
    from random import Random

_TYPES = (
    "<f4",
    "<f8",
    "|O",
    "|V9999999",
    "<U1000000",
    "<c16",
    "|b1",
    ">i8",
    "f4",
    "M8[ns]",
    "x" * 5000,
    "(2,)<f4",
)
_BOXES = (b"dataWindow\0box2i\0", b"displayWindow\0box2i\0")


@cache
def real() -> tuple[bytes, ...]:
    """One depth map as every file that nearfar writes, and a photo that carries it."""
    values = np.linspace(1, 5, 32 * 24, dtype=np.float32).reshape(24, 32)
    depth = nearfar.DepthMap(values, "metric")
    photo = encoded(draw(32, 24), "JPEG")
    own = [nearfar.export(name, depth) for name in ("exr", "npz", "pfm", "png16", "tiff", "npy")]
    return (*own, *(nearfar.export(name, depth, photo) for name in ("gdepth", "dynamic-depth")))


def _npy(header: bytes, body: bytes, version: int = 1, length: int | None = None) -> bytes:
    size = len(header) if length is None else length
    packed = struct.pack("<H" if version == 1 else "<I", size % (1 << (16 if version == 1 else 32)))
    return b"\x93NUMPY" + bytes([version, 0]) + packed + header + body


def lying_npy(rng: Random) -> bytes:
    """A header with another shape, type, order or length, or one that is no such text."""
    shape = rng.choice(
        (
            f"({lie(rng)}, {lie(rng)})",
            f"({lie(rng)},)",
            "(24, 32)",
            "()",
            f"(-1, {lie(rng, 8)})",
            "(" * rng.choice((10, 5_000)) + ")" * 10,
            "(" + "9" * 5_000 + ",)",
            "(1," * 40 + ")" * 40,
            "(24, 32" + ", 1" * 60 + ")",
        )
    )
    order = rng.choice(("False", "True", "1"))
    text = f"{{'descr': '{rng.choice(_TYPES)}', 'fortran_order': {order}, 'shape': {shape}, }}"
    length = lie(rng) if rng.random() < 0.2 else None
    body = rng.randbytes(rng.choice((0, 768, 3_072, 6_144)))
    return _npy(text.encode() + b"\n", body, rng.choice((1, 1, 2, 3, 9)), length)


def lying_npz(rng: Random) -> bytes:
    """An archive of arrays that lie, are far smaller packed, or are no arrays."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in rng.sample(("depth", "values", "valid", "kind", "a", "../b", "arr_0"), rng.randint(1, 4)):
            if rng.random() < 0.15:
                side = rng.choice((4_000, 8_000))
                body = _npy(
                    f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({side}, {side}), }}\n".encode(), b""
                )
                body += bytes(rng.choice((1_000, 4 * 4_000 * 4_000)))
            else:
                body = lying_npy(rng)
            archive.writestr(f"{name}.npy", body)
    return out.getvalue() if rng.random() < 0.7 else scarred(rng, out.getvalue())


def lying_exr(rng: Random) -> bytes:
    """Windows, channels, compression or places of an OpenEXR are others."""
    file = bytearray(real()[0])
    if rng.random() < 0.6:
        at = file.find(rng.choice(_BOXES))
        if at >= 0:
            start = file.index(b"box2i\0", at) + 6 + 4
            struct.pack_into("<I", file, start + 4 * rng.randrange(4), lie(rng))
    for word in (b"compression\0compression\0", b"lineOrder\0lineOrder\0", b"channels\0chlist\0"):
        at = file.find(word)
        if at >= 0 and rng.random() < 0.3:
            file[at + len(word) + rng.choice((0, 4, 8, 12))] = lie(rng, 8)
    return bytes(file) if rng.random() < 0.7 else scarred(rng, bytes(file))


def lying_pfm(rng: Random) -> bytes:
    """Sizes and scale are others."""
    words = [
        rng.choice(("Pf", "PF", "Pf4")),
        str(lie(rng)),
        str(lie(rng, 16)),
        rng.choice(("-1.0", "1e400", "nan", "0", "x" * 900)),
    ]
    place = rng.choice((1, 2))
    words[place] = rng.choice((words[place], "32", "24", "-3", "9" * 4_400))
    return "{} {} {}\n{}\n".format(*words).encode() + rng.randbytes(3_072)


WAYS = (
    (4, lying_npy),
    (2, lying_npz),
    (3, lying_exr),
    (2, lying_pfm),
    (4, lambda rng: scarred(rng, rng.choice(real()))),
    (1, lambda rng: cut(rng, rng.choice(real()))),
)
