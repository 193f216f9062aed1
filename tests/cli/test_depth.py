"""``nearfar PHOTO...``: what is written, what is said, and how it exits."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from command_line import names, rows
from pictures import encoded

if TYPE_CHECKING:
    from conftest import Run


@pytest.fixture
def depth(photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> nearfar.DepthMap:
    """What the library says of ``photo.png``."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")
    return nearfar.estimate(photo_png)


def pixels(path: Path | str) -> np.ndarray:
    """The pixels of a picture file."""
    with Image.open(path) as image:
        return np.asarray(image)


def test_heat_map_beside_the_photo(run: Run, photo_png: Path, depth: nearfar.DepthMap) -> None:
    """The heat map is the library's, and its path is what is printed."""
    code, out, err = run(photo_png.name)
    assert (code, out, err) == (0, "photo.depth.png\n", "")
    assert np.array_equal(pixels("photo.depth.png"), nearfar.heatmap(depth).pixels)


def test_explicit_verb(run: Run, photo_png: Path) -> None:
    """The default verb has a name, for photos that are called like a verb."""
    photo_png.rename("models")
    assert run("depth", "models")[0] == 0
    assert Path("models.depth.png").is_file()


@pytest.mark.parametrize("flag", ["-o", "--output"])
def test_output(run: Run, photo_png: Path, flag: str) -> None:
    """The suffix of the output decides its format."""
    assert run(photo_png, flag, "heat.webp")[0] == 0
    with Image.open("heat.webp") as image:
        assert (image.format, image.size) == ("WEBP", (128, 96))


def test_colormap(run: Run, photo_png: Path, depth: nearfar.DepthMap) -> None:
    """--colormap is the library's colormap."""
    assert run(photo_png, "--colormap", "turbo")[0] == 0
    assert np.array_equal(pixels("photo.depth.png"), nearfar.heatmap(depth, "turbo").pixels)


@pytest.mark.parametrize(("text", "rule"), [("percentile", "percentile"), ("-1,2", (-1.0, 2.0))])
def test_range(run: Run, photo_png: Path, depth: nearfar.DepthMap, text: str, rule: object) -> None:
    """--range is the library's range, also where it begins with a minus."""
    assert run(photo_png, "--range", text)[0] == 0
    assert np.array_equal(pixels("photo.depth.png"), nearfar.heatmap(depth, range=rule).pixels)


def test_overlay(run: Run, photo_png: Path, depth: nearfar.DepthMap) -> None:
    """--overlay is the library's opacity."""
    assert run(photo_png, "--overlay", "0.25")[0] == 0
    assert np.array_equal(pixels("photo.depth.png"), nearfar.overlay(photo_png, depth, 0.25).pixels)


def test_raw(run: Run, photo_png: Path, depth: nearfar.DepthMap) -> None:
    """--raw writes the values themselves, beside the picture."""
    code, out, _ = run(photo_png, "--raw", "values.npy")
    assert (code, out.splitlines()) == (0, [str(photo_png.with_name("photo.depth.png")), "values.npy"])
    values = np.load("values.npy")
    assert values.dtype == np.float32
    assert np.array_equal(values, depth.values)


def test_png16(run: Run, photo_png: Path, depth: nearfar.DepthMap) -> None:
    """--png16 writes values that its own scale and offset bring back."""
    assert run(photo_png, "--png16", "values.png")[0] == 0
    with Image.open("values.png") as image:
        scale, offset = (float(image.text[f"nearfar:{key}"]) for key in ("scale", "offset"))
        values = np.asarray(image).astype(np.float64) * scale + offset
    assert np.abs(values - depth.values).max() <= scale


def test_model(run: Run, photo_png: Path) -> None:
    """--model goes before the setting."""
    assert rows(run(photo_png, "--model", "embedded", "--json")[1])[0]["model"] == "embedded"


