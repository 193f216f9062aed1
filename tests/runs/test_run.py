"""A run over a folder: each photo once, whatever happens meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar import api
from nearfar.errors import BusyError, OutputExistsError, ParameterError, SourceError
from nearfar.machine.files import locked
from nearfar.runs import LocalRunner, Run, RunOptions, Source, pipeline_of
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import JSONL, RECORDS, Manifest
from nearfar.runs.status import status_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from nearfar.runs.items import Item
    from nearfar.runs.rows import Row
    from nearfar.runs.work import Done, Work


class Counting(LocalRunner):
    """Counts the photos that it was given, and stops the run after some."""

    __slots__ = ("given", "most")

    def __init__(self, most: int = 0) -> None:
        super().__init__(workers=1)
        object.__setattr__(self, "given", [])
        object.__setattr__(self, "most", most)

    def run(self, work: Work, items: Iterable[Item]) -> Generator[Done, None, None]:
        """As of a local runner."""
        for done in super().run(work, items):
            if self.most < 0 or (self.most and len(self.given) == self.most):
                raise KeyboardInterrupt
            self.given.append(done.row.source)
            yield done


def latest(target: Path) -> dict[str, Row]:
    """The rows of a target by what they are of."""
    rows = list(Manifest(LocalPlace(str(target))).latest())
    assert len({row.source for row in rows}) == len(rows)
    return {row.source: row for row in rows}


def made(target: Path) -> dict[str, bytes]:
    """The results in a target."""
    files = (path for path in target.rglob("*") if path.is_file() and RECORDS not in path.parts)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in files}


def test_results_lie_as_their_photos_do(photos, pipeline, tmp_path) -> None:
    """A photo that fails ends nothing; rows say what the values are, and what was wrong."""
    report = Run(Source(str(photos)), str(tmp_path / "out"), pipeline).go()
    assert (report.done, report.failed) == (8, 1)
    rows, files = latest(tmp_path / "out"), made(tmp_path / "out")
    row = rows["sub/001.png"]
    assert files.keys() == {f"{name}.npy.npy" for name in rows if name != "bad.jpg"}
    values = np.load(tmp_path / "out" / "sub/001.png.npy.npy")
    assert (row.low, row.high) == pytest.approx((float(values.min()), float(values.max())))
    assert (row.width, row.height, row.unit) == (values.shape[1], values.shape[0], "1")
    assert row.results[0].bytes == len(files["sub/001.png.npy.npy"])
    assert rows["bad.jpg"].error_type == "UnsupportedFormatError"
    assert len({row.key for row in rows.values()}) == 8
    assert rows["000.png"].key == rows["sub/007.png"].key  # the same picture


def test_the_same_command_goes_on(photos, pipeline, tmp_path) -> None:
    """After an interruption no photo is done twice, and the manifest is that of a run without one."""
    first, second = Counting(most=3), Counting()
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline)
    with pytest.raises(KeyboardInterrupt):
        run.go(first)
    run.go(second)
    assert sorted(first.given + second.given) == sorted(latest(tmp_path / "out"))
    Run(Source(str(photos)), str(tmp_path / "whole"), pipeline).go()
    bare = [
        {name: replace(row, seconds=0.0) for name, row in latest(tmp_path / place).items()}
        for place in ("out", "whole")
    ]
    assert bare[0] == bare[1]
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_what_failed_is_done_again_where_it_is_asked_for(photos, pipeline, tmp_path) -> None:
    """And is left alone otherwise."""
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline)
    run.go()
    rest, again = Counting(), Counting()
    assert run.go(rest).failed == 1
    assert rest.given == []
    run.options = RunOptions(retry_errors=True)
    run.go(again)
    assert again.given == ["bad.jpg"]


def test_a_photo_that_changed_is_done_again(photos, pipeline, tmp_path) -> None:
    """Its row is replaced, and there is one of it still."""
    run, runner = Run(Source(str(photos)), str(tmp_path / "out"), pipeline), Counting()
    run.go()
    before = latest(tmp_path / "out")["000.png"]
    (photos / "000.png").write_bytes((photos / "002.png").read_bytes())
    report = run.go(runner)
    assert runner.given == ["000.png"]
    after = latest(tmp_path / "out")
    assert after["000.png"].key == after["002.png"].key != before.key
    assert (report.done, report.done_now) == (8, 1)


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ({"exports": ["npz"]}, "outputs"),
        ({"exports": ["npy"], "tiles": True}, r"kind: tiles \(False, not True\)\."),
        ({"exports": ["npy"], "size": 160}, r"kind: input size \(\d+, not 160\)\."),
    ],
)
def test_another_setup_is_refused(photos, pipeline, tmp_path, other, differs) -> None:
    """Unless all of it may be made anew; what differs is said, and nothing else."""
    Run(Source(str(photos)), str(tmp_path / "out"), pipeline).go()
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline_of({**other, "engine": "fake"}))
    with pytest.raises(ParameterError, match=differs):
        run.go()
    run.options = RunOptions(replace=True)
    assert run.go().done_now == 8


def test_other_weights_are_refused(photos, pipeline, tmp_path) -> None:
    """By the hash of the weights, whatever they are called."""
    out = tmp_path / "out"
    Run(Source(str(photos)), str(out), pipeline).go()
    setup = out / RECORDS / "setup.json"
    held = json.loads(setup.read_text())
    held["setup"]["weights_sha256"] = "0" * 64
    setup.write_text(json.dumps(held))
    with pytest.raises(ParameterError, match="weights_sha256"):
        Run(Source(str(photos)), str(out), pipeline).go()


def test_a_target_of_other_things_is_left_alone(photos, pipeline, tmp_path) -> None:
    """The folder of the photos too."""
    with pytest.raises(OutputExistsError, match="not of a run"):
        Run(Source(str(photos)), str(photos), pipeline).go()


def test_a_target_in_the_source_is_none_of_its_photos(photos, tmp_path) -> None:
    """The results of the first time are not taken for photos the second time."""
    pipeline = pipeline_of({"engine": "fake"})
    run = Run(Source(str(photos), but=str(photos / "out")), str(photos / "out"), pipeline)
    assert run.go().done == run.go().done == 8


def test_two_runs_do_not_share_a_target(photos, pipeline, tmp_path) -> None:
    """The second one is told, and changes nothing."""
    place = tmp_path / "out" / RECORDS / "lock"
    with locked(place), pytest.raises(BusyError, match="Another process works"):
        Run(Source(str(photos)), str(tmp_path / "out"), pipeline).go()


def test_a_dry_run_writes_nothing(photos, pipeline, tmp_path) -> None:
    """It says what would be done."""
    found = Run(Source(str(photos)), str(tmp_path / "out"), pipeline).look()
    assert (found.todo, found.done) == (9, 0)
    assert not (tmp_path / "out").exists()


def test_a_limit_is_of_one_time(photos, pipeline, tmp_path) -> None:
    """The next time goes on behind it."""
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline, RunOptions(limit=4))
    reports = [run.go() for _ in range(4)]
    assert [one.done_now + one.failed_now for one in reports] == [4, 4, 1, 0]


def test_damaged_results_are_made_again(photos, pipeline, tmp_path) -> None:
    """Changed ones and ones that are gone; the others are not touched."""
    run, runner = Run(Source(str(photos)), str(tmp_path / "out"), pipeline), Counting()
    run.go()
    whole = made(tmp_path / "out")
    (tmp_path / "out" / "000.png.npy.npy").write_bytes(b"changed")
    (tmp_path / "out" / "sub/001.png.npy.npy").unlink()
    run.options = RunOptions(verify=True)
    assert run.look().damaged == 2
    assert run.go(runner).damaged == 2
    assert sorted(runner.given) == ["000.png", "sub/001.png"]
    assert made(tmp_path / "out") == whole


def test_one_range_for_all(photos, tmp_path) -> None:
    """Every picture spans the same values; going on takes the range that was found first."""
    pipeline = pipeline_of({"effects": ["heatmap"], "one_range": True, "engine": "fake"})
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline)
    run.go()
    low, high = json.loads((tmp_path / "out" / RECORDS / "range.json").read_text())["range"]
    depth = api.load(engine="fake").estimate(photos / "000.png")
    expected = api.heatmap(depth, range=(low, high)).encoded(".png")
    assert (tmp_path / "out" / "000.png.heatmap.png").read_bytes() == expected
    assert run.go().done_now == 0


def test_one_range_needs_colours(tmp_path) -> None:
    """Values have none."""
    with pytest.raises(ParameterError, match="No result has colours"):
        pipeline_of({"exports": ["npy"], "one_range": True})


def test_following_takes_what_comes(photos, pipeline, tmp_path) -> None:
    """Each photo once, over rounds and over another run."""
    out, runner = tmp_path / "out", Counting()

    def tell(progress, _row) -> None:
        if progress.done_now == 8:
            (photos / "new.png").write_bytes((photos / "000.png").read_bytes())

    options = RunOptions(follow_s=0.01, rounds=2)
    Run(Source(str(photos)), str(out), pipeline, options, tell).go(runner)
    assert runner.given.count("new.png") == 1
    assert len(runner.given) == 10
    assert Run(Source(str(photos)), str(out), pipeline).go().done_now == 0


def test_a_followed_source_may_be_gone_for_a_while(photos, pipeline, tmp_path) -> None:
    """It is told once, and what comes with it is done; how many there will be nobody knows."""
    away, warned = tmp_path / "away", []
    rounds = iter((photos, away))

    def tell(progress, _row) -> None:
        if progress.done_now == 8 and photos.exists():
            photos.rename(away)

    def warn(error) -> None:
        warned.append(error)
        away.rename(next(rounds))
        (photos / "new.png").write_bytes((photos / "000.png").read_bytes())

    options = RunOptions(follow_s=0.01, rounds=3)
    found = Run(Source(str(photos)), str(tmp_path / "out"), pipeline, options, tell, warn).go()
    assert (found.done, [type(error) for error in warned]) == (9, [SourceError])
    assert status_of(str(tmp_path / "out")).state["total"] is None


def test_results_of_another_run_are_no_photos(photos, pipeline, tmp_path) -> None:
    """A target within the source, whichever run it is of; by a folder, and by a pattern."""
    Run(Source(str(photos)), str(photos / "sub" / "out"), pipeline).go()
    heat = pipeline_of({"effects": ["heatmap"], "engine": "fake"})
    Run(Source(str(photos)), str(photos / "heat"), heat).go()
    names = {item.name for item in Source(str(photos))}
    assert len(names) == 9
    assert {item.name for item in Source(f"{photos}/**/*.png")} <= names


def test_it_stands_as_its_manifest_says(photos, pipeline, tmp_path) -> None:
    """Looked at from elsewhere."""
    Run(Source(str(photos)), str(tmp_path / "out"), pipeline).go()
    found = status_of(str(tmp_path / "out"))
    assert (found.done, found.failed, found.errors) == (8, 1, {"UnsupportedFormatError": 1})
    assert found.bytes == sum(map(len, made(tmp_path / "out").values()))
    assert (found.state["finished"], found.state["total"]) == (True, 9)
    with pytest.raises(SourceError, match="holds no run"):
        status_of(str(tmp_path))


def test_without_arrow_the_manifest_is_lines(photos, pipeline, tmp_path, monkeypatch) -> None:
    """And with it, the next time, all of it is Parquet."""
    monkeypatch.setattr("nearfar.runs.arrow.has_arrow", lambda: False)
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline)
    assert run.go().manifest.endswith(JSONL)
    rows = latest(tmp_path / "out")
    assert run.go().done_now == 0
    monkeypatch.undo()
    pytest.importorskip("pyarrow")
    (photos / "new.png").write_bytes((photos / "000.png").read_bytes())
    assert run.go().manifest.endswith("manifest.parquet")
    assert not (tmp_path / "out" / RECORDS / JSONL).exists()
    assert latest(tmp_path / "out").items() >= rows.items()


def test_memory_holds_few_photos(photos, pipeline, tmp_path) -> None:
    """Of a source that is long no more are taken than there is room for when the run ends."""
    taken = []
    first = next(item for item in Source(str(photos)) if item.name == "000.png")

    def long() -> Generator[Item, None, None]:
        for number in range(10_000):
            taken.append(number)
            yield replace(first, name=f"{number}.png")

    with pytest.raises(KeyboardInterrupt):
        Run(long(), str(tmp_path / "out"), pipeline).go(Counting(most=6))
    assert len(taken) <= 8


def test_two_photos_of_one_name_are_one(photos, pipeline, tmp_path) -> None:
    """The first one counts, each time, and it is said."""
    items = list(Source(str(photos)))
    twice = [*items, replace(items[1], stamp="another")]
    run, again = Run(twice, str(tmp_path / "out"), pipeline), Counting()
    assert run.go().doubled == 1
    assert run.go(again).doubled == 1
    assert again.given == []


def test_a_source_without_photos_is_told(pipeline, tmp_path) -> None:
    """It is a wrong name more often than nothing to do."""
    (tmp_path / "empty").mkdir()
    for name, text in (("empty", "holds no photo"), ("absent", "does not exist")):
        with pytest.raises(SourceError, match=text):
            Run(Source(str(tmp_path / name)), str(tmp_path / "out"), pipeline).go()
    assert not (tmp_path / "out").exists()


def test_many_journals_become_a_manifest(photos, pipeline, tmp_path) -> None:
    """So that a run that is always interrupted begins fast."""
    run = Run(Source(str(photos)), str(tmp_path / "out"), pipeline)
    journals = tmp_path / "out" / RECORDS / "journal"
    for _ in range(8):
        with pytest.raises(KeyboardInterrupt):
            run.go(Counting(most=1))
    assert len(list(journals.iterdir())) == 8
    for number in range(20):
        (journals / f"{number + 900:06d}-x.jsonl").write_bytes(b"")
    with pytest.raises(KeyboardInterrupt):
        run.go(Counting(most=-1))
    assert len(list(journals.iterdir())) <= 1
    assert len(latest(tmp_path / "out")) == 8
