"""Folders, patterns and standard input: which photos are meant, and where their results go."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from command_line import names
from nearfar.cli._sources import Source, gather
from nearfar.errors import ParameterError
from pictures import draw, encoded

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos of one name in two folders, a text, a hidden file and a result of ours."""
    for place in ("in/a.jpg", "in/sub/a.jpg", "in/.hidden.jpg", "in/a.depth.png", "in/a.bokeh.png"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(draw(32, 24), "JPEG"))
    (tmp_path / "in/notes.txt").write_text("no photo")
    return tmp_path / "in"


def test_folder_gives_its_photos(folder: Path) -> None:
    """Texts, hidden files and results of ours are no photos; folders within count on request."""
    assert [source.path for source in gather([str(folder)])] == [str(folder / "a.jpg")]
    deep = gather([str(folder)], recursive=True)
    assert [str(source.under) for source in deep] == [".", "sub"]


def test_pattern_that_the_shell_left(folder: Path) -> None:
    """A pattern is filled in here where no shell does it; a file that is called so comes first."""
    assert gather([str(folder / "*.jpg")]) == (Source(str(folder / "a.jpg")),)
    assert len(gather([str(folder / "**/*.jpg")])) == 2
    (folder / "b[1].jpg").touch()
    assert gather([str(folder / "b[1].jpg")]) == (Source(str(folder / "b[1].jpg")),)


@pytest.mark.parametrize("word", ["empty", "*.gone"])
def test_nothing_found_is_told(tmp_path: Path, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without pictures and a pattern without files are errors."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ParameterError):
        gather([word])


def test_folder_of_folders_keeps_its_places(run: Run, folder: Path, tmp_path: Path) -> None:
    """Photos of one name in two folders have two results, each in its place."""
    code, out, err = run(folder, "--recursive", "-o", "maps")
    assert code == 0, err
    assert len(out.splitlines()) == 2
    assert (tmp_path / "maps/a.depth.png").is_file()
    assert (tmp_path / "maps/sub/a.depth.png").is_file()


@pytest.mark.parametrize("words", [("effect", "fog"), ("export", "npy")])
def test_two_photos_of_one_name_are_refused(
    run: Run, folder: Path, tmp_path: Path, words: tuple[str, str]
) -> None:
    """Their results would replace each other, --overwrite or not: nothing is written."""
    (tmp_path / "out").mkdir()
    code, out, err = run(*words, folder / "a.jpg", folder / "sub/a.jpg", "-o", "out", "--overwrite")
    assert (code, out) == (2, "")
    assert "already" in err
    assert not names(tmp_path / "out")


@pytest.mark.parametrize("words", [("effect", "fog"), ("export", "npy")])
def test_photo_named_twice_is_done_once(run: Run, folder: Path, words: tuple[str, str]) -> None:
    """Twice the same photo is one result, and that is said."""
    code, out, err = run(*words, folder / "a.jpg", folder / "../in/a.jpg")
    assert code == 0, err
    assert len(out.splitlines()) == 1
    assert "named twice" in err


def test_result_over_another_photo_is_refused(run: Run, tmp_path: Path) -> None:
    """An effect does not replace a photo of the same command line."""
    for name in ("a.jpg", "a.fog.png"):
        (tmp_path / name).write_bytes(encoded(draw(32, 24), "PNG"))
    code, _, err = run("effect", "fog", "a.jpg", "a.fog.png", "--overwrite")
    assert code == 2
    assert "the photo a.fog.png already" in err


@pytest.mark.parametrize(
    ("words", "start"), [(("effect", "fog", "-"), b"\x89PNG"), (("export", "npy", "-"), b"\x93NUMPY")]
)
def test_pipe_through_effect_and_export(process, words: tuple[str, ...], start: bytes) -> None:
    """Standard input to standard output."""
    done = process(*words, input=encoded(draw(32, 24)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(start)


def test_standard_input_at_a_terminal_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash with nothing behind it does not wait."""
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = run("effect", "fog", "-", "-o", "x.png")
    assert code == 2
    assert "Nothing is piped in" in err


@pytest.mark.parametrize("suffix", [".exr", ".tiff", ".npy", ".npz", ".pfm", ".ply", ".glb", ".obj"])
def test_suffix_chooses_the_export(run: Run, photo_jpeg: Path, tmp_path: Path, suffix: str) -> None:
    """``-o depth.exr`` writes what ``nearfar export exr`` writes, in either verb."""
    code, out, err = run(photo_jpeg, "-o", f"one{suffix}")
    assert (code, out.strip()) == (0, f"one{suffix}"), err
    code, out, err = run("export", photo_jpeg, "-o", f"two{suffix}")
    assert (code, out.strip()) == (0, f"two{suffix}"), err
    assert (tmp_path / f"one{suffix}").stat().st_size > 100


def test_values_of_an_export_by_suffix(run: Run, photo_jpeg: Path) -> None:
    """The values are those of the raw file."""
    run(photo_jpeg, "-o", "depth.tiff", "--raw", "depth.npy")
    assert np.array_equal(nearfar.read_depth("depth.tiff").values, np.load("depth.npy"))


def test_absent_photo_is_told_before_outputs(run: Run, photo_jpeg: Path) -> None:
    """A wrong name of a file is what is wrong, whatever stands behind -o."""
    for words in (("gone.jpg", "-o", "x.txt"), ("effect", "fog", "gone.jpg", "-o", photo_jpeg)):
        code, _, err = run(*words)
        assert code != 0
        assert "gone.jpg does not exist" in err


def test_command_that_is_nearly_one(run: Run) -> None:
    """A mistyped command is no photo that does not exist."""
    code, _, err = run("effct", "bokeh", "photo.jpg")
    assert code == 2
    assert "Did you mean 'effect'?" in err


def test_picture_of_a_pipe_is_that_of_a_file(process, run: Run, photo_jpeg: Path) -> None:
    """The effect of standard input is that of the file."""
    run("effect", "fog", photo_jpeg)
    piped = process("effect", "fog", "-", input=photo_jpeg.read_bytes()).stdout
    made = Image.open(photo_jpeg.with_name("photo.fog.png"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(piped))), np.asarray(made))


def test_own_depth_of_a_photo(run: Run, photo_jpeg: Path, tmp_path: Path) -> None:
    """What the photo carries takes the place of the network's depth; a photo without it is told."""
    values = np.tile(np.geomspace(1, 9, 128, dtype=np.float32), (96, 1))
    data = nearfar.export("gdepth", nearfar.DepthMap(values, "metric"), photo_jpeg)
    (tmp_path / "own.jpg").write_bytes(data)
    code, _, err = run("own.jpg", "--raw", "network.npy")
    assert code == 0
    assert "carries its own depth (GDepth)" in err
    code, _, err = run("own.jpg", "--own-depth", "--overwrite", "--raw", "own.npy")
    assert code == 0, err
    assert np.abs(1 / np.load("own.npy") - 1 / values).max() < 0.003
    code, out, err = run("export", "npy", "own.jpg", "--own-depth")
    assert code == 0, err
    assert np.array_equal(np.load(out.strip()), np.load("own.npy"))
    code, _, err = run(photo_jpeg, "--own-depth")
    assert code == 1
    assert "carries no depth of its own" in err
