"""A disk that fails at every step of a job's life, a process that is killed there: nothing accepted is lost.

``make test`` takes some of the steps, ``make soak`` each of them.
"""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from failing_disk import Disk, library, under
from jobbing import Bench, files_below, make_zip, on_disk, open_bench
from nearfar.errors import NearfarError
from nearfar.jobs.errors import UnsureCommitError, disk_full
from nearfar.jobs.records import Outcome, ResultFile
from nearfar.jobs.spool import RESERVE_BYTES
from nearfar.jobs.upkeep import LEFTOVER_S, Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nearfar.jobs.records import Claim

RESULT = (("a.txt", b"result" * 100), ("b.bin", bytes(5000)))
FAULTS = {
    "a disk that is full once": (errno.ENOSPC, False),
    "a disk that is full from then on": (errno.ENOSPC, True),
    "a disk that fails once": (errno.EIO, False),
    "a disk that fails from then on": (errno.EIO, True),
}
FILES = tuple(ResultFile(name, "text/plain", len(data)) for name, data in RESULT)
pytestmark = pytest.mark.skipif(library() is None, reason="the SQLite that Python uses cannot be reached")


@dataclass
class Life:
    """What a service did with some jobs, and what it told: accepted jobs with their number of pictures."""

    home: Path
    accepted: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    """Jobs that somebody began to cancel or remove: these may have fewer results, or be gone."""
    at_end: Callable[[], object] = lambda: None
    is_unsure: bool = False
    """A commit was told as failed that the next start may find: as it is where a disk fails to sync."""

    def run(self) -> None:
        """From the opening of a store to SIGTERM."""
        try:
            bench = open_bench(self.home)
        except NearfarError:
            return
        self._tried(lambda: self._live(bench))
        self.at_end()
        bench.die()

    def _live(self, bench: Bench) -> None:
        first = self._submit(bench, b"1" * 3000, make_zip({"2.jpg": b"2" * 500, "3.jpg": b"3"}))
        self._work(bench)
        second = self._submit(bench, b"4", b"5", caller="you", key="k")
        self._work(bench)
        third = self._submit(bench, b"6", b"7", caller="her")
        self._work(bench)
        self._work(bench)
        self._stop(second, bench.store.cancel)
        self._stop(third, bench.store.remove)
        self._tried(Upkeep(bench.store).tick)
        self._tried(Upkeep(bench.store).sweep)
        self._tried(bench.claims.recover)
        self._work(bench)
        last = self._submit(bench, b"8", caller="him")
        claim = self._tried(bench.claims.take)
        if claim is not None:
            self._tried(lambda: bench.claims.give_back(claim))
        assert first is None or last is None or first != last

    def _submit(self, bench: Bench, *pictures: bytes, caller: str = "me", key: str = "") -> str | None:
        job = self._tried(lambda: bench.submit(*pictures, caller=caller, key=key))
        if job is None:
            return None
        self.accepted[job.id] = job.total
        return str(job.id)

    def _stop(self, id: str | None, how: Callable[[str], object]) -> None:
        if id is not None:
            self.stopped.add(id)
            self._tried(lambda: how(id))

    def _work(self, bench: Bench) -> None:
        """One picture as the service's worker does it."""
        claim = self._tried(bench.claims.take)
        if claim is not None and self._tried(lambda: self._finish(bench, claim)) is None:
            self._tried(lambda: bench.claims.give_back(claim))

    def _finish(self, bench: Bench, claim: Claim) -> bool:
        bench.store.spool.picture(claim.job, claim.slot)
        token = bench.store.spool.write_result(claim.job, claim.position, RESULT)
        return bool(bench.claims.finish(claim, Outcome(token, FILES)))

    def _tried(self, work: Callable[[], object]) -> object:
        """What the work gives; None where the store told of an error of the tree. No other may come."""
        try:
            return work()
        except NearfarError as exc:
            self.is_unsure |= isinstance(exc, UnsureCommitError)
            return None


def check(home: Path, told: Life) -> int:
    """Let another process finish, and hold what was told against what there is; pictures that were done."""
    with under(Disk(), home):  # one that is well, and quick: it waits for nothing
        return _checked(home, told)


