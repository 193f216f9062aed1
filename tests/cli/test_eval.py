"""``nearfar eval``: lists, results, comparisons and pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import small_sets
from nearfar.cli import main
from nearfar.evaluation.catalogue import eval_sets, protocols

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small folder of photos with depth."""
    (tmp_path / "set").mkdir()
    small_sets.folder(tmp_path / "set")
    return tmp_path / "set"


def words(data: Path, *more: str) -> list[str]:
    """A command line that judges the ramp there."""
    return ["eval", "ramp", "--protocol", "midas", "--set", "folder", "--data", str(data), *more]


def test_sets_and_protocols_are_listed(capsys) -> None:
    """By name, for people and for programs."""
    assert main(["eval", "sets"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n{name}: " in f"\n{said}" for name in eval_sets())
    assert "pip install 'nearfar[eval]'" in said
    assert main(["eval", "protocols", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} == set(protocols())
    assert main(["eval", "sets", "kitti", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["splits"]["eigen"] == 652


def test_a_result_for_people(data: Path, capsys) -> None:
    """Counts and figures with their intervals."""
    assert main(words(data)) == 0
    said = capsys.readouterr().out
    assert said.startswith("ramp by midas on folder (all): 3 pictures, 9,144 pixels")
    assert "abs_rel" in said


def test_a_result_for_programs(data: Path, tmp_path: Path, capsys) -> None:
    """The same document on standard output and in the file, the worst as pictures beside it."""
    target = tmp_path / "ramp.json"
    assert main([*words(data, "-o", str(target)), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert json.loads(target.read_text("utf-8")) == said
    assert (tmp_path / said["worst"][0]["file"]).read_bytes()[:2] == b"\xff\xd8"
    assert main(words(data, "-o", str(target))) == 1  # it is there already
    assert main(words(data, "-o", str(target), "--overwrite")) == 0


def test_compare_and_report(data: Path, tmp_path: Path, capsys) -> None:
    """Two results set against each other, and both on one page."""
    for name in ("ramp", "embedded"):
        line = words(data, "-o", str(tmp_path / f"{name}.json"))
        assert main([line[0], name, *line[2:]]) == 0
    results = [str(tmp_path / f"{name}.json") for name in ("ramp", "embedded")]
    capsys.readouterr()
    assert main(["eval", "compare", *results]) == 0
    assert "ramp (first) and embedded (second) on 3 pictures" in capsys.readouterr().out
    assert main(["eval", "report", *results, "-o", str(tmp_path / "card.html")]) == 0
    assert (tmp_path / "card.html").read_text("utf-8").count("<figure>") == 6


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["eval"], "One network"),
        (["eval", "ramp"], "--protocol is not given"),
        (["eval", "ramp", "-p", "midas"], "--set is not given"),
        (["eval", "ramp", "-p", "midsa", "-s", "folder", "-d", "."], "Did you mean 'midas'"),
        (["eval", "ramp", "-p", "midas", "-s", "folder", "-d", "nowhere"], "no folder"),
        (["eval", "ramp", "--predictions", ".", "-p", "midas", "-s", "folder", "-d", "."], "One network"),
        (["eval", "ramp", "--kind", "metric"], "--kind counts only with --predictions"),
        (["eval", "--predictions", ".", "--flip"], "--flip counts only with a network"),
        (["eval", "ramp", "-s", "nyu", "--invalid", "0"], "--invalid counts only with --set folder"),
        (["eval", "ramp", "-p", "moge", "-s", "folder", "-d", ".", "--align", "none"], "no choice of align"),
        (["eval", "ramp", "-p", "da2k", "-s", "da2k", "-d", ".", "--cap", "5"], "no choice of cap"),
        (
            ["eval", "ramp", "-p", "midas", "-s", "kitti", "-d", ".", "--split", "egen"],
            "Did you mean 'eigen'",
        ),
        (["eval", "compare", "a.json"], "Two results"),
        (["eval", "compare", "a.json", "b.json", "--cap", "5"], "--cap counts for nothing with eval compare"),
        (
            ["eval", "report", "a.json", "-o", "a.html", "--worst", "3"],
            "--worst counts for nothing with eval",
        ),
        (["eval", "sets", "-p", "midas"], "--protocol counts for nothing with eval sets"),
        (["eval", "ramp", "--worst", "3"], "--worst counts only with --output"),
        (["eval", "ramp", "--title", "x"], "--title counts only with report"),
        (["eval", "report", "a.json", "-o", "a.pdf"], "ends in .html"),
        (["eval", "ramp", "-p", "midas", "-s", "folder", "-d", ".", "-o", "a.txt"], "ends in .json"),
        (["eval", "ramp", "-p", "midas", "-s", "folder", "-d", ".", "-o", "no/such/a.json"], "no/such"),
        (["eval", "report", "a.json"], "a place to write to"),
        (["eval", "ramp", "-p", "midas", "-s", "folder", "-d", ".", "--invalid", "x"], "--invalid is 'x'"),
        (["eval", "ramp", "-p", "midas", "-s", "folder", "-d", ".", "--align", "best"], "align is 'best'"),
    ],
)
def test_what_is_wrong_is_told(line: list[str], said: str, tmp_path: Path, monkeypatch, capsys) -> None:
    """Exit code 2, and what to do."""
    monkeypatch.chdir(tmp_path)
    assert main(line) == 2
    assert said in capsys.readouterr().err


def test_maps_that_do_not_say_what_they_are(data: Path, tmp_path: Path, capsys) -> None:
    """The flag of this verb is named, not that of others."""
    for photo in data.rglob("*.jpg"):
        target = tmp_path / "maps" / photo.relative_to(data).with_suffix(".npy")
        target.parent.mkdir(parents=True, exist_ok=True)
        np.save(target, np.ones((4, 4), np.float32))
    line = ["eval", "--predictions", str(tmp_path / "maps"), *words(data)[2:]]
    assert main(line) == 2
    err = capsys.readouterr().err
    assert "--kind: one of metric" in err
    assert "--depth-kind" not in err


def test_files_that_are_no_results(tmp_path: Path, capsys) -> None:
    """Not JSON, another document, absent."""
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    (tmp_path / "b.json").write_text("{}", encoding="utf-8")
    for first, code, said in (("a", 2, "is not JSON"), ("b", 2, "no result"), ("c", 1, "cannot be read")):
        assert main(["eval", "compare", str(tmp_path / f"{first}.json"), str(tmp_path / "b.json")]) == code
        assert said in capsys.readouterr().err


def test_split_files(tmp_path: Path, capsys) -> None:
    """A list that is a part needs the word; comments and empty lines do not count."""
    small_sets.kitti(tmp_path / "kitti")
    listed = tmp_path / "test.txt"
    listed.write_text(f"# Eigen's\n\n{small_sets.kitti_list()}\n", encoding="utf-8")
    line = ["eval", "ramp", "-p", "midas", "-s", "kitti", "-d", str(tmp_path / "kitti")]
    assert main([*line, "--split-file", str(listed)]) == 2
    assert "652 are published" in capsys.readouterr().err
    assert main([*line, "--split-file", str(listed), "--partial"]) == 0
    assert "2 pictures of 652 published" in capsys.readouterr().out
