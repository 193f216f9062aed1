"""The manifest: what is done, whatever was torn, doubled or late. Failures by dice, over synthetic photos."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import environment
from nearfar.runs import Run, arrow, pipeline_of
from nearfar.runs.items import Held, Item
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import JSONL, PARQUET, RECORDS, Known, Manifest
from nearfar.runs.rows import LOST, Result, Row, line_of, row_of, rows_of
from nearfar.runs.work import Done

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from nearfar.runs.work import Work

ROW = Row(
    "a.png", "1-2", "key", 9, (Result("a.png.npy", 4, "hash"),), "metric", "m", 0.5, 2.0, 3, 4, "embedded",
    "weights", "setup", ("dark",), "", "", 0.25,
)  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Shaky:
    """A storage and workers that fail by dice; it remembers every result that was written, and how often.

    Workers give what they did out of order. One that dies hands its photo to another, also after it wrote the
    result. At times storage answers 503 for good, which is the photo's error. At times everything is killed.
    """

    seed: int
    kill_every: int
    written: dict[int, int] = field(default_factory=dict)
    given: int = 0
    kills: int = 0

    def run(self, work: Work, items: Iterable[Item]) -> Generator[Done, None, None]:
        """As of :class:`nearfar.runs.Runner`."""
        dice = random.Random(self.seed + self.kills)  # noqa: S311 - the same each time
        until = self.given + dice.randrange(self.kill_every, 2 * self.kill_every) if self.kill_every else -1
        flying: list[Item] = []
        coming = iter(items)
        while True:
            while len(flying) < 64 and (item := next(coming, None)) is not None:
                flying.append(item)
            if not flying:
                return
            item = flying.pop(dice.randrange(len(flying)))
            number = int(item.name)
            self.written[number] = self.written.get(number, 0) + 1
            if self.given == until:
                self.kills += 1
                raise Killed  # with its result written, and no row of it
            if dice.random() < 0.01:
                flying.append(item)  # a worker died behind its result
                continue
            self.given += 1
            if dice.random() < 0.01:
                yield Done(
                    Row(item.name, item.stamp, error="503", error_type="SourceError", setup=work.setup)
                )
                continue
            result = Result(f"{item.name}.npy", 1, item.name)
            yield Done(Row(item.name, item.stamp, f"key {item.name}", 1, (result,), setup=work.setup))


@dataclass(frozen=True)
class Synthetic:
    """So many photos, every hundredth of them named twice."""

    count: int

    def __iter__(self) -> Iterator[Item]:
        for number in range(self.count):
            item = Item(str(number), "stamp", 1, Held(b""))
            yield item
            if number % 100 == 0:
                yield item


def torn(target: Path, dice: random.Random) -> None:
    """Cut the end of a journal off, as a machine that loses power does."""
    journals = sorted((target / RECORDS / "journal").glob("*"))
    if journals:
        data = journals[-1].read_bytes()
        journals[-1].write_bytes(data[: len(data) - dice.randrange(min(4000, len(data) + 1))])


def survive(count: int, kill_every: int, target: Path, pipeline, monkeypatch) -> Shaky:
    """Run until nothing is left to do, through kills, torn journals, errors, and clocks that jump."""
    shaky, dice, now = Shaky(11, kill_every), random.Random(5), time.time  # noqa: S311 - the same each time
    monkeypatch.setattr(time, "time", lambda: now() + dice.uniform(-1e6, 1e6))
    run = Run(Synthetic(count), str(target), pipeline)
    while True:
        try:
            report = run.go(shaky)
        except Killed:
            torn(target, dice)
            continue
        if not report.failed:
            return shaky
        run.options = type(run.options)(retry_errors=True)
        shaky.kill_every = 0 if shaky.kills > 20 else kill_every


@pytest.mark.parametrize(
    ("count", "kill_every"),
    [
        (3000, 400),
        pytest.param(1_000_000, 100_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
def test_nothing_is_lost_and_nothing_twice(tmp_path, pipeline, monkeypatch, count, kill_every) -> None:
    """Whatever fails: in the end each photo has its result, and one row that tells of it."""
    shaky = survive(count, kill_every, tmp_path / "out", pipeline, monkeypatch)
    assert shaky.kills >= 5
    assert shaky.written.keys() == set(range(count))
    seen = bytearray(count)
    for row in Manifest(LocalPlace(str(tmp_path / "out"))).latest():
        assert not row.is_failed
        assert row.key == f"key {row.source}"
        seen[int(row.source)] += 1
    assert seen == bytes([1]) * count


def hundred_thousand(target: str) -> None:
    """Do so many photos, and go on: says seconds of a processor that the second time takes, and MB."""
    run = Run(Synthetic(100_000), target, pipeline_of({"exports": ["npy"], "engine": "fake"}))
    run.go(Shaky(3, 0))
    began_at = time.process_time()
    assert run.go(Shaky(3, 0)).done_now == 0
    print(time.process_time() - began_at, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # noqa: T201


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_hundred_thousand_photos(tmp_path) -> None:
    """Take little memory, and a run that goes on is ready within five seconds of a processor."""
    code = "import sys, test_manifest; test_manifest.hundred_thousand(sys.argv[1])"
    words = [sys.executable, "-c", code, str(tmp_path / "out")]
    paths = os.pathsep.join(
        [str(Path(__file__).parent), environment()["PYTHONPATH"], str(Path(__file__).parents[1])]
    )
    done = subprocess.run(
        words, env=environment(PYTHONPATH=paths), capture_output=True, text=True, check=True
    )
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 5
    assert megabytes < 300


def test_a_row_is_the_same_when_it_is_read() -> None:
    """As JSON; a line that was torn off is no row."""
    line = line_of([ROW, Row("b.png", error="why", error_type="SourceError")])
    assert rows_of(line)[0] == ROW
    assert [row.is_failed for row in rows_of(line)] == [False, True]
    assert rows_of(line[:-1]) == rows_of(line[: len(line) // 2] + b"\n") == rows_of(b"3\n") == []


def test_a_row_is_the_same_out_of_parquet(tmp_path) -> None:
    """With all its columns, and with those alone that say what is done."""
    pytest.importorskip("pyarrow")
    with (tmp_path / "a.parquet").open("wb") as file:
        arrow.write_rows(file, [ROW, Row("b.png")])
    with (tmp_path / "a.parquet").open("rb") as file:
        assert list(arrow.read_rows(file, "a")) == [ROW, Row("b.png")]
        assert [fate[0] for fate in arrow.read_fates(file, "a")] == ["a.png", "b.png"]
    assert row_of(ROW.plain) == ROW


def test_the_last_row_of_a_photo_counts(tmp_path) -> None:
    """Over journals and the manifest, whichever wrote it; writing the manifest leaves one row of each."""
    manifest = Manifest(LocalPlace(str(tmp_path)))
    for key in ("old", "new", "newest"):
        journal = manifest.journal()
        journal.add([Row("a.png", key=key), Row(f"{key}.png")])
        journal.close()
        if key == "old":
            manifest.compact()
    assert {row.source: row.key for row in manifest.latest()}["a.png"] == "newest"
    path = manifest.compact()
    assert path.endswith((PARQUET, JSONL))
    assert sorted(row.source for row in manifest.rows()) == ["a.png", "new.png", "newest.png", "old.png"]
    assert not list((tmp_path / RECORDS / "journal").iterdir())


def test_journals_that_were_not_removed_change_nothing(tmp_path, monkeypatch) -> None:
    """A run that was killed as it had written the manifest."""
    manifest = Manifest(LocalPlace(str(tmp_path)))
    for key in ("old", "new"):
        journal = manifest.journal()
        journal.add([Row("a.png", key=key)])
        journal.close()
    removed = []

    def once(self, name: str) -> None:
        if removed:
            raise Killed
        removed.append(name)
        self.path(name).unlink()

    monkeypatch.setattr(LocalPlace, "remove", once)
    monkeypatch.setattr(arrow, "has_arrow", lambda: False)
    with pytest.raises(Killed):
        manifest.compact()
    assert removed
    assert [row.key for row in manifest.latest()] == ["new"]


def test_what_is_known_is_not_claimed() -> None:
    """What is done, of the same setup; not what was lost, nor what failed where that is tried again."""
    known = Known("setup")
    known.note(Row("a", "1", setup="setup"))
    known.begin()
    assert not known.claim("a", "1")
    assert not known.claim("a", "2")  # of two that are called the same the first one counts
    assert (known.doubled, known.done) == (1, 1)
    known.begin()
    assert known.claim("a", "2")
    assert not known.claim("a", "2")
    assert (known.done, known.failed, known.doubled) == (0, 0, 1)
    known.note(Row("a", "2", error_type="SourceError"))
    assert (known.done, known.failed) == (0, 1)


@pytest.mark.parametrize(
    ("row", "retry", "is_claimed"),
    [
        (Row("a", setup="setup"), False, False),
        (Row("a", setup="other"), False, True),
        (Row("a", setup="setup", error_type="SourceError"), False, False),
        (Row("a", setup="setup", error_type="SourceError"), True, True),
        (Row("a", setup="setup", error_type=LOST), False, True),
    ],
)
def test_the_anti_join(tmp_path, row, retry, is_claimed) -> None:
    """Of a manifest's rows."""
    manifest = Manifest(LocalPlace(str(tmp_path)))
    journal = manifest.journal()
    journal.add([row])
    journal.close()
    assert Known.of(manifest, "setup", retry_errors=retry).claim("a", "") is is_claimed
