"""How much memory a request will take: pixels by its file's own words, times what its answer takes a pixel.

The table was measured by ``python benchmarks/request_memory.py --write``, and says when.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.decode.claims import claimed_pixels, may_be_deep

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLE = Path(__file__).with_name("memory.json")
BASE_BYTES = 48 * 2**20
"""What a request takes whatever its size: the network's own buffers, a worker's pages."""
MARGIN = 1.15
"""Other photos, and other options, than those that were measured."""


@cache
def bytes_per_pixel() -> dict[str, tuple[float, float]]:
    """Of each answer by its name: for photos of 8 bits, and of 16 bits with alpha."""
    rows = json.loads(TABLE.read_text("utf-8"))["bytes_per_pixel"]
    return {name: (float(pair[0]), float(pair[1])) for name, pair in rows.items()}


def costliest(names: Iterable[str]) -> str:
    """The one of those answers that takes the most, where they are made one after the other."""
    table = bytes_per_pixel()
    return max(names, key=lambda name: table.get(name, (float("inf"),)))


def needed_bytes(
    data: bytes, names: Iterable[str], others: Iterable[bytes] = (), *, tiles: bool = False
) -> int:
    """What a request takes at most.

    Args:
        data: the photo's file.
        names: of what is made of it at the same time.
        others: pictures that come beside it: masks, backgrounds.
        tiles: it is seen in parts.
    """
    table, place = bytes_per_pixel(), int(may_be_deep(data))
    most = max(pair[place] for pair in table.values())
    wanted = [table[name][place] if name in table else most for name in names]
    each = sum(wanted) + (table["tiles"][place] if tiles else 0.0)
    beside = sum(claimed_pixels(other) * table["png"][int(may_be_deep(other))] for other in others)
    return BASE_BYTES + int(MARGIN * (claimed_pixels(data) * each + beside)) + len(data)
