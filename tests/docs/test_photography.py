"""The commands, the recipe and the code of the page for photographers run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearfar.cli import main
from pictures import draw
from tiffs import Layout, tiff_of

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "photography.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JPEG, a TIFF of 16 bits, a folder of wares, an inbox, and the page's own recipe."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    for name in ("a.jpg", "shop/ware.jpg", "inbox/new.jpg"):
        Path(name).parent.mkdir(exist_ok=True)
        Image.fromarray(draw(128, 96)).save(name)
    Path("a.tif").write_bytes(tiff_of((draw(64, 48).astype(np.uint16) * 257, Layout(photometric=2))))
    Path("mine.toml").write_text(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1], encoding="utf-8")


def test_commands_run() -> None:
    """Every line of a shell on the page, in order; what is said to be written is there."""
    lines = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 8
    for line in lines:
        more = ["--settle", "0"] if " watch " in line else []
        assert main([*shlex.split(line)[1:], *more]) == 0, line
    there = (
        "a.portrait-blur.png",
        "white/ware.product-on-white.jpg",
        "lamp.tiff",
        "a.cinema.tiff",
        "a.depth.ora",
    )
    assert all(Path(name).exists() for name in (*there, "done/new.portrait-blur.png"))


def test_code_runs() -> None:
    """The block of Python, with the recipe that stands above it."""
    exec(re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1], {})  # noqa: S102 - our own page
    assert Path("mine.png").exists()
    assert main(["recipe", "mine.toml", "a.jpg"]) == 0
    assert Path("a.mine.tiff").exists()
    assert Path("a.mine.ora").exists()
