"""The store's own clock, expiry, leftovers."""

from __future__ import annotations

import pytest

from jobbing import files_below, open_bench
from nearfar.jobs.errors import NoSuchJobError
from nearfar.jobs.intake import Intake
from nearfar.jobs.upkeep import LEFTOVER_S, Upkeep


class Clocks:
    """A wall clock and a steady one."""

    def __init__(self) -> None:
        self.wall_s, self.steady_s = 1_000_000.0, 50.0

    def wall(self) -> float:
        """Seconds since 1970, as somebody set them."""
        return self.wall_s

    def steady(self) -> float:
        """Seconds that only go on."""
        return self.steady_s

    def pass_time(self, seconds: float, wall: float | None = None) -> None:
        """Let time pass, on the wall another one."""
        self.steady_s += seconds
        self.wall_s += seconds if wall is None else wall


@pytest.fixture
def clocks(bench) -> Clocks:
    """Clocks that stand still, for the store as well."""
    clocks = Clocks()
    bench.store.wall = clocks.wall
    return clocks


@pytest.fixture
def upkeep(bench, clocks) -> Upkeep:
    """Upkeep on those clocks; jobs are kept for 100 s."""
    made = Upkeep(bench.store, clocks.steady)
    made.tick()
    return made


def test_jobs_expire(bench, clocks, upkeep) -> None:
    """What has ended is removed after its time, with its files; what has not ended stays."""
    old, waiting = bench.submit(b"1"), bench.submit(b"2", caller="you")
    bench.work()
    assert bench.store.job(old.id).expires_at == clocks.wall_s + 100
    clocks.pass_time(60)
    upkeep.tick()
    assert bench.store.job(old.id).expires_at == pytest.approx(clocks.wall_s + 40)
    clocks.pass_time(41)
    upkeep.tick()
    with pytest.raises(NoSuchJobError):
        bench.store.job(old.id)
    assert bench.store.job(waiting.id).state == "queued"
    assert files_below(bench.store.spool.jobs) == {f"{waiting.id}/pack"}


@pytest.mark.parametrize("jump", [86_400 * 365, -86_400 * 365])
def test_a_jump_of_the_wall_clock_expires_nothing_early_and_keeps_nothing_for_ever(
    bench, clocks, upkeep, jump
) -> None:
    """The steady clock bounds what the wall clock says; claims do not care at all."""
    job = bench.submit(b"1", b"2")
    bench.work()
    claim = bench.claims.take()
    clocks.pass_time(10, wall=jump)
    upkeep.tick()
    assert bench.claims.recover() == 0
    bench.claims.give_back(claim)
    bench.work()
    clocks.pass_time(50)
    upkeep.tick()
    assert bench.store.job(job.id).state == "done"
    clocks.pass_time(51)
    upkeep.tick()
    with pytest.raises(NoSuchJobError):
        bench.store.job(job.id)


def test_two_services_do_not_age_jobs_twice(bench, clocks, upkeep) -> None:
    """Both move the clock on, together by what has passed."""
    other = Upkeep(bench.store, clocks.steady)
    other.tick()
    bench.submit(b"1")
    bench.work()
    for _ in range(6):
        clocks.pass_time(10)
        upkeep.tick()
        clocks.pass_time(5)
        other.tick()
    assert bench.store.database.rows("SELECT seconds FROM clock")[0][0] == pytest.approx(90)


def test_leftovers_are_swept(bench, clocks, upkeep, tmp_path) -> None:
    """Uploads of dead processes at once, folders that no job knows after a while; all else stays."""
    kept = bench.submit(b"1")
    mine = Intake(bench.store.spool, bench.owner.name, None)
    other = open_bench(tmp_path / "jobs")
    theirs = Intake(bench.store.spool, other.owner.name, None)
    theirs._file.close()
    other.owner.close()
    other.store.close()
    (bench.store.spool.jobs / "unknown").mkdir()
    upkeep.sweep()
    assert [path.name for path in bench.store.spool.staging.iterdir()] == [mine.folder.name]
    assert {path.name for path in bench.store.spool.jobs.iterdir()} == {kept.id, "unknown"}
    clocks.pass_time(LEFTOVER_S)
    upkeep.sweep()
    assert {path.name for path in bench.store.spool.jobs.iterdir()} == {kept.id}
    mine.discard()
