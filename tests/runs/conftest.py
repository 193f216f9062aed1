"""What the tests of runs share: a folder of small photos, and a pipeline that needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.runs import Pipeline, pipeline_of
from pictures import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path


def fill(folder: Path, count: int) -> Path:
    """So many photos, half of them in a folder within."""
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        place = folder / ("sub" if number % 2 else ".") / f"{number:03d}.png"
        place.write_bytes(encoded(draw(24 + number % 7, 20)))
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Eight photos, and a file that is called one and is none."""
    folder = fill(tmp_path / "photos", 8)
    (folder / "bad.jpg").write_bytes(b"no photo")
    return folder


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """Values as NumPy files, of the fake engine."""
    return pipeline_of({"exports": ["npy"], "engine": "fake"})
