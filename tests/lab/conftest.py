"""What the lab's tests share: rendered-looking shards, and the real data where it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


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


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """A folder with one small shard of scenes."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    write_shard(folder, "first")
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real data sets, else the test is skipped."""
    folder = Path(os.environ.get("NEARFAR_LAB_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set NEARFAR_LAB_DATA to their folder")
    return folder
