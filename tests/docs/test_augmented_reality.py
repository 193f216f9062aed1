"""The code of the page about things in photos runs as it stands, on the command line too."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from moving_pictures import Shape, write_clip
from nearfar.cli import main
from pictures import draw
from solids import a_glb

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "augmented-reality.md"
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo, a sign, a chair that is a cube, and a clip."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(draw(128, 96)).save("photo.jpg")
    Image.fromarray(draw(16, 16)).save("sign.png")
    Path("chair.glb").write_bytes(a_glb())


def test_code_runs() -> None:
    """All blocks of Python."""
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block, names)  # noqa: S102 - our own page
    for name in ("chair.png", "title.png"):
        with Image.open(name) as made:
            assert made.size == (128, 96)


def test_commands_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line that begins with nearfar."""
    pytest.importorskip("av")
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    write_clip(Path("clip.mp4"), Shape(frames=3))
    block = re.search(r"```sh\n(nearfar.*?)```", TEXT, re.DOTALL)
    lines = block[1].splitlines()
    assert len(lines) == 5
    for line in lines:
        assert main([*shlex.split(line)[1:], "--overwrite"]) == 0, line
