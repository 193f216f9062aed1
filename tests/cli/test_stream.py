"""Photos of a command line with their depth, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nearfar
from nearfar.cli._plan import Task
from nearfar.cli._stream import Way, in_the_way, made
from nearfar.errors import OutputExistsError, SourceError, UnknownNameError
from nearfar.one_photo import EstimateOptions

if TYPE_CHECKING:
    from pathlib import Path

WAY = Way(EstimateOptions())


def width_of(_: Task, photo: nearfar.Photo, depth: nearfar.DepthMap) -> int:
    """What is made of each photo here."""
    assert photo.width == depth.width
    return photo.width


def a_model() -> nearfar.Model:
    """The fake network."""
    return nearfar.load(engine="fake")


def test_what_stands_in_the_way_is_told_in_its_place(photo_png: Path, tmp_path: Path) -> None:
    """A photo that is not there, and a result that is, do not hold up the others."""
    there = tmp_path / "there.png"
    there.touch()
    tasks = (
        Task(str(photo_png), tmp_path / "a.png"),
        Task(str(tmp_path / "none.png"), tmp_path / "b.png"),
        Task(str(photo_png), there),
        Task(str(photo_png), tmp_path / "c.png"),
    )
    found = list(made(tasks, a_model, WAY, width_of))
    assert [task for task, _ in found] == list(tasks)
    assert [type(one.error) for _, one in found] == [type(None), SourceError, OutputExistsError, type(None)]
    assert found[0][1].made == found[3][1].made > 0
    assert in_the_way(tasks[2], overwrite=True) is None


def test_a_model_that_fails_is_every_tasks_error(photo_png: Path, tmp_path: Path) -> None:
    """Each photo is told, as many as there are."""

    def fail() -> nearfar.Model:
        raise UnknownNameError("There is no such model.", "See nearfar models.")

    tasks = tuple(Task(str(photo_png), tmp_path / name) for name in ("a.png", "b.png"))
    found = list(made(tasks, fail, WAY, width_of))
    assert [type(one.error) for _, one in found] == [UnknownNameError] * 2


def test_no_model_is_loaded_for_nothing(photo_png: Path) -> None:
    """Where every task is refused, loading would only cost time."""
    tasks = (Task(str(photo_png), photo_png),)
    found = list(made(tasks, lambda: pytest.fail("it was loaded"), WAY, width_of))
    assert isinstance(found[0][1].error, OutputExistsError)