def test_size(run: Run, photo_png: Path) -> None:
    """--size is the length of the network's input."""
    row = rows(run(photo_png, "--size", "128", "--json")[1])[0]
    assert (row["input_width"], row["input_height"]) == (128, 96)


def test_existing_file_is_kept(run: Run, photo_png: Path) -> None:
    """What is there already is not replaced, and the way out is named."""
    Path("photo.depth.png").write_bytes(b"mine")
    code, _, err = run("photo.png")
    assert (code, Path("photo.depth.png").read_bytes()) == (1, b"mine")
    assert err.endswith("photo.depth.png exists already. Pass --overwrite, or choose another name.\n")


def test_existing_values_keep_the_picture_away(run: Run, photo_png: Path) -> None:
    """Where one of several results may not be written, none is."""
    Path("values.npy").write_bytes(b"mine")
    assert run(photo_png, "--raw", "values.npy")[0] == 1
    assert names(Path()) == {"photo.png", "values.npy"}


def test_overwrite(run: Run, photo_png: Path) -> None:
    """--overwrite replaces."""
    Path("photo.depth.png").write_bytes(b"mine")
    assert run(photo_png, "--overwrite")[0] == 0
    assert pixels("photo.depth.png").shape == (96, 128, 3)


def test_json(run: Run, photo_png: Path, depth: nearfar.DepthMap) -> None:
    """--json gives a row a photo: what the numbers mean, where they are, how long it took."""
    code, out, err = run(photo_png.name, "--json", "--raw", "values.npy")
    (row,) = rows(out)
    assert (code, err) == (0, "")
    assert row.pop("milliseconds") > 0
    places = {"input": "photo.png", "output": "photo.depth.png", "raw": "values.npy", "png16": None}
    assert row.pop("engine_why") == "asked for"
    assert row == places | depth.describe()


def test_json_tells_errors(run: Run, photo_png: Path) -> None:
    """With --json an error is a row too, in its place."""
    Path("text.jpg").write_text("no picture")
    code, out, _ = run("text.jpg", photo_png.name, "--json")
    first, second = rows(out)
    assert (code, first["input"], second["input"]) == (1, "text.jpg", "photo.png")
    assert first["error"]["type"] == "UnsupportedFormatError"
    assert first["error"]["message"]
    assert first["error"]["hint"]


def test_json_tells_usage_errors(run: Run) -> None:
    """With --json a wrong command line is a row without an input."""
    code, out, _ = run("a.jpg", "--colormap", "infern", "--json")
    assert code == 2
    assert rows(out) == [
        {
            "input": None,
            "error": {
                "type": "ParameterError",
                "message": "colormap is 'infern'.",
                "hint": "Did you mean 'inferno'?",
            },
        }
    ]


def test_one_bad_of_many(run: Run, photo_png: Path) -> None:
    """A bad photo is reported, and those behind it are done."""
    Path("empty.jpg").write_bytes(b"")
    shutil.copy(photo_png, "last.png")
    code, out, err = run("photo.png", "empty.jpg", "last.png")
    assert (code, out) == (1, "photo.depth.png\nlast.depth.png\n")
    assert err.startswith("nearfar: empty.jpg is empty. ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gone.jpg", "does not exist"),
        ("cut.png", "damaged"),
    ],
)
def test_bad_photo(run: Run, photo_png: Path, name: str, said: str) -> None:
    """One clear line, exit code 1, nothing written."""
    Path("folder").mkdir()
    Path("cut.png").write_bytes(photo_png.read_bytes()[:400])
    code, out, err = run(name)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"nearfar: {name}" in err
    assert said in err
    assert names(Path()) == {"photo.png", "folder", "cut.png"}


def test_name_that_is_too_long(run: Run, photo_png: Path) -> None:
    """A result whose name the file system refuses is one clear error."""
    long = "n" * 250 + ".png"
    photo_png.rename(long)
    code, _, err = run(long)
    assert code == 1
    assert "Cannot write" in err
    assert names(Path()) == {long}


