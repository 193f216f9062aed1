"""What ``docs/how-to/see-obstacles.md`` tells people to do in Python works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from nearfar_lab.scenes import picture_of
from nearfar_lab.scenes.pictures import scene_of
from nearfar_lab.scenes.scene import Camera

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "see-obstacles.md"


def test_the_code_runs_in_its_order(tmp_path: Path, monkeypatch, capsys) -> None:
    """On a street: metres with an error, an alert, and the fields of both messages."""
    from dataclasses import replace

    scene = scene_of(104, (192, 256), "street")
    camera = Camera((0.0, 0.4, 0.0), pitch_deg=-10.0, fov_deg=62.0)
    Image.fromarray(picture_of(replace(scene, camera=camera), (192, 256)).rgb).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(block, names)  # noqa: S102 - our own page
    assert capsys.readouterr().out.startswith("m 0.")
    assert len(names["fields"]["distances"]) == len(names["scan"]["ranges"]) == 72
