"""What the lab's tests share: rendered-looking shards, and the real data where it is."""

from __future__ import annotations

import os
from pathlib import Path

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


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real data sets, else the test is skipped."""
    folder = Path(os.environ.get("NEARFAR_LAB_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}: set NEARFAR_LAB_DATA to their folder")
    return folder
