"""A queue that is long: a claim costs what it costs with one picture, and callers take turns as before."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from jobbing import files_below, open_bench
from nearfar.jobs.schema import MIGRATIONS, statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jobbing import Bench

SINGLE = ("totals", "clock")
"""Tables of one row: looking through them is no search."""


def fill(bench: Bench, jobs: int, pictures: int, caller: str = "me") -> None:
    """Jobs with so many pictures each, as the database knows them; nothing of them is on the disk."""
    with bench.store.database.transaction() as connection:
        for number in range(jobs):
            id = f"{caller}{number:06d}"
            connection.execute(
                "INSERT INTO jobs "
                "(id, caller, state, recipe, total, queued, created_at, input_bytes, digest) "
                "VALUES (?, ?, 'queued', '{}', ?, ?, 0, 10, '')",
                (id, caller, pictures, pictures),
            )
            connection.executemany(
                "INSERT INTO pictures (job, position, name, offset, packed, size, method, crc) "
                "VALUES (?, ?, '', 0, 0, 0, 0, 0)",
                [(id, place) for place in range(1, pictures + 1)],
            )


def steps(bench: Bench, work: Callable[[], object]) -> int:
    """Steps of SQLite's machine that the work takes."""
    count = 0

    def one() -> int:
        nonlocal count
        count += 1
        return 0

    with bench.store.database.reading() as connection:
        connection.set_progress_handler(one, 1)
        try:
            work()
        finally:
            connection.set_progress_handler(None, 1)
    return count


def one_claim(bench: Bench) -> None:
    """What a worker asks for each picture."""
    bench.store.check_room(1)
    assert bench.store.pictures_waiting()
    claim = bench.claims.take()
    assert claim is not None
    bench.claims.give_back(claim, counts=True)


@pytest.mark.parametrize(("jobs", "pictures"), [(3000, 1), (3, 1000)], ids=["many jobs", "large jobs"])
def test_a_claim_costs_the_same_in_a_long_queue(tmp_path, jobs, pictures) -> None:
    """In steps of SQLite's machine, which no clock and no load can change."""
    short, long = open_bench(tmp_path / "short"), open_bench(tmp_path / "long")
    fill(short, 3, 3)
    fill(long, jobs, pictures)
    fill(long, 3, 3, "you")
    few = [steps(short, lambda: one_claim(short)) for _ in range(6)]
    many = [steps(long, lambda: one_claim(long)) for _ in range(6)]
    assert max(many) < 1.3 * max(few), (few, many)
    short.die()
    long.die()


def test_no_statement_of_a_picture_searches_a_table(bench) -> None:
    """From its submission to its end every statement goes by an index, as the plans of SQLite say."""
    seen: list[str] = []
    with bench.store.database.reading() as connection:
        connection.set_trace_callback(seen.append)
    job = bench.submit(b"1", b"2", b"3")
    bench.work()
    bench.claims.give_back(bench.claims.take())
    bench.work(fails=True)
    bench.claims.recover()
    bench.work()
    bench.store.job(job.id)
    bench.store.jobs("me")
    bench.store.check_caller("me")
    with bench.store.database.reading() as connection:
        connection.set_trace_callback(None)
        asked = {text for text in seen if text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))}
        plans = [row["detail"] for text in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
    found = [plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] not in SINGLE]
    expected = {  # read along an index, and left at the first row; or as long as pictures are worked on
        "SCAN callers USING INDEX callers_by_turn",
        "SCAN pictures USING COVERING INDEX pictures_by_owner",
        "SCAN CONSTANT ROW",
    }
    assert len(asked) > 15
    assert set(found) <= expected, found


def counted(bench: Bench) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    """What callers and totals must say, counted anew."""
    callers = (
        "SELECT caller, COUNT(*), SUM(state IN ('queued', 'running')), SUM((SELECT COUNT(*) FROM pictures "
        "WHERE job = jobs.id AND state = 'queued')) FROM jobs GROUP BY caller ORDER BY caller"
    )
    totals = (
        "SELECT COALESCE(SUM(input_bytes + result_bytes), 0), "
        "(SELECT COUNT(*) FROM pictures WHERE state = 'queued') FROM jobs"
    )
    rows = bench.store.database.rows
    return [tuple(row) for row in rows(callers)], tuple(rows(totals)[0])


def kept(bench: Bench) -> tuple[list[tuple[object, ...]], tuple[object, ...]]:
    """What they say."""
    rows = bench.store.database.rows
    callers = rows("SELECT name, jobs, open, queued FROM callers ORDER BY name")
    return [tuple(row) for row in callers], tuple(rows("SELECT bytes, queued FROM totals")[0])


