"""TIFF files of every layout, written by hand: ``from tiffs import Layout, tiff_of``."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

_KINDS = {"B": (1, "B"), "s": (2, "s"), "H": (3, "H"), "I": (4, "I"), "d": (12, "d"), "U": (7, "B")}


@dataclass(frozen=True)
class Layout:
    """How the samples of a page are laid out; ``rows`` of a strip or ``tile`` (height, width)."""

    order: str = "<"
    big: bool = False
    planar: bool = False
    rows: int = 0
    tile: tuple[int, int] | None = None
    compression: int = 1
    predictor: int = 1
    photometric: int | None = None
    extra: tuple[int, ...] = ()
    tags: tuple[tuple[int, str, object], ...] = ()


def tiff_of(*pages: tuple[np.ndarray, Layout]) -> bytes:
    """The bytes of a file with these pages: (H, W, S) samples, their layout; the first's says the order."""
    order, big = pages[0][1].order, pages[0][1].big
    out = bytearray(struct.pack("<2s", b"II" if order == "<" else b"MM"))
    out += struct.pack(f"{order}HHHQ", 43, 8, 0, 0) if big else struct.pack(f"{order}HI", 42, 0)
    link = len(out) - (8 if big else 4)
    place = "Q" if big else "I"
    for pixels, layout in pages:
        tags = _tags(out, np.atleast_3d(pixels), layout)
        out += b"\0" * (len(out) % 2)
        struct.pack_into(order + place, out, link, len(out))
        link = _directory(out, tags, order, big=big)
    return bytes(out)


def _tags(out: bytearray, pixels: np.ndarray, layout: Layout) -> list[tuple[int, str, object]]:
    """Put the pixels into the file; give the tags that find them."""
    height, width, samples = pixels.shape
    planes = [pixels[..., i : i + 1] for i in range(samples)] if layout.planar else [pixels]
    rows = layout.rows or height
    high, wide = layout.tile or (rows, width)
    offsets, counts = [], []
    for plane in planes:
        for y in range(0, height, high):
            for x in range(0, width, wide):
                part = plane[y : y + high, x : x + wide]
                if layout.tile:
                    part = np.pad(part, ((0, high - part.shape[0]), (0, wide - part.shape[1]), (0, 0)))
                chunk = packed(part, layout)
                offsets.append(len(out))
                counts.append(len(chunk))
                out += chunk
    meaning = layout.photometric if layout.photometric is not None else (2 if samples >= 3 else 1)
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    at, of = (324, 325) if layout.tile else (273, 279)
    bits = [8 * pixels.dtype.itemsize] * samples
    tags: list[tuple[int, str, object]] = [
        (256, "I", width), (257, "I", height), (258, "H", bits), (259, "H", layout.compression),
        (262, "H", meaning), (277, "H", samples), (284, "H", 1 + layout.planar),
        (317, "H", layout.predictor), (339, "H", [kind] * samples), (at, "I", offsets), (of, "I", counts),
    ]  # fmt: skip
    tags += [(322, "I", wide), (323, "I", high)] if layout.tile else [(278, "I", rows)]
    tags += [(338, "H", list(layout.extra))] if layout.extra else []
    return tags + list(layout.tags)


def packed(part: np.ndarray, layout: Layout) -> bytes:
    """The bytes of a strip or tile."""
    values = part
    if layout.predictor == 2:
        values = np.diff(part, axis=1, prepend=np.zeros_like(part[:, :1]))
    data = values.astype(values.dtype.newbyteorder(layout.order)).tobytes()
    if layout.predictor == 3:
        data = _float_differences(part)
    if layout.compression in {8, 32946}:
        return zlib.compress(data)
    if layout.compression in {5, 32773}:
        return _by_pillow(data, len(part), {5: "tiff_lzw", 32773: "packbits"}[layout.compression])
    return data


def _float_differences(part: np.ndarray) -> bytes:
    """Adobe TechNote 3: bytes of the numbers apart, highest first, then differences along the row."""
    rows = part.reshape(len(part), -1)
    each = rows.astype(rows.dtype.newbyteorder(">")).view(np.uint8).reshape(*rows.shape, -1)
    bytewise = each.swapaxes(1, 2).reshape(len(part), -1, part.shape[2])
    return np.diff(bytewise, axis=1, prepend=np.zeros_like(bytewise[:, :1])).tobytes()


def _by_pillow(data: bytes, rows: int, compression: str) -> bytes:
    """Bytes packed as libtiff packs the one strip of a grey picture."""
    out = io.BytesIO()
    image = Image.frombytes("L", (len(data) // rows, rows), data)
    image.save(out, "TIFF", compression=compression, tiffinfo={278: rows})
    tags = Image.open(out).tag_v2
    (at,), (count,) = tags[273], tags[279]
    return out.getvalue()[at : at + count]


def _directory(out: bytearray, tags: list[tuple[int, str, object]], order: str, *, big: bool) -> int:
    """Write a directory; give the place of its link to the next."""
    place, inner = ("Q", 8) if big else ("I", 4)
    out += struct.pack(order + ("Q" if big else "H"), len(tags))
    entries = len(out)
    out += bytes(len(tags) * (20 if big else 12)) + bytes(inner)
    for i, (tag, letter, value) in enumerate(sorted(tags, key=lambda row: row[0])):
        kind, form = _KINDS[letter]
        values = list(value) if isinstance(value, (list, tuple, bytes)) else [value]
        if letter == "s":
            values, form = list(str(value).encode() + b"\0"), "B"
        body = struct.pack(f"{order}{len(values)}{form}", *values)
        if len(body) > inner:
            here = struct.pack(order + place, len(out))
            out += body
            body = here
        entry = struct.pack(f"{order}HH{place}", tag, kind, len(values)) + body.ljust(inner, b"\0")
        size = 20 if big else 12
        out[entries + i * size : entries + (i + 1) * size] = entry[:size]
    return entries + len(tags) * (20 if big else 12)
