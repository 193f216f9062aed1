"""Models that the image takes in when it is built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub import LocalHub, Repository
from nearfar.settings import Settings
from nearfar.zoo import manage

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[2] / "deploy" / "container" / "models.sh"
WEIGHTS = bytes(range(256)) * 4096


@pytest.fixture
def local() -> Iterator[LocalHub]:
    """A hub with the files of one row."""
    with LocalHub() as running:
        running.repositories["Xenova/dpt-large"] = Repository({"onnx/model.onnx": WEIGHTS})
        yield running


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with the command as the image has it."""
    command = tmp_path / "app" / "bin" / "nearfar"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nearfar "$@"\n')
    command.chmod(0o755)
    return tmp_path / "app"


def build(app: Path, home: Path, *models: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the build runs."""
    words = ["sh", str(SCRIPT), str(app), str(home), *models]
    return subprocess.run(
        words, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_models_are_fetched_and_verified(app: Path, tmp_path: Path, local: LocalHub) -> None:
    """Afterwards they are found without a network, and only they and their pins are there."""
    home = tmp_path / "data"
    done = build(app, home, "dpt-large", NEARFAR_HUB=local.address, NEARFAR_DOWNLOADER="own")
    assert done.returncode == 0, done.stderr
    assert manage.path("dpt-large", Settings(home=str(home), offline=True)).read_bytes() == WEIGHTS
    assert sorted(path.name for path in home.rglob("*") if path.is_file()) == ["model.onnx", "pins.json"]


def test_no_model_is_the_usual_image(app: Path, tmp_path: Path) -> None:
    """Nothing is fetched and nothing is made."""
    assert build(app, tmp_path / "data").returncode == 0
    assert not (tmp_path / "data").exists()


def test_model_that_does_not_come_ends_the_build(app: Path, tmp_path: Path, local: LocalHub) -> None:
    """An image without what it should hold is not made."""
    local.repositories.clear()
    done = build(app, tmp_path / "data", "dpt-large", NEARFAR_HUB=local.address, NEARFAR_DOWNLOADER="own")
    assert done.returncode != 0
