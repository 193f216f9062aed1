"""JPEG: frames, scans and segments that lie or are far too many."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

from carriers import apple, mpf
from hostile.changes import cut, lie, scarred
from pictures import draw, encoded, exif, profile

if TYPE_CHECKING:
    from random import Random


@cache
def real() -> tuple[bytes, ...]:
    """Small files: plain, in steps, grey, with EXIF, with depth behind, a larger one."""
    drawing = draw(32, 24)
    how = {"exif": exif({274: 6}, FocalLengthIn35mmFilm=28), "icc_profile": profile(2.2)}
    return (
        encoded(drawing, "JPEG"),
        encoded(drawing, "JPEG", progressive=True),
        encoded(drawing[..., 0], "JPEG"),
        encoded(drawing, "JPEG", **how),
        mpf(apple("disparity")),
        encoded(draw(640, 480), "JPEG", quality=70),
    )


def segments_of(file: bytes) -> list[bytes]:
    """SOI, then each segment with its marker (a scan's with its data), to the end."""
    at, found = 2, [file[:2]]
    while at + 4 <= len(file) and file[at] == 0xFF:
        end = at + 2 + int.from_bytes(file[at + 2 : at + 4], "big")
        if file[at + 1] == 0xDA:
            while end + 1 < len(file) and not (
                file[end] == 0xFF and file[end + 1] not in {0, *range(0xD0, 0xD8)}
            ):
                end += 1
        found.append(file[at:end])
        at = end
    return [*found, file[at:]]


def _changed(rng: Random, marker: range, change: object) -> bytes:
    """A small file in which each segment of those markers was changed."""
    parts = segments_of(rng.choice(real()[:-1]))
    return b"".join(change(part) if len(part) > 4 and part[1] in marker else part for part in parts)


def lying_frame(rng: Random) -> bytes:
    """SOF says another size, precision, number of components or sampling."""

    def change(part: bytes) -> bytes:
        found = bytearray(part)
        for _ in range(rng.randint(1, 2)):
            place = rng.choice(("size", "size", "precision", "components", "sampling", "kind"))
            if place == "size":
                struct.pack_into(">H", found, rng.choice((5, 7)), lie(rng, 16))
            elif place == "kind":
                found[1] = 0xC0 + rng.choice((0, 1, 2, 3, 5, 9, 10))
            else:
                found[{"precision": 4, "components": 9, "sampling": 11}[place]] = lie(rng, 8)
        return bytes(found)

    return _changed(rng, range(0xC0, 0xC4), change)


def lying_scan(rng: Random) -> bytes:
    """SOS, quantisation or Huffman tables with other numbers."""
    return _changed(
        rng,
        rng.choice((range(0xDA, 0xDB), range(0xC4, 0xC5), range(0xDB, 0xDC))),
        lambda p: p[:4] + scarred(rng, p[4:]),
    )


def many_scans(rng: Random) -> bytes:
    """A picture in steps whose scans come again, up to thousands of times."""
    drawing = draw(*rng.choice(((32, 24), (640, 480), (2000, 1500))))
    parts = segments_of(encoded(drawing, "JPEG", progressive=True, quality=20))
    first = next(i for i, part in enumerate(parts) if part[1:2] == b"\xda")
    scans = [part for part in parts[first:] if part[1:2] in {b"\xda", b"\xc4"}]
    small = min((part for part in scans if part[1:2] == b"\xda"), key=len)
    again = [small] * rng.choice((10, 300, 3_000, 20_000))
    return b"".join([*parts[:-1], *again, parts[-1]])


def many_markers(rng: Random) -> bytes:
    """Segments without end: comments, EXIF, profiles in parts, fill bytes, restart markers."""
    parts = segments_of(rng.choice(real()))
    body = rng.choice(
        (
            b"\xff\xfe\0\2",
            b"\xff\xe1\0\x08Exif\0\0",
            b"\xff\xe2\0\x10ICC_PROFILE\0\1\1",
            b"\xff",
            b"\xff\xd0",
            b"\xff\xdd\0\4\0\1",
        )
    )
    return b"".join([parts[0], body * rng.choice((10, 5_000, 300_000)), *parts[1:]])


def lying_words(rng: Random) -> bytes:
    """EXIF, XMP or the table of further pictures with other numbers."""
    return _changed(rng, range(0xE1, 0xE3), lambda part: part[:4] + scarred(rng, part[4:]))


def lying_length(rng: Random) -> bytes:
    """A segment whose length says something else."""
    parts = segments_of(rng.choice(real()))
    at = rng.randrange(1, len(parts))
    parts[at] = parts[at][:2] + struct.pack(">H", lie(rng, 16)) + parts[at][4:]
    return b"".join(parts)


WAYS = (
    (20, lying_frame),
    (12, lying_scan),
    (12, lying_words),
    (12, lying_length),
    (20, lambda rng: scarred(rng, rng.choice(real()))),
    (5, lambda rng: cut(rng, rng.choice(real()))),
    (2, many_scans),
    (2, many_markers),
)
