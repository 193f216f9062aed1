"""``nearfar recipe`` and ``nearfar watch``: what is written where, what is told, what is refused."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without recipes."""
    monkeypatch.setenv("NEARFAR_HOME", str(tmp_path / "home"))


def test_a_recipe_over_photos(run: Run, photo_jpeg: Path) -> None:
    """Each gets its picture beside it; a second time the results are no photos of the folder."""
    shutil.copy(photo_jpeg, photo_jpeg.with_name("b.jpg"))
    code, out, _ = run("recipe", "portrait-blur", photo_jpeg.parent)
    assert code == 0
    expected = [photo_jpeg.with_name(f"{name}.portrait-blur.png") for name in ("b", "photo")]
    assert sorted(out.split()) == [str(path) for path in expected]
    code, _, err = run("recipe", "portrait-blur", photo_jpeg.parent)
    assert (code, err.count("exists already")) == (1, 2)


def test_options_and_format_are_changed(run: Run, photo_jpeg: Path) -> None:
    """By --set and --format; a suffix of the output chooses too."""
    words = ("recipe", "title-behind", photo_jpeg, "--set", "text=HI; tall=50")
    assert run(*words, "--format", "tiff", "-o", "out")[0] == 0
    with Image.open(photo_jpeg.parent / "out" / "photo.title-behind.tiff") as image:
        assert image.size == (128, 96)
    assert run(*words, "-o", "a.webp")[0] == 0
    assert (photo_jpeg.parent / "a.webp").read_bytes()[8:12] == b"WEBP"


def test_layers_are_written(run: Run, photo_jpeg: Path) -> None:
    """A recipe of files alone writes no picture."""
    code, out, _ = run("recipe", "layers", photo_jpeg)
    assert (code, out.strip()) == (0, str(photo_jpeg.with_name("photo.layers.ora")))


def test_list_and_show(run: Run, tmp_path: Path) -> None:
    """Names with a line each, JSON, and a text that is a recipe."""
    code, out, _ = run("recipe", "list")
    assert code == 0
    assert any(line.startswith("product-on-white ") for line in out.splitlines())
    rows = json.loads(run("recipe", "list", "--json")[1])
    assert {"name", "summary", "steps", "format"} <= set(rows[0])
    (tmp_path / "mine.toml").write_text(run("recipe", "show", "cinema")[1])
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "a.png")
    assert run("recipe", "mine.toml", "a.png")[0] == 0
    assert (tmp_path / "a.mine.png").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("recipe",), "A recipe and a photo"),
        (("recipe", "cinma", "a.jpg"), "Did you mean 'cinema'"),
        (("recipe", "cinema", "a.jpg", "--set", "strength"), "OPTION=VALUE"),
        (("recipe", "cinema", "a.jpg", "--set", "foo=1"), "No step of cinema"),
        (("watch",), "A folder"),
        (("watch", "no-such"), "A folder"),
        (("watch", ".", "-e", "fogg"), "fog"),
        (("watch", ".", "--once", "--format", "gif"), "not written as '.gif'"),
        (("recipe", "cinema", "a.jpg", "--format", "gif"), "not written as '.gif'"),
        (("recipe", "list", "a.jpg"), "no recipe 'list'"),
        (("watch", ".", "-r", "cinema", "-e", "fog"), "Give one"),
    ],
)
def test_wrong_command_lines(run: Run, words: tuple[str, ...], text: str) -> None:
    """Nothing is done, and the message says what to do."""
    code, _, err = run(*words)
    assert code == 2
    assert text in err


def test_a_watched_folder_with_other_options(run: Run, photo_jpeg: Path) -> None:
    """Another recipe is made beside the first; the first with other options is refused."""
    words = ("watch", photo_jpeg.parent, "--once", "--settle", "0", "-o", "out")
    assert run(*words, "-e", "fog")[0] == 0
    assert run(*words, "-e", "tint")[0] == 0
    code, _, err = run(*words, "-e", "fog", "--set", "density=2")
    assert (code, "other options" in err) == (2, True)
    assert {path.name for path in photo_jpeg.parent.glob("out/*.png")} == {"photo.fog.png", "photo.tint.png"}


def test_a_folder_is_watched(run: Run, photo_jpeg: Path) -> None:
    """What is there is done once; the results lie in a folder of their own."""
    inbox = photo_jpeg.parent / "inbox"
    inbox.mkdir()
    shutil.copy(photo_jpeg, inbox / "a.jpg")
    (inbox / "b.jpg").write_bytes(b"no picture")
    words = ("watch", inbox, "--recipe", "colour-pop", "--once", "--settle", "0.1", "--every", "0.05")
    code, out, err = run(*words)
    assert (code, out.strip()) == (1, str(inbox / "depth" / "a.colour-pop.png"))
    assert "b.jpg" in err
    assert run(*words)[:2] == (0, "")
    code, out, _ = run("watch", inbox, "--once", "--settle", "0", "-o", "heat", "--json", "--format", "jpg")
    assert code == 1
    rows = [json.loads(line) for line in out.splitlines()]
    assert sorted("error" in row for row in rows) == [False, True]
    assert (photo_jpeg.parent / "heat" / "a.heatmap.jpg").exists()
