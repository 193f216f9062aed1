"""ZIPs of a job: directories that lie, bombs, names that lead elsewhere."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from functools import cache
from typing import TYPE_CHECKING

from hostile.changes import cut, lie, scarred
from pictures import draw, encoded

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_NAMES = (
    *(
        "../a.jpg",
        "/etc/a.jpg",
        "C:\\a.jpg",
        "a\0.jpg",
        "",
        ".",
        "a/",
        "a" * 5_000 + ".jpg",
        "\u202egpj.a.jpg",
    ),
    *(
        "__MACOSX/._a.jpg",
        ".hidden.jpg",
        "CON.jpg",
        "a.jpg",
        "A.JPG",
        "a.zip",
        "e\u0301.jpg",
        "a/../../b.jpg",
        "\n.jpg",
    ),
)
_FIELDS = {
    b"PK\x01\x02": ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (38, 4), (42, 4)),
    b"PK\x03\x04": ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\x05\x06": ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}
"""Signature of a record to the place and width of its fields (APPNOTE 4.3)."""


@cache
def good_photo() -> bytes:
    """A small photo."""
    return encoded(draw(32, 24), "JPEG")


def archive(entries: list[tuple[str, bytes]], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these names and bodies; a name may come twice."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", packing) as file:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, body in entries:
            info = zipfile.ZipInfo(name or "x")
            info.filename = name
            info.compress_type = packing
            file.writestr(info, body)
    return out.getvalue()


def odd_names(rng: Random) -> bytes:
    """Good photos under names that lead elsewhere or come twice."""
    names = rng.choices(_NAMES, k=rng.randint(1, 4))
    return archive([(name, good_photo()) for name in names])


def lying_records(rng: Random) -> bytes:
    """Fields of the directory, of local headers or of the end are others."""
    file = bytearray(archive([(f"{i}.jpg", good_photo()) for i in range(rng.randint(1, 3))]))
    for _ in range(rng.randint(1, 3)):
        signature = rng.choice(tuple(_FIELDS))
        at = file.find(signature)
        place, width = rng.choice(_FIELDS[signature])
        if at >= 0:
            file[at + place : at + place + width] = lie(rng, 8 * width).to_bytes(width, "little")
    return bytes(file)


@cache
def _bomb(megabytes: int) -> bytes:
    return archive([("a.png", bytes(megabytes * 1_000_000))])


def bomb(rng: Random) -> bytes:
    """Entries that unpack to far more than they are, or very many of them."""
    if rng.random() < 0.5:
        return _bomb(rng.choice((1, 30)))
    count = rng.choice((50, 3_000))
    return archive([(f"{i}.jpg", b"") for i in range(count)], zipfile.ZIP_STORED)


def overlapping(rng: Random) -> bytes:
    """Rows of the directory that share one entry."""
    file = archive([("0.jpg", good_photo())])
    start = file.index(b"PK\x01\x02")
    end = file.index(b"PK\x05\x06")
    row, count = file[start:end], rng.choice((2, 500, 60_000))
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(row) * count, start, 0)
    return file[:start] + row * count + tail


def of_hostile(rng: Random, picture: Callable[[Random], bytes]) -> bytes:
    """Photos of which some are hostile themselves."""
    entries = [(f"{i}.jpg", picture(rng)) for i in range(rng.randint(1, 3))]
    return archive(
        [*entries, ("good.jpg", good_photo())], rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    )


WAYS = (
    (5, lying_records),
    (3, odd_names),
    (1, bomb),
    (1, overlapping),
    (3, lambda rng: scarred(rng, archive([("a.jpg", good_photo())]))),
    (1, lambda rng: cut(rng, archive([("a.jpg", good_photo())]))),
)
