"""``nearfar PHOTO...``: what is written where, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from nearfar.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights do not matter here."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")


def test_heat_map_beside_the_photo(photo_jpeg: Path) -> None:
    """A photo alone gets a heat map of its own size beside it."""
    assert main([str(photo_jpeg)]) == 0
    with Image.open(photo_jpeg.with_name("photo.depth.png")) as heat:
        assert (heat.size, heat.mode) == ((128, 96), "RGB")