def test_named_twice(run: Run, photo_png: Path) -> None:
    """A photo named twice is done once, and that is said."""
    code, out, err = run("photo.png", "./photo.png")
    assert (code, out) == (0, "photo.depth.png\n")
    assert err == "nearfar: photo.png is named twice and is done once.\n"


def test_odd_names(run: Run, photo_png: Path) -> None:
    """Spaces, Chinese and a leading dash are names like others."""
    for name in ("a b 照片.png", "-dash.png"):
        shutil.copy(photo_png, name)
    assert run("a b 照片.png", "--", "-dash.png")[:2] == (0, "a b 照片.depth.png\n-dash.depth.png\n")


def test_several_into_a_folder(run: Run, photo_png: Path) -> None:
    """All results of several photos go to the folders that are named."""
    shutil.copy(photo_png, "b.png")
    assert run("photo.png", "b.png", "-o", "heat", "--raw", "values", "--png16", "heat")[0] == 0
    assert names(Path("heat")) == {"photo.depth.png", "b.depth.png", "photo.depth16.png", "b.depth16.png"}
    assert names(Path("values")) == {"photo.depth.npy", "b.depth.npy"}


def test_same_target(run: Run, photo_png: Path) -> None:
    """Two photos that want one file are refused before anything is written."""
    shutil.copy(photo_png, "photo.webp")
    assert run("photo.png", "photo.webp")[0] == 2
    assert names(Path()) == {"photo.png", "photo.webp"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "No photo was named."),
        (["photo.png", "--colr", "x"], "Unknown option: --colr."),
        (["photo.png", "--output"], "requires an argument"),
        (["photo.png", "--colormap", "viridi"], "Did you mean 'viridis'?"),
        (["photo.png", "--range", "5,1"], "a < b"),
        (["photo.png", "--range", "near"], "'image', 'percentile' or two numbers"),
        (["photo.png", "--overlay", "2"], "0 to 1"),
        (["photo.png", "--overlay", "half"], "a number was expected"),
        (["photo.png", "--size", "1.5"], "a whole number was expected"),
        (["photo.png", "--size", "9"], "pixels"),
        (["photo.png", "--model", "embeded"], "Did you mean 'embedded'?"),
        (["photo.png", "-o", "x.bmp"], "ends in .png"),
        (["photo.png", "-o", "gone/x.png"], "cannot be written to"),
        (["photo.png", "--json", "-o", "-"], "a picture and JSON"),
    ],
)
def test_usage(run: Run, photo_png: Path, words: list[str], said: str) -> None:
    """A command line that cannot be carried out: one line, exit code 2, nothing written."""
    code, _, err = run(*words)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("nearfar: ")
    assert said in err
    assert names(Path()) == {"photo.png"}


def test_wrong_model_leaves_no_folder(run: Run, photo_png: Path) -> None:
    """Folders are made only when all else is right."""
    assert run(photo_png, "-o", "new/", "--model", "none")[0] == 2
    assert not Path("new").exists()


def test_wrong_setting(run: Run, photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is no setting is a wrong command line."""
    monkeypatch.setenv("NEARFAR_MODLE", "x")
    code, _, err = run(photo_png)
    assert code == 2
    assert "Did you mean 'NEARFAR_MODEL'?" in err


def test_warning(run: Run) -> None:
    """What makes a photo's depth unreliable is said, and it is done all the same."""
    Path("night.png").write_bytes(encoded(np.zeros((40, 60, 3), np.uint8)))
    code, out, err = run("night.png")
    assert (code, out) == (0, "night.depth.png\n")
    assert "nearfar: night.png: The picture is nearly black: its depth is unreliable.\n" in err


def test_out_of_memory(run: Run, photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A photo that does not fit into memory is one that failed."""

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("nearfar.one_photo.read_photo", fail)
    code, _, err = run(photo_png)
    assert (code, err) == (
        1,
        f"nearfar: {photo_png}: There is not enough memory for this photo. Scale it down.\n",
    )
