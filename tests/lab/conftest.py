"""What the lab's tests share: rendered-looking shards, and the real data where it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from scene_shards import write_shard

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """A folder with one small shard of scenes."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    write_shard(folder, "first")
    return folder


@pytest.fixture
def ranked_photos(tmp_path: Path) -> Path:
    """Two training photos whose right half is bright and nearer, with ranked points."""
    folder = tmp_path / "ranked" / "photos_various"
    folder.mkdir(parents=True)
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 30:] = 220
    points = [[x, y, rank] for y in (0.2, 0.5, 0.8) for x, rank in ((0.8, 1), (0.2, 2))]
    for name in ("0001.png", "0002.png"):
        cv2.imwrite(str(folder / name), picture)
    (folder / "order.json").write_text(json.dumps(dict.fromkeys(("0001.png", "0002.png"), points)))
    return folder.parent


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real data sets, else the test is skipped."""
    folder = Path(os.environ.get("NEARFAR_LAB_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set NEARFAR_LAB_DATA to their folder")
    return folder
