"""An absent extra is told before any photo is read: by the library, on the command line, in the lists."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

import nearfar
from nearfar import outputs
from nearfar.cli import main
from nearfar.errors import MissingExtraError
from nearfar.exports import npy
from nearfar.plugins import outline
from nearfar.registry import EFFECTS, EXPORTS, absent, by_suffix

LIBRARY = "no_such_library_of_ours"


@pytest.fixture
def without_av(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra ``video``."""
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.fixture
def without_npy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The format ``npy`` needs a library that nobody has."""
    monkeypatch.setattr(npy, "PLUGIN", replace(npy.PLUGIN, libraries=(LIBRARY, "numpy")))


@pytest.mark.usefixtures("without_av")
def test_an_effect_tells_before_the_photo_is_opened() -> None:
    """The photo does not exist, and what is told is the absent library and its extra."""
    with pytest.raises(MissingExtraError, match=r"effect 'parallax'.*'av'.*nearfar\[video\]"):
        nearfar.effect("parallax", "no-such-photo.jpg")


@pytest.mark.usefixtures("without_npy")
def test_an_export_tells_before_its_files_are_opened() -> None:
    """Neither the depth file nor the photo exists."""
    with pytest.raises(MissingExtraError, match=LIBRARY):
        nearfar.export("npy", "no-such-depth.npy", "no-such-photo.jpg")


@pytest.mark.usefixtures("without_av")
def test_a_pipeline_is_refused_as_it_is_read() -> None:
    """A job that could not be done is not accepted."""
    with pytest.raises(MissingExtraError, match=r"nearfar\[video\]"):
        outputs.read_outputs('{"effects": ["heatmap", "parallax"]}', "embedded")


@pytest.mark.usefixtures("without_npy")
def test_an_output_by_name_is_refused() -> None:
    """Streams of the library name what is to be made before they begin."""
    with pytest.raises(MissingExtraError, match=LIBRARY):
        outputs.export("npy")


@pytest.mark.parametrize(
    "words",
    [("effect", "parallax", "no-such-photo.jpg"), ("export", "npy", "a.jpg"), ("a.jpg", "-o", "a.npz")],
)
def test_command_lines_end_before_any_work(words, monkeypatch, tmp_path, capsys) -> None:
    """One message, the exit code of what cannot be done here, and nothing of the photo that is not there."""
    from nearfar.exports import npz

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "av", None)
    for module in (npy, npz):
        monkeypatch.setattr(module, "PLUGIN", replace(module.PLUGIN, libraries=(LIBRARY,)))
    from nearfar import registry

    registry._exports_by_suffix.cache_clear()
    code = main(list(words))
    registry._exports_by_suffix.cache_clear()
    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (1, 1)
    assert "not installed. Install it: pip install" in err


def test_the_suffix_of_a_format_that_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is named by its suffix needs the libraries of its format, too."""
    monkeypatch.setattr("nearfar.registry._exports_by_suffix", lambda: {".npy": lacking})
    lacking = replace(npy.PLUGIN, libraries=(LIBRARY,), extra="values")
    with pytest.raises(MissingExtraError, match=r"nearfar\[values\]"):
        by_suffix(".npy")


@pytest.mark.usefixtures("without_av")
def test_lists_tell_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """``missing`` names the library; what can run misses nothing."""
    assert outline(EFFECTS.load("parallax"))["missing"] == ["av"]
    assert outline(EFFECTS.load("bokeh"))["missing"] == []
    assert main(["effects", "parallax"]) == 0
    assert "it needs av" in capsys.readouterr().out
    assert main(["effects", "--json", "parallax"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["missing"] == ["av"]


def test_what_is_installed_is_not_missing() -> None:
    """Looked for without loading it, or loaded already."""
    assert absent(("numpy", LIBRARY, "wave")) == (LIBRARY,)
    assert EXPORTS.ready("npy").name == "npy"


def test_segmenting_tells_before_the_photo_is_opened(monkeypatch, tmp_path, capsys) -> None:
    """The extra ``sam`` is asked for, not the photo that does not exist."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert main(["segment", "no-such-photo.jpg", "1,1", "--weights", "x"]) == 1
    assert "nearfar[sam]" in capsys.readouterr().err
