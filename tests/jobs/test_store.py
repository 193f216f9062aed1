"""Jobs taken in, looked at, cancelled, removed; quota, keys, damage."""

from __future__ import annotations

import sqlite3
from functools import partial

import pytest

from jobbing import LIMITS, files_below, make_zip, on_disk, open_bench
from nearfar.errors import ParameterError, TooLargeError
from nearfar.jobs.errors import (
    BadArchiveError,
    JobsUnavailableError,
    KeyReusedError,
    NoSuchJobError,
    StorageFullError,
    TooManyJobsError,
)
from nearfar.jobs.intake import Intake, IntakeLimits
from nearfar.jobs.store import StoreLimits, spool_of
from nearfar.settings import Settings


def test_a_job_is_kept_with_its_pictures(bench) -> None:
    """Pictures and ZIPs together, in their order, with names; their bytes are found again."""
    job = bench.submit(b"one", make_zip({"x/two.jpg": b"two"}), b"three")
    rows = bench.store.pictures(job.id)
    assert [row.name for row in rows] == ["photo0.jpg", "x/two.jpg", "photo2.jpg"]
    assert (job.state, job.counts["queued"], job.counts["total"]) == ("queued", 3, 3)
    claims = [bench.claims.take() for _ in range(3)]
    assert [bench.store.spool.picture(c.job, c.slot) for c in claims] == [b"one", b"two", b"three"]


def test_a_store_opens_again(bench, tmp_path) -> None:
    """Another process finds the same."""
    job = bench.submit(b"one")
    other = open_bench(tmp_path / "jobs")
    assert other.store.job(job.id) == job
    other.store.close()
    other.owner.close()


def test_the_same_key_gives_the_same_job(bench) -> None:
    """Once accepted; with other pictures refused, for another caller free, and nothing is left over."""
    job, is_new = bench.hand_in(b"one", key="k")
    assert is_new
    assert bench.hand_in(b"one", key="k") == (job, False)
    with pytest.raises(KeyReusedError):
        bench.submit(b"other", key="k")
    assert bench.submit(b"other", key="k", caller="you").id != job.id
    assert len(list(bench.store.spool.jobs.iterdir())) == 2
    assert not list(bench.store.spool.staging.iterdir())


def test_what_goes_over_a_limit_is_refused_whole(bench) -> None:
    """Bytes of the job, pictures, bytes of one, none at all, a bad ZIP: nothing is kept."""
    cases = [
        (TooLargeError, (b"1" * 600, b"2" * 600), IntakeLimits(1000, 5, 1000)),
        (TooLargeError, (b"1", b"2", b"3"), IntakeLimits(1000, 2, 1000)),
        (TooLargeError, (b"1" * 600,), IntakeLimits(1000, 5, 500)),
        (ParameterError, (), LIMITS),
        (BadArchiveError, (b"1", make_zip({"a": b"1" * 90})[:60]), LIMITS),
    ]
    for error, pictures, limits in cases:
        with pytest.raises(error):
            bench.submit(*pictures, limits=limits)
    assert bench.store.jobs() == []
    assert not files_below(bench.store.spool.jobs) | files_below(bench.store.spool.staging)


def test_the_quota_holds_for_inputs_and_results(tmp_path) -> None:
    """What does not fit is refused and leaves nothing; a result that does not fit leaves its claim."""
    bench = open_bench(tmp_path / "jobs")
    bench.submit(b"1" * 100)
    bench.store.limits = StoreLimits(bench.store.used_bytes() + 100, 100.0)
    with pytest.raises(StorageFullError, match="may"):
        bench.submit(b"1" * 3)
    with pytest.raises(StorageFullError):
        bench.work()
    assert len(files_below(bench.store.spool.jobs)) == 1
    assert bench.store.jobs()[0].counts["running"] == 1
    bench.die()


def test_bytes_are_those_of_blocks_on_the_disk(bench) -> None:
    """Many small files take far more than they hold: what is counted is what ``du`` counts."""
    jobs = [bench.submit(*[b"1"] * 5) for _ in range(3)]
    assert bench.store.used_bytes() == on_disk(bench.store.spool.jobs)
    while bench.work():
        pass
    assert bench.store.used_bytes() == on_disk(bench.store.spool.jobs)
    assert sum(bench.store.job(job.id).bytes for job in jobs) == bench.store.used_bytes()
    for job in jobs:
        bench.store.remove(job.id)
    assert bench.store.used_bytes() == 0


def test_what_is_arriving_counts(bench) -> None:
    """An upload that is not accepted yet takes room from others, until it goes."""
    intake = Intake(bench.store.spool, bench.owner.name, LIMITS)
    intake.begin("a.jpg")
    intake.write(b"1" * 300_000)
    intake.end()
    intake._file.flush()
    assert bench.store.used_bytes() >= 300_000
    bench.store.limits = StoreLimits(320_000, 100.0)
    with pytest.raises(StorageFullError):
        bench.submit(b"2" * 50_000)
    intake.discard()
    assert bench.store.used_bytes() == 0
    bench.submit(b"2" * 50_000)


def test_an_upload_of_unknown_length_is_measured_on_the_way(bench) -> None:
    """It is refused soon after the quota is over, not at its end."""
    bench.store.limits = StoreLimits(10 * 2**20, 100.0)
    limits = IntakeLimits(2**30, 20, 2**30)
    intake = Intake(bench.store.spool, bench.owner.name, limits, partial(bench.store.check_room, 0))
    intake.begin("a.jpg")
    for _ in range(15):
        intake.write(b"1" * 2**20)
    with pytest.raises(StorageFullError):
        intake.write(b"1" * 2**20)
    intake.discard()


