"""Rendered scenes in shards: memory-mapped, found as they appear.

A shard is `NAME.rgb.npy` (uint8 (N, H, W, 3)), `NAME.inv.npy` (float16 (N, H, W), 1/m, 0 = sky) and
`NAME.json`, which is written last: a shard without it is still being made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar_lab.datasets.frames import Frame
from nearfar_lab.errors import DataMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# The first pictures of every shard are never trained on: they validate.
VALIDATION_PER_SHARD = 4


@dataclass(frozen=True)
class Shard:
    """One opened shard."""

    path: Path
    rgb: NDArray[np.uint8]
    inverse_depth: NDArray[np.float16]
    kinds: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rgb)

    def frame(self, index: int) -> Frame:
        """One picture of the shard as a frame."""
        inverse = np.asarray(self.inverse_depth[index], np.float32)
        return Frame(f"{self.path.name}/{index}", np.asarray(self.rgb[index]), inverse)


def open_shard(description: Path) -> Shard:
    """The shard a JSON file describes, its arrays memory-mapped."""
    stem = description.name.removesuffix(".json")
    rgb = np.load(description.with_name(f"{stem}.rgb.npy"), mmap_mode="r")
    inverse = np.load(description.with_name(f"{stem}.inv.npy"), mmap_mode="r")
    kinds = json.loads(description.read_text(encoding="utf-8")).get("kind", [])
    if rgb.shape != (*inverse.shape, 3):
        raise DataMissingError(
            f"{description}: rgb {rgb.shape} does not fit depth {inverse.shape}.",
            "Delete the three files of this shard and render it again.",
        )
    kinds = tuple(kinds) if len(kinds) == len(rgb) else ("scene",) * len(rgb)
    return Shard(description.with_name(stem), rgb, inverse, kinds)


def find_shards(folder: Path) -> list[Shard]:
    """Every finished shard of a folder, by name; none when there is no such folder."""
    return [open_shard(p) for p in sorted(folder.glob("*.json"))] if folder.is_dir() else []