def _checked(home: Path, told: Life) -> int:
    bench = open_bench(home)
    bench.claims.recover()
    while (claim := bench.claims.take()) is not None:
        assert bench.store.spool.picture(claim.job, claim.slot)
        token = bench.store.spool.write_result(claim.job, claim.position, RESULT)
        assert bench.claims.finish(claim, Outcome(token, FILES))
    seconds = iter((0.0, 0.0, LEFTOVER_S, LEFTOVER_S))
    upkeep = Upkeep(bench.store, lambda: next(seconds))
    upkeep.tick()
    upkeep.sweep()
    upkeep.sweep()
    jobs = {job.id: job for job in bench.store.jobs()}
    assert told.accepted.keys() - told.stopped <= jobs.keys(), "an accepted job is lost"
    if not told.is_unsure:
        assert jobs.keys() <= told.accepted.keys(), "a job that was refused is there"
    for job in jobs.values():
        assert job.is_ended
        if job.id not in told.stopped:
            assert job.counts["done"] == job.total == told.accepted.get(job.id, job.total)
        results = {row.position: row.token for row in bench.store.pictures(job.id) if row.state == "done"}
        assert len(results) == job.counts["done"]
        out = {path.name for path in (bench.store.spool.folder(job.id) / "out").iterdir()}
        assert out == {f"{place}.{token}" for place, token in results.items()}, "not one result each"
        for name in out:
            folder = bench.store.spool.folder(job.id) / "out" / name
            assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict(RESULT)
    assert {path.name for path in bench.store.spool.jobs.iterdir()} == set(jobs)
    assert files_below(bench.store.spool.staging) == set()
    assert bench.store.used_bytes() == on_disk(bench.store.spool.jobs)
    bench.die()
    return sum(job.counts["done"] for job in jobs.values())


@pytest.fixture(scope="module")
def steps(tmp_path_factory) -> int:
    """Steps of a life on a disk that is well."""
    disk, life = Disk(), Life(tmp_path_factory.mktemp("well") / "jobs")
    with under(disk, life.home):
        life.run()
    assert len(life.accepted) == 4
    kinds = {"mkdir", "open", "write", "fsync", "rename", "database write", "database sync"}
    assert set(disk.names) == kinds
    return disk.steps


def fail_at(home: Path, disk: Disk) -> int:
    """A life on a disk that fails, then a look at it on one that is well; pictures that were done."""
    killed = home.with_name("killed")
    life = Life(home, at_end=lambda: shutil.copytree(home, killed))
    with under(disk, home):
        life.run()
    assert disk.steps >= disk.fails_at
    if killed.is_dir() and disk.lasts:  # the process ends before a commit that failed is written over
        check(killed, life)
    return check(home, life)


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_loses_nothing(tmp_path, steps, fault, every, note_figure) -> None:
    """At each step: what was told as accepted ends with one result each, and what was refused is not there.

    Also where the process is killed while the disk still fails.
    """
    number, lasts = FAULTS[fault]
    places = range(1 + number % every, steps + 1, every)
    done = []
    for step in places:
        home = tmp_path / str(step) / "jobs"
        done.append(fail_at(home, Disk(step, number, lasts)))
        shutil.rmtree(home.parent)
    assert max(done) >= 5
    if every == 1:
        result = f"{len(done)} times: {sum(done):,} accepted pictures, one result each"
        note_figure("soak", f"{fault}, at each write of a job's life", result, "none lost, none twice")


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])])
@pytest.mark.parametrize("parts", ["whole folder", "without owners"])
def test_a_process_that_is_killed_loses_nothing(tmp_path, every, parts, note_figure) -> None:
    """Before each step; the same copies are backups of a process that was killed there."""
    life, told, copies = Life(tmp_path / "jobs"), {}, tmp_path / "copies"

    def copy(step: int) -> None:
        if step % every == 0 and life.home.is_dir():
            leave = shutil.ignore_patterns("owners") if parts == "without owners" else None
            shutil.copytree(life.home, copies / str(step) / "jobs", ignore=leave)
            told[step] = Life(life.home, dict(life.accepted), set(life.stopped), is_unsure=True)

    with under(Disk(at_step=copy), life.home):
        life.run()
    assert len(told) * every > 100
    done = [check(copies / str(step) / "jobs", known) for step, known in told.items()]
    assert max(done) >= 5
    if every == 1:
        result = f"{len(done)} times: {sum(done):,} accepted pictures, one result each"
        note_figure("soak", f"a copy put back ({parts}), of each write", result, "none lost, none twice")


def test_a_job_is_removed_where_not_even_that_can_be_written(bench, monkeypatch) -> None:
    """Room was set aside for it: else a full disk could never be emptied."""
    job = bench.submit(b"1", b"2")
    Upkeep(bench.store).tick()
    reserve, transaction = bench.store.spool.reserve, bench.store.database.transaction
    assert reserve.stat().st_size == RESERVE_BYTES

    def while_full(*given: str) -> object:
        if reserve.exists():
            raise disk_full()
        return transaction(*given)

    monkeypatch.setattr(bench.store.database, "transaction", while_full)
    bench.store.remove(job.id)
    assert not bench.store.jobs()
    Upkeep(bench.store).tick()
    assert reserve.exists()
