"""Which photo goes to which files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nearfar.cli._plan import Task, make_folders, plan, repeated
from nearfar.errors import ParameterError, SourceError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are looked up in an empty folder."""
    monkeypatch.chdir(tmp_path)


def test_beside_the_photo() -> None:
    """Without a word on it, the heat map stands beside its photo."""
    assert plan(["in/a.jpg"], "", "", "") == (Task("in/a.jpg", Path("in/a.depth.png")),)


def test_standard_input_to_standard_output() -> None:
    """A dash goes to standard output."""
    assert plan(["-"], "", "", "") == (Task("-", None),)


def test_dash_as_output() -> None:
    """A named photo may go to standard output too."""
    assert plan(["a.jpg"], "-", "", "") == (Task("a.jpg", None),)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.jpeg", "x.webp", "X.PNG"])
def test_one_file(name: str) -> None:
    """A file with a picture's suffix is taken as it is."""
    assert plan(["a.jpg"], name, "", "")[0].picture == Path(name)


def test_existing_folder() -> None:
    """In a folder the results are named after the photo."""
    Path("out").mkdir()
    task = plan(["in/a.jpg"], "out", "out", "out")[0]
    assert task.targets == (Path("out/a.depth.png"), Path("out/a.depth.npy"), Path("out/a.depth16.png"))


@pytest.mark.parametrize(("photos", "output"), [(["a.jpg"], "new/"), (["a.jpg", "b.jpg"], "new")])
def test_folder_still_to_be_made(photos: list[str], output: str) -> None:
    """A slash, or several photos, can only mean a folder."""
    tasks = plan(photos, output, "", "")
    assert tasks[0].picture == Path("new/a.depth.png")
    make_folders(tasks, (output, "", ""))
    assert Path("new").is_dir()


def test_standard_input_in_a_folder() -> None:
    """A result of standard input is called stdin there."""
    assert plan(["-"], "new/", "", "")[0].picture == Path("new/stdin.depth.png")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([], "", "", ""), "No photo"),
        ((["a.jpg"], "depth.txt", "", ""), "--raw FILE.npy"),
        ((["a.jpg"], "", "depth.txt", ""), "--raw"),
        ((["a.jpg"], "", "", "depth.jpg"), "--png16"),
        ((["a.jpg", "b.jpg"], "one.png", "", ""), "one file for several results"),
        ((["a.jpg", "b.jpg"], "", "one.npy", ""), "one file for several results"),
        ((["a.jpg", "b.jpg"], "-", "", ""), "several"),
        ((["a.jpg", "a.png"], "", "", ""), "a result of a.jpg already"),
        ((["x/a.jpg", "y/a.jpg"], "out/", "", ""), "a result of x/a.jpg already"),
        ((["a.png"], "a.png", "", ""), "the photo a.png already"),
        ((["a.jpg", "b.depth.png", "b.jpg"], "", "", ""), "the photo b.depth.png already"),
        ((["a.jpg"], "same.png", "", "same.png"), "a result of a.jpg already"),
    ],
)
def test_refused(arguments: tuple[list[str], str, str, str], said: str) -> None:
    """What cannot be meant is refused with its reason, where the photo is there."""
    for name in ("a.jpg", "a.png"):
        Path(name).touch()
    with pytest.raises(ParameterError) as caught:
        plan(*arguments)
    assert said in str(caught.value)


def test_target_that_is_a_photo_by_another_name() -> None:
    """A link does not hide that a result would replace a photo."""
    Path("a.png").write_bytes(b"x")
    Path("link.png").symlink_to("a.png")
    with pytest.raises(ParameterError, match="the photo"):
        plan(["a.png"], "link.png", "", "")


def test_named_twice() -> None:
    """However it is written, one photo is one task, at its first place."""
    photos = ["a.jpg", "b.jpg", f".{os.sep}a.jpg", os.path.abspath("b.jpg")]  # noqa: PTH100
    assert [task.source for task in plan(photos, "", "", "")] == ["a.jpg", "b.jpg"]
    assert repeated(photos) == ("a.jpg", "b.jpg")


def test_nothing_is_repeated() -> None:
    """Different photos are told of as such."""
    assert repeated(["a.jpg", "b.jpg", "-"]) == ()


@pytest.mark.parametrize("output", ["gone/x.png", "gone/deeper/", "file/x.png"])
def test_folder_that_cannot_be(output: str) -> None:
    """A folder that is absent, or is a file, is refused before any work."""
    for name in ("file", "a.jpg"):
        Path(name).write_bytes(b"")
    with pytest.raises(ParameterError, match="cannot be written to"):
        make_folders(plan(["a.jpg"], output, "", ""), (output, "", ""))
    assert not Path("gone").exists()


def test_photo_that_is_not_there_is_told_before_its_folder() -> None:
    """Where both the photo and the folder of its result are wrong, the photo is what is told."""
    with pytest.raises(SourceError, match=r"away\.jpg does not exist"):
        make_folders(plan(["away.jpg"], "gone/x.png", "", ""), ("gone/x.png", "", ""))


@pytest.mark.parametrize("odd", [".", "..", "/", ""])
def test_names_without_a_stem(odd: str) -> None:
    """A folder named as a photo is left to the reader to refuse."""
    assert plan([odd], "", "", "")[0].source == odd


def test_name_without_suffix_is_a_folder_for_one_photo_too() -> None:
    """A pattern that matches one photo does what it does for many: the folder is made."""
    (task,) = plan(["a.jpg"], "maps", "", "")
    assert task.picture == Path("maps/a.depth.png")
