"""A backup of a store that is in use: whole, of one moment, and it goes on by itself."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from jobbing import files_below, finish_all, open_bench
from nearfar.errors import OutputError, OutputExistsError
from nearfar.jobs.backup import back_up
from nearfar.jobs.upkeep import Upkeep

if TYPE_CHECKING:
    from pathlib import Path


def test_a_backup_goes_on(bench, tmp_path) -> None:
    """Done, begun, waiting, cancelled: each is as it was, and the store has nothing more than before."""
    jobs = [bench.submit(b"1", b"2"), bench.submit(b"3", b"4"), bench.submit(b"5")]
    bench.store.cancel(jobs[2].id)
    for _ in range(3):
        bench.work()
    bench.claims.take()
    before, used = files_below(bench.store.spool.home), bench.store.used_bytes()
    assert back_up(bench.store, tmp_path / "copy") == 3
    assert (files_below(bench.store.spool.home), bench.store.used_bytes()) == (before, used)
    copy = finish_all(tmp_path / "copy")
    states = [copy.store.job(job.id).counts for job in jobs]
    assert [(one["done"], one["cancelled"]) for one in states] == [(2, 0), (2, 0), (0, 1)]
    assert len(files_below(copy.store.spool.jobs)) == 4
    copy.die()


def test_backups_of_a_store_that_is_busy_are_whole(bench, tmp_path) -> None:
    """While others hand in, work and remove: every accepted picture of a copy ends with one result."""
    is_over, told = threading.Event(), []

    def use() -> None:
        other = open_bench(tmp_path / "jobs")
        try:
            for number in range(60):
                job = other.submit(b"1" * 100, b"2")
                for _ in range(number % 3 + 1):
                    other.work()
                if number % 5 == 4:
                    other.store.remove(job.id)
            told.append(number)
        finally:
            other.die()
            is_over.set()

    thread = threading.Thread(target=use)
    thread.start()
    copies = []
    while not is_over.wait(0.02) and len(copies) < 20:
        copies.append(tmp_path / f"copy{len(copies)}")
        back_up(bench.store, copies[-1])
    thread.join(60)
    assert told
    assert len(copies) > 2
    for place in copies:
        copy = finish_all(place)
        rows = [row for job in copy.store.jobs() for row in copy.store.pictures(job.id)]
        assert {row.state for row in rows} <= {"done"}
        results = [name for name in files_below(copy.store.spool.jobs) if "/out/" in name]
        assert len(results) == len(rows)
        copy.die()


def test_nothing_is_overwritten(bench, tmp_path) -> None:
    """A folder with something in it is refused, one that cannot be written to as well; nothing is left."""
    bench.submit(b"1")
    with pytest.raises(OutputExistsError):
        back_up(bench.store, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        back_up(bench.store, tmp_path / "file" / "copy")
    assert not list(bench.store.spool.held.iterdir())
    (tmp_path / "empty").mkdir()
    assert back_up(bench.store, tmp_path / "empty") == 1


def test_a_backup_under_way_is_swept_only_when_its_process_is_dead(bench, tmp_path, monkeypatch) -> None:
    """And it takes no room of the quota: files that are held have a second name, not a second place."""
    bench.submit(b"1" * 100_000)
    used, upkeep = bench.store.used_bytes(), Upkeep(bench.store)

    def look(source: Path, _: Path) -> None:
        upkeep.sweep()
        assert len(files_below(source)) == 2
        assert bench.store.used_bytes() == used

    monkeypatch.setattr("nearfar.jobs.backup._copy_out", look)
    back_up(bench.store, tmp_path / "copy")
    (bench.store.spool.held / "dead-1").mkdir()
    upkeep.sweep()
    assert not list(bench.store.spool.held.iterdir())


def test_a_disk_without_links_gets_copies(bench, tmp_path, monkeypatch) -> None:
    """It takes longer, and is as whole."""

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    bench.submit(b"1", b"2")
    bench.work()
    back_up(bench.store, tmp_path / "copy")
    copy = finish_all(tmp_path / "copy")
    assert copy.store.jobs()[0].counts["done"] == 2
    copy.die()
