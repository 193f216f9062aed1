"""The page about videos: its code runs, and its tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.types import DepthMap
from nearfar.video.depth_file import DepthScale, tags_of
from nearfar.video.depth_files import FORMATS
from nearfar.video.join import JoinOptions, join
from nearfar.video.look import SUFFIXES, look_of
from nearfar.video.stereo import LAYOUTS
from nearfar.video.write import open_piece
from video.clips import Recipe, clip
from video.test_write import INFO

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "video.md").read_text(encoding="utf-8")
SCALE = DepthScale(0.001, 0.0)
DEPTH = DepthMap(np.full((48, 64), 2, np.float32), DepthKind.METRIC)
TAGS = tags_of(DEPTH, SCALE, INFO.time_base)


def test_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every example, in a folder with a clip and a depth video."""
    clip(tmp_path / "clip.mp4", Recipe())
    with open_piece(tmp_path / "a.nut", look_of("depth16", INFO, (64, 48))) as piece:
        piece.write(SCALE.numbers(DEPTH.values), 0)
    join([tmp_path / "a.nut"], tmp_path / "clip.depth.mkv", options=JoinOptions(TAGS, keeps_times=True))
    monkeypatch.chdir(tmp_path)
    found = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found
    for block in found:
        exec(block, {})  # noqa: S102 - our own documentation
    assert "0.0 m (2.0, 2.0)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "word", [*SUFFIXES, *FORMATS, *TAGS, *LAYOUTS, *(one.suffix for one in LAYOUTS.values())]
)
def test_it_names_what_there_is(word: str) -> None:
    """Suffixes, formats, tags, layouts and their names."""
    assert f"`{word}`" in PAGE
