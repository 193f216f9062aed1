"""Masks in JSON: run lengths and polygons that lie, text that is deep, long or strange."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hostile.changes import lie, scarred

if TYPE_CHECKING:
    from random import Random

STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 0.5, 1e308, "", "a", [], {}, [[]], {"": None}, "\ud800", "\u202e", "9" * 6_000),
)
"""Values of other kinds than the one that is expected."""


def text_of(value: Any) -> bytes:
    """JSON; a lone surrogate stands as its escape."""
    return json.dumps(value).encode()


def deep(rng: Random) -> bytes:
    """Brackets within brackets."""
    depth = rng.choice((20, 900, 100_000))
    begin, end = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'{"annotations":[', b"]}")))
    return begin * depth + b"1" + (end * depth if rng.random() < 0.5 else b"")


def runs(rng: Random) -> bytes:
    """One mask by run lengths whose size and counts do not agree, or are enormous."""
    size = [rng.choice((24, 32, lie(rng))) for _ in range(2)] if rng.random() < 0.8 else rng.choice(STRANGE)
    if rng.random() < 0.1:
        size = [100_000, 60_000]
    counts = rng.choice(
        (
            [lie(rng, 64)],
            [rng.choice((24 * 32, 6_000_000_000))],
            [lie(rng, 16) for _ in range(rng.choice((1, 5, 3_000)))],
            [1] * 768,
            "".join(chr(rng.randint(48, 111)) for _ in range(rng.choice((1, 8, 500)))),
            "o" * rng.choice((8, 3_000)) + "0",
            rng.choice(STRANGE),
        )
    )
    return text_of({"size": size, "counts": counts})


def _segmentation(rng: Random) -> Any:
    kind = rng.randrange(4)
    if kind == 0:
        return json.loads(runs(rng))
    if kind == 1:
        points = [
            rng.choice((rng.uniform(0, 32), float(lie(rng)), -1e30, 1e308))
            for _ in range(2 * rng.randint(1, 8))
        ]
        return [points] * rng.choice((1, 1, 2_000))
    return rng.choice(STRANGE) if kind == 2 else [[0, 0, 31, 0, 31, 23, 0, 23]]


def annotations(rng: Random) -> bytes:
    """A file of COCO with images and annotations, some of which are none."""
    rows = [
        {
            "id": i,
            "image_id": rng.choice((1, "1", 2, *STRANGE[:6])),
            "category_id": 1,
            "iscrowd": rng.choice((0, 1)),
            "segmentation": _segmentation(rng),
            "bbox": [lie(rng)] * 4,
        }
        for i in range(rng.choice((1, 2, 300)))
    ]
    side = rng.choice((32, lie(rng)))
    images = [
        {
            "id": 1,
            "file_name": rng.choice(("image", "\u202ephoto")),
            "width": side,
            "height": rng.choice((24, lie(rng))),
        }
    ]
    whole: dict[str, Any] = {"images": images, "annotations": rows, "categories": []}
    if rng.random() < 0.2:
        whole[rng.choice(tuple(whole))] = rng.choice(STRANGE)
    return text_of(whole)


def spoiled(rng: Random) -> bytes:
    """Numbers and words that are no JSON, other encodings, and a few bytes changed."""
    good = text_of({"size": [24, 32], "counts": [100, 50, 618]})
    return rng.choice(
        (
            scarred(rng, good),
            b'{"size":[24,32],"counts":[' + b"1," * 200_000 + b"1]}",
            b'{"size":[24,32],"counts":[NaN,Infinity,-Infinity]}',
            b'{"size":[24,32],"counts":[' + b"9" * 5_000 + b"]}",
            b'{"size":[1e999,32],"counts":[1]}',
            good.decode().encode("utf-16"),
            b"\xef\xbb\xbf" + good,
            b"\0" * 10 + good,
        )
    )


WAYS = ((5, runs), (4, annotations), (2, spoiled), (1, deep))
