"""Plug-ins by name."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from nearfar import registry
from nearfar.errors import MissingExtraError, SettingsError, UnknownNameError
from nearfar.registry import EFFECTS, ENGINES, EXPORTS, MODELS, Registry, Rows, by_suffix

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry over a package made for one test: add files to ``toys/`` beside it."""
    package = tmp_path / "toys"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "good_one.py").write_text("PLUGIN = 'good'\n")
    (package / "_hidden.py").write_text("PLUGIN = 'hidden'\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "toys"]:
        monkeypatch.delitem(sys.modules, name)
    registry._places.cache_clear()
    return Registry("toy", "toys")


def brings(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    """Pretend that installed packages bring these entry points."""
    rows = [SimpleNamespace(name=name, value=value) for name, value in entries]
    monkeypatch.setattr(registry, "entry_points", lambda _: rows)


def test_name_is_the_file_name(folder: Registry) -> None:
    """A file is a plug-in, one with an underscore before its name is not."""
    assert folder.names() == ("good_one",)
    assert folder.load("good-one") == folder.load("good_one") == "good"


def test_unknown_name_offers_the_nearest(folder: Registry) -> None:
    """A slip of the pen is answered with the right name."""
    with pytest.raises(UnknownNameError, match=r"There is no toy 'god-one'\. Did you mean 'good-one'"):
        folder.load("god-one")


def test_missing_library_is_told_from_an_unknown_name(folder: Registry, tmp_path: Path) -> None:
    """The error says which library is absent and how to get it."""
    (tmp_path / "toys" / "heavy.py").write_text("import no_such_library.part\n")
    with pytest.raises(MissingExtraError, match=r"'no_such_library', which is not installed.*pip install"):
        folder.load("heavy")


def test_extra_that_brings_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an extra of ours has the library, the extra is what to install."""
    rows = ["numpy>=1.26", 'torchvision; extra == "vision"', 'torch>=2.6; extra == "torch"']
    monkeypatch.setattr("importlib.metadata.requires", lambda _: rows)
    assert registry._what_brings("torch.nn") == "'nearfar[torch]'"
    assert registry._what_brings("elsewhere") == "elsewhere"


def test_broken_library(folder: Registry, tmp_path: Path) -> None:
    """A library that is there but cannot be loaded is an error that repeats why."""
    (tmp_path / "toys" / "broken.py").write_text("raise ImportError('libGL.so.1 is absent')\n")
    with pytest.raises(MissingExtraError, match=r"cannot be loaded: libGL\.so\.1 is absent"):
        folder.load("broken")


def test_installed_package_adds_a_plugin(
    folder: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry point is loaded as a file of ours is; found twice on the path, it counts once."""
    (tmp_path / "toys_more.py").write_text("PLUGIN = 'more'\n")
    brings(monkeypatch, ("more", "toys_more"), ("more", "toys_more"))
    assert folder.names() == ("good_one", "more")
    assert folder.load("more") == "more"


def test_name_registered_twice(folder: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two plug-ins of one name are an error, not a matter of luck."""
    brings(monkeypatch, ("good_one", "elsewhere"))
    with pytest.raises(SettingsError, match="Two plug-ins are called toy 'good_one'"):
        folder.names()


@pytest.mark.parametrize(
    ("kind", "name"), [(MODELS, "embedded"), (ENGINES, "onnxruntime"), (EFFECTS, "heatmap"), (EXPORTS, "npy")]
)
def test_our_own_plugins_are_there(kind: Registry, name: str) -> None:
    """Our own features come through the same seam."""
    assert name in kind.names()
    assert kind.load(name)


def test_export_by_suffix() -> None:
    """A suffix finds its format in any case; an unknown one lists the known."""
    assert by_suffix(".NPY").name == "npy"
    with pytest.raises(UnknownNameError, match=r"\.png"):
        by_suffix(".xyz")


def test_installed_distribution_adds_a_plugin(folder: Registry, tmp_path: Path) -> None:
    """A distribution on the path that names our group is found, read from its own files."""
    info = tmp_path / "toys_extra-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys-extra\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nearfar.toys]\nextra = toys_extra\n")
    (tmp_path / "toys_extra.py").write_text("PLUGIN = 'extra'\n")
    assert "extra" in {entry.name for entry in registry.entry_points("nearfar.toys")}


@pytest.fixture
def shelf(folder: Registry, tmp_path: Path) -> Rows:
    """Rows of the package made for one test: two in one file, one in another, none in a third."""
    head = "from types import SimpleNamespace as Toy\n"
    (tmp_path / "toys" / "balls.py").write_text(
        f"{head}TOYS = (Toy(name='red-ball'), Toy(name='blue-ball'))\n"
    )
    (tmp_path / "toys" / "cars.py").write_text(f"{head}TOYS = Toy(name='car')\n")
    registry._rows.cache_clear()
    return Rows("toy", folder.package, "TOYS")


def test_a_file_may_list_several_rows_one_or_none(shelf: Rows) -> None:
    """Each goes by its own name, in the order of the files."""
    assert list(shelf.by_name()) == ["red-ball", "blue-ball", "car"]
    assert shelf.load("blue-ball").name == "blue-ball"


def test_an_unknown_row_offers_the_nearest(shelf: Rows) -> None:
    """As for a plug-in that is a whole file."""
    with pytest.raises(UnknownNameError, match=r"There is no toy 'red-bal'\. Did you mean 'red-ball'"):
        shelf.load("red-bal")


def test_two_rows_of_one_name_are_an_error(shelf: Rows, tmp_path: Path) -> None:
    """The message names the file of the second."""
    (tmp_path / "toys" / "more.py").write_text((tmp_path / "toys" / "cars.py").read_text())
    with pytest.raises(SettingsError, match=r"Two rows are called toy 'car'.*toys\.more"):
        shelf.load("red-ball")


def test_installed_packages_bring_rows(shelf: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that a package names in the group adds its rows."""
    (tmp_path / "trains.py").write_text(
        "from types import SimpleNamespace as Toy\nTOYS = (Toy(name='train'),)\n"
    )
    monkeypatch.delitem(sys.modules, "trains", raising=False)
    brings(monkeypatch, ("trains", "trains"))
    assert shelf.load("train").name == "train"
