"""``nearfar compare``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


def test_sheet_beside_the_photo(run: Run, photo_jpeg: Path) -> None:
    """One picture, and a line for each network."""
    code, out, err = run("compare", photo_jpeg, "--models", "embedded,midas-small")
    sheet = photo_jpeg.with_name("photo.compare.png")
    assert (code, out.splitlines()[-1]) == (0, str(sheet))
    assert out.splitlines()[0].split()[0] == "embedded"
    assert "midas-small (2 of 2)" in err
    with Image.open(sheet) as image:
        assert image.width > 320


def test_json(run: Run, photo_jpeg: Path) -> None:
    """The table for programs."""
    code, out, _ = run("compare", photo_jpeg, "--models", "embedded", "--json", "-o", "a.jpg")
    row = json.loads(out)
    assert (code, row["output"], row["reference"]) == (0, "a.jpg", "embedded")
    assert [(m["model"], m["agreement"], m["engine"]) for m in row["models"]] == [("embedded", 1.0, "fake")]


def test_missing_weights_are_one_cell(
    run: Run, photo_jpeg: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The others are done, the sheet is written, and standard error says what to run."""
    monkeypatch.setenv("NEARFAR_ENGINE", "onnxruntime")
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))
    code, out, err = run("compare", photo_jpeg, "--models", "embedded,dpt-large")
    assert code == 1
    assert "nearfar models pull dpt-large" in err
    assert "dpt-large  failed" in out
    assert photo_jpeg.with_name("photo.compare.png").is_file()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "One photo is compared"),
        (("photo.jpg", "--models", "embeded"), "Did you mean 'embedded'"),
        (("photo.jpg", "--models", ","), "1 to 12 can be compared"),
        (("photo.jpg", "-o", "a.gif", "--models", "embedded"), "--output is 'a.gif'"),
        (("photo.jpg", "--models", "embedded", "--colormap", "jet"), "colormap is 'jet'"),
    ],
)
def test_wrong_command_lines(run: Run, photo_jpeg: Path, words: tuple[str, ...], text: str) -> None:
    """Nothing is done, and the message says what to change."""
    code, out, err = run("compare", *words)
    assert (code, out) == (2, "")
    assert text in err
    assert not photo_jpeg.with_name("photo.compare.png").exists()


def test_existing_sheet_stays(run: Run, photo_jpeg: Path) -> None:
    """It is replaced only where that is asked for."""
    there = photo_jpeg.with_name("photo.compare.png")
    there.write_bytes(b"mine")
    assert run("compare", photo_jpeg, "--models", "embedded")[0] == 1
    assert there.read_bytes() == b"mine"
    assert run("compare", photo_jpeg, "--models", "embedded", "--overwrite")[0] == 0


def test_without_names_all_installed_are_compared(run: Run, photo_jpeg: Path) -> None:
    """At least the embedded network is there."""
    code, out, _ = run("compare", photo_jpeg, "--json")
    assert code == 0
    assert json.loads(out)["models"][0]["model"] == "embedded"
