"""The code on the page of effects runs as it stands, and the page keeps its promises."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nearfar
from pictures import draw

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "effects.md"


def test_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks, one after the other, on a photo and a label picture."""
    pytest.importorskip("av")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(draw(320, 240)).save("photo.jpg", quality=95)
    labels = np.zeros((240, 320), np.uint8)
    labels[60:216, 64:96], labels[132:180, 192:288] = 1, 2
    Image.fromarray(labels).save("labels.png")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)  # noqa: S102 - our own page
    assert names["metres"].unit == "m"
    assert names["metres"].values[225, 160] == pytest.approx(1.5, rel=0.1)
    assert [thing.order for thing in names["found"].objects] == [1, 2]
    assert Path("clip.mp4").stat().st_size > 1000


@pytest.mark.parametrize("name", ["glb", "obj", "ply"])
def test_files_say_what_was_assumed(name: str) -> None:
    """The rule and the camera stand in the file, and the page quotes it."""
    depth = nearfar.DepthMap(
        np.linspace(0, 1, 192, dtype=np.float32).reshape(12, 16), nearfar.DepthKind.RELATIVE_INVERSE
    )
    data = nearfar.export(name, depth, near=2, far=30)
    assert b"nearest pixel was put at 2, the farthest at 30" in data
    assert b"assumed: 60" in data
    assert "assumed: 60° field of view" in PAGE.read_text(encoding="utf-8")
