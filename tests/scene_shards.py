"""A shard of made-up scenes for the lab's tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


def write_shard(folder: Path, name: str, count: int = 12, size: tuple[int, int] = (48, 64)) -> None:
    """A shard of ramps with a box in front: the box is near, the top row is sky."""
    height, width = size
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 255, (count, height, width, 3), dtype=np.uint8)
    inverse = np.broadcast_to(np.linspace(0, 0.5, height)[None, :, None], (count, height, width)).copy()
    inverse[:, height // 2 :, width // 4 : width // 2] = 1.0
    np.save(folder / f"{name}.rgb.npy", rgb)
    np.save(folder / f"{name}.inv.npy", inverse.astype(np.float16))
    (folder / f"{name}.json").write_text(json.dumps({"kind": ["room"] * count}), encoding="utf-8")
