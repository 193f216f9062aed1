"""The snippets run in their order, and by hand gives what the package gives."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearfar.cli import bench
from pictures import draw

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "snippets.md"


@pytest.fixture
def ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Path, str]:
    """The folder in which all Python of the page was run, and what it printed."""
    Image.fromarray(draw(320, 240)).save(tmp_path / "photo.jpg", quality=95)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102 - our own page
    return tmp_path, capsys.readouterr().out


def pixels(path: Path) -> np.ndarray:
    """What a picture shows."""
    with Image.open(path) as opened:
        return np.asarray(opened, np.float32)


def test_they_agree(ran: tuple[Path, str]) -> None:
    """The map of colours, the overlay and the matte; each thing with its place from near to far."""
    folder, printed = ran
    assert np.abs(pixels(folder / "heat.png") - pixels(folder / "colours.png")).mean() < 3
    assert np.abs(pixels(folder / "over.png") - pixels(folder / "mixed.png")).mean() < 2
    mattes = [pixels(folder / name)[..., 3] / 255 for name in ("cut.png", "cutout.png")]
    assert [matte.mean() for matte in mattes] == pytest.approx([0.3, 0.3], abs=0.05)
    assert np.abs(mattes[0] - mattes[1]).mean() < 0.1
    lines = printed.splitlines()
    assert [line[0] for line in lines] == ["1", "2"]
    medians = [float(line.rsplit(maxsplit=1)[1]) for line in lines]
    assert medians == sorted(medians, reverse=True)


def test_the_bench_has_the_flags_that_are_named() -> None:
    """All of the last section's."""
    text = PAGE.read_text("utf-8").partition("## How fast")[2]
    flags = set(re.findall(r"`?(?:nearfar bench )?--([a-z]+)", text))
    assert flags == {"row", "markdown", "engines", "precisions", "photos"}
    source = Path(bench.__file__).read_text("utf-8")
    assert [flag for flag in flags if flag not in source] == []
