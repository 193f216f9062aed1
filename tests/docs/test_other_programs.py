"""What the page about other programs tells works as it stands: commands, addresses, files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from nearfar.cli import main
from pictures import draw

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "how-to" / "other-programs.md").read_text("utf-8")


def test_blenders_file_is_in_metres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run one after the other; the points lie at their distances."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(draw(320, 240)).save("photo.jpg", quality=95)
    (block,) = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines():
        assert main(shlex.split(line)[1:]) == 0, line
    assert main(["export", "glb", "photo.jpg", "-o", "photo.glb"]) == 0
    with OpenEXR.File("photo.exr") as file:
        metres = file.channels()["Y"].pixels
    assert [float(metres[y, x]) for x, y in [(160, 225), (160, 15)]] == pytest.approx([1.5, 20], rel=0.1)
    assert metres.dtype == np.float32


def test_what_the_source_is_asked_is_what_it_reads() -> None:
    """Every word of the table of OBS's addresses."""
    rows = TEXT.partition("| Behind `obs.html` |")[2].partition("\n\n")[0]
    asked = set(re.findall(r"[?&#](\w+)=", rows)) | {"size", "range", "smooth"}
    reader = (ROOT / "web" / "obs" / "wish.ts").read_text("utf-8")
    assert asked == set(re.findall(r'get\("(\w+)"\)', reader)) | {"model", "size", "range", "smooth"}
    assert (ROOT / "src" / "nearfar" / "service" / "static" / "obs.html").is_file()


def test_nodes_are_called_as_the_page_says() -> None:
    """By the names that ComfyUI shows."""
    source = (ROOT / "integrations" / "comfyui" / "nodes.py").read_text("utf-8")
    shown = set(re.findall(r'": "([^"]+ \(nearfar\))"', source))
    assert shown == set(re.findall(r"^\| (\w[^|]* \(nearfar\)) \|", TEXT, re.MULTILINE))