def test_what_is_kept_is_what_would_be_counted(bench, tmp_path) -> None:
    """After each step of the lives of several jobs."""
    first, second = bench.submit(b"1", b"2", b"3"), bench.submit(b"4", b"5", caller="you")
    other = open_bench(tmp_path / "jobs")
    lives: list[Callable[[], object]] = [
        bench.work,
        lambda: bench.work(fails=True),
        lambda: bench.claims.give_back(bench.claims.take()),
        other.claims.take,
        other.die,
        bench.claims.recover,
        lambda: bench.store.cancel(first.id),
        bench.work,
        lambda: bench.store.remove(first.id),
        lambda: bench.submit(b"6", caller="her"),
        lambda: bench.store.remove(second.id),
    ]
    for step in lives:
        step()
        assert kept(bench) == counted(bench)
    assert [row[0] for row in kept(bench)[0]] == ["her"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as the version before made it: two callers, a job that is done, one begun, one that waits."""
    home = tmp_path / "jobs"
    home.mkdir()
    with sqlite3.connect(home / "jobs.sqlite") as connection:
        for statement in statements(MIGRATIONS[0]):
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        for seq, caller, state, done, turn in (
            (1, "me", "done", 1, 3),
            (2, "me", "running", 0, 4),
            (3, "you", "queued", 0, 0),
        ):
            connection.execute(
                "INSERT INTO jobs (seq, id, caller, state, recipe, total, done, created_at, ended_clock, "
                "input_bytes, result_bytes, digest, turn) VALUES (?, ?, ?, ?, '{}', ?, ?, 0, ?, ?, ?, '', ?)",
                (seq, f"job{seq}", caller, state, 1, done, 0 if done else None, 0 if done else 5, done, turn),
            )
            picture = (f"job{seq}", state, "gone" if state == "running" else None)
            connection.execute(
                "INSERT INTO pictures (job, position, name, offset, packed, size, method, crc, state, owner) "
                "VALUES (?, 1, '', 0, 0, 0, 0, 0, ?, ?)",
                picture,
            )
    connection.close()
    return home


def test_an_old_store_is_brought_up_to_date(old) -> None:
    """Nothing is lost, whose turn it was is known, and what was begun by nobody known is queued again."""
    bench = open_bench(old)
    assert kept(bench) == counted(bench)
    assert bench.claims.recover() == 1
    assert kept(bench) == counted(bench)
    assert [bench.claims.take().job for _ in range(2)] == ["job3", "job2"]
    assert bench.store.database.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
    bench.die()


def test_an_update_that_breaks_off_changes_nothing(old, monkeypatch) -> None:
    """It is one transaction: the store is as it was, and the next start does it."""
    monkeypatch.setattr("nearfar.jobs.database.MIGRATIONS", (*MIGRATIONS, "INSERT INTO nowhere VALUES (1);"))
    with pytest.raises(Exception, match="nowhere"):
        open_bench(old)
    monkeypatch.undo()
    bench = open_bench(old)
    assert bench.store.counts()["done"] == 1
    bench.die()
    assert "jobs.sqlite" in files_below(old)


def test_claims_wait_for_no_disk_and_results_do(bench) -> None:
    """Synced are what is accepted and how a picture ended, by what SQLite is set to before each."""
    seen: list[str] = []

    def levels(work: Callable[[], object]) -> list[str]:
        seen.clear()
        work()
        begins = [place for place, text in enumerate(seen) if text.startswith("BEGIN")]
        return [seen[place - 1].rpartition(" ")[2] for place in begins]

    with bench.store.database.reading() as connection:
        connection.set_trace_callback(seen.append)
    assert levels(lambda: bench.submit(b"1", b"2")) == ["FULL"]
    assert levels(lambda: bench.claims.give_back(bench.claims.take())) == ["NORMAL", "NORMAL"]
    assert levels(bench.work) == ["NORMAL", "FULL"]
    assert levels(lambda: bench.store.cancel(bench.store.jobs()[0].id)) == ["FULL", "FULL"]


def test_a_log_that_has_grown_is_brought_in(bench, tmp_path, monkeypatch) -> None:
    """Not by the claims, but by upkeep beside them; what it holds is in the database then."""
    monkeypatch.setattr("nearfar.jobs.database._LOG_BYTES", 1)
    job = bench.submit(*[b"1"] * 5)
    before = (tmp_path / "jobs" / "jobs.sqlite").stat().st_size
    bench.store.database.checkpoint()
    assert (tmp_path / "jobs" / "jobs.sqlite").stat().st_size > before
    assert bench.store.job(job.id).total == 5
