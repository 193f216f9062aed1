"""Segments of a run: whole or not there, and gone where the run is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.errors import OutputError
from nearfar.video import segments
from nearfar.video.segments import nested, part_of

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = {"model": "embedded", "size": [160, 96]}


def make(folder: Path, count: int, recipe: dict[str, object] = RECIPE) -> None:
    """A run of so many segments that ends there."""
    with segments.opened(folder, recipe) as held:
        for number in range(count):
            part = held.begin()
            (part / "heat.nut").write_bytes(bytes([number]))
            held.keep(part, {"number": number, "plane": np.full((2, 2), number)})


def test_whole_segments_are_there_for_the_next_run(tmp_path: Path) -> None:
    """In order, with what the last one knew."""
    make(tmp_path / "run", 3)
    with segments.opened(tmp_path / "run", RECIPE) as held:
        assert [folder.name for folder in held.whole()] == ["00000", "00001", "00002"]
        state = held.state()
    assert int(state["number"]) == 2
    assert state["plane"].tolist() == [[2, 2], [2, 2]]


def test_a_segment_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    """What was in it is gone."""
    with segments.opened(tmp_path / "run", RECIPE) as held:
        (held.begin() / "half").write_bytes(b"x")
    with segments.opened(tmp_path / "run", RECIPE) as held:
        assert held.whole() == []
        assert list(held.begin().iterdir()) == []


def test_another_run_begins_anew(tmp_path: Path) -> None:
    """Where anything of its recipe differs."""
    make(tmp_path / "run", 2)
    with segments.opened(tmp_path / "run", RECIPE | {"model": "embedded-fine"}) as held:
        assert held.whole() == []
        assert held.state() == {}


def test_what_is_begun_is_known(tmp_path: Path) -> None:
    """By a whole segment, not by a folder."""
    make(tmp_path / "none", 0)
    make(tmp_path / "some", 1)
    assert not segments.is_begun(tmp_path / "none")
    assert segments.is_begun(tmp_path / "some")


def test_nothing_is_left_of_a_run_that_is_done(tmp_path: Path) -> None:
    """Neither folder nor lock."""
    with segments.opened(tmp_path / "run", RECIPE) as held:
        held.keep(held.begin(), {})
        held.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should; the words are of this command, not of a store."""
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(OutputError, match="Make room, or choose another folder"),
        segments.opened(tmp_path / "file" / "run", RECIPE),
    ):
        pass


def test_states_lie_below_names() -> None:
    """Numbers and texts come back as such, arrays as arrays."""
    state = nested("a", {"n": np.array(3), "t": np.array("x"), "p": np.ones(2)}) | nested(
        "ab", {"n": np.array(4)}
    )
    found = part_of("a", state)
    assert (found["n"], found["t"]) == (3, "x")
    assert found["p"].tolist() == [1, 1]
    assert "ab/n" not in found