def test_jobs_of_a_caller_are_bounded(tmp_path) -> None:
    """Those that have not ended; others have their own, and a key that is known is answered as ever."""
    bench = open_bench(tmp_path / "jobs", jobs=2)
    first, _ = bench.hand_in(b"1", key="k"), bench.submit(b"2")
    with pytest.raises(TooManyJobsError, match="2 jobs of this caller"):
        bench.submit(b"3")
    with pytest.raises(TooManyJobsError):
        bench.store.check_caller("me", "other")
    bench.store.check_caller("me", "k")
    assert bench.hand_in(b"1", key="k") == (first[0], False)
    bench.submit(b"3", caller="you")
    bench.store.cancel(first[0].id)
    bench.submit(b"3")
    assert len(list(bench.store.spool.jobs.iterdir())) == 4
    bench.die()


def test_who_may_see_what(bench) -> None:
    """One's own alone; without a caller all, the newest first, by pages and by state."""
    mine, yours = bench.submit(b"1"), bench.submit(b"2", caller="you")
    with pytest.raises(NoSuchJobError):
        bench.store.job(yours.id, "me")
    assert bench.store.jobs("me") == [mine]
    assert [job.id for job in bench.store.jobs()] == [yours.id, mine.id]
    assert bench.store.jobs(after=yours.seq, limit=5) == [mine]
    assert bench.store.jobs(state="done") == []
    for change in (bench.store.cancel, bench.store.remove):
        with pytest.raises(NoSuchJobError):
            change(yours.id, "me")


def test_cancelling_keeps_what_is_done(bench) -> None:
    """The rest is cancelled, the inputs go, a claim under way is overtaken, and again changes nothing."""
    job = bench.submit(b"1", b"2", b"3")
    bench.work()
    claim = bench.claims.take()
    cancelled = bench.store.cancel(job.id, "me")
    assert (cancelled.state, cancelled.counts["done"], cancelled.counts["cancelled"]) == ("cancelled", 1, 2)
    token = bench.store.picture(job.id, 1).token
    assert files_below(bench.store.spool.folder(job.id)) == {f"out/1.{token}/a.txt"}
    bench.claims.give_back(claim)
    assert bench.claims.take() is None
    assert bench.store.cancel(job.id).version == cancelled.version


def test_removing_leaves_nothing(bench) -> None:
    """Neither rows nor files."""
    job = bench.submit(b"1")
    bench.work()
    bench.store.remove(job.id, "me")
    assert not files_below(bench.store.spool.jobs)
    assert bench.store.database.rows("SELECT * FROM pictures") == []
    with pytest.raises(NoSuchJobError):
        bench.store.job(job.id)


def test_counts_are_told(bench) -> None:
    """Jobs by state, and pictures that wait."""
    bench.submit(b"1", b"2")
    bench.submit(b"3")
    bench.work()
    assert bench.store.counts() == {"queued": 1, "running": 1, "done": 0, "failed": 0, "cancelled": 0}
    assert bench.store.pictures_waiting() == 2


@pytest.mark.parametrize("damage", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_damaged_database_is_refused_and_stays(tmp_path, damage) -> None:
    """The message has the way out, and every byte is where it was."""
    home = tmp_path / "jobs"
    home.mkdir()
    (home / "jobs.sqlite").write_bytes(damage)
    with pytest.raises(JobsUnavailableError) as caught:
        open_bench(home)
    assert "Nothing was deleted" in caught.value.hint
    assert (home / "jobs.sqlite").read_bytes() == damage


def test_a_database_that_is_held_is_told_as_busy(bench, tmp_path, monkeypatch) -> None:
    """By another program, for longer than is waited: nothing is changed, and it goes on afterwards."""
    monkeypatch.setattr("nearfar.jobs.database._WAIT_S", 0.1)
    other = open_bench(tmp_path / "jobs")
    with sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(JobsUnavailableError, match="held by another process"):
            other.submit(b"1")
        assert other.store.jobs() == []
        holder.execute("ROLLBACK")
    holder.close()
    assert files_below(other.store.spool.jobs) | files_below(other.store.spool.staging) == set()
    other.submit(b"1")
    assert other.work() is not None
    other.die()


def test_damage_within_is_found(bench, tmp_path) -> None:
    """A page overwritten in the middle of a database that begins well."""
    for _ in range(3):
        bench.submit(*[b"1"] * 20)
    bench.store.close()
    path = tmp_path / "jobs" / "jobs.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 : len(data)] = b"\x5a" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(JobsUnavailableError, match="damaged"):
        open_bench(tmp_path / "jobs")


def test_a_newer_database_is_refused(bench, tmp_path) -> None:
    """An older program does not touch what it does not know."""
    bench.store.close()
    with sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JobsUnavailableError, match="newer version"):
        open_bench(tmp_path / "jobs")


def test_jobs_lie_in_the_home_and_never_in_a_cache(tmp_path) -> None:
    """What empties a cache must not lose what was accepted."""
    assert spool_of(Settings(home=str(tmp_path))).home == tmp_path / "jobs"
    assert "cache" not in spool_of(Settings()).home.as_posix().lower()
