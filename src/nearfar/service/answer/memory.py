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
_REDUCED = {"bokeh": (12_500_000, 25.0)}
"""Answers that are made of smaller copies of photos of 8 bits that have more pixels, and what those then take
a pixel at least: 23.9 bytes at 24 megapixels, 21.3 at 50, by ``peak`` of the same benchmark."""
_MESH_BYTES = 256 * 2**20
"""What a mesh takes at most, its points, pixels and samples being bounded."""
MARGIN = 1.15
"""Other photos, and other options, than those that were measured."""


@cache
def bytes_per_pixel() -> dict[str, tuple[float, float]]:
    """Of each answer by its name: for photos of 8 bits, and of 16 bits with alpha."""
    rows = json.loads(TABLE.read_text("utf-8"))["bytes_per_pixel"]
    return {name: (float(pair[0]), float(pair[1])) for name, pair in rows.items()}


def needed_bytes(
    data: bytes, names: Iterable[str], others: Iterable[bytes] = (), *, tiles: bool = False
) -> int:
    """What a request takes at most.

    Args:
        data: the photo's file.
        names: of what is made of it at the same time.
        others: files that come beside it: masks, backgrounds, meshes.
        tiles: it is seen in parts.
    """
    table, place, count = bytes_per_pixel(), int(may_be_deep(data)), claimed_pixels(data)
    most = max(pair[place] for pair in table.values())
    wanted = [
        _of_large(name, count, table[name][place], is_deep=bool(place)) if name in table else most
        for name in names
    ]
    each = sum(wanted) + (table["tiles"][place] if tiles else 0.0)
    beside = sum(_of_file(other, table) for other in others)
    return BASE_BYTES + int(MARGIN * (count * each + beside)) + len(data)


def _of_file(data: bytes, table: dict[str, tuple[float, float]]) -> float:
    """Of a picture or a mesh that comes beside the photo."""
    if data.startswith(b"glTF"):
        return _MESH_BYTES + 8.0 * len(data)
    return claimed_pixels(data) * table["png"][int(may_be_deep(data))]


def _of_large(name: str, count: int, each: float, *, is_deep: bool) -> float:
    """Bytes a pixel of an answer to so large a photo: what is made on smaller copies takes less of each."""
    if is_deep or name not in _REDUCED or count <= _REDUCED[name][0]:
        return each
    whole, rest = _REDUCED[name]
    return max(each * whole / count, rest)
