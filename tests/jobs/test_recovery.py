"""Who ended while it worked: the database says so, whatever is left of its file."""

from __future__ import annotations

import errno
import shutil

import pytest

from failing_disk import Disk, library, under
from jobbing import files_below, finish_all, open_bench
from nearfar.jobs import owner as owners
from nearfar.jobs.errors import JobsUnavailableError, StorageFullError, disk_full
from nearfar.jobs.owner import Owner
from nearfar.jobs.records import Outcome
from nearfar.jobs.upkeep import Upkeep


def test_an_owner_whose_file_is_gone_is_dead(bench, tmp_path) -> None:
    """As after SIGTERM on a full disk: nothing could be given back, and the file went with the process."""
    job = bench.submit(b"1", b"2")
    other = open_bench(tmp_path / "jobs")
    other.claims.take()
    other.die()
    assert not (bench.store.spool.owners / other.owner.name).exists()
    assert bench.claims.recover() == 1
    assert bench.store.job(job.id).counts["queued"] == 2


@pytest.mark.parametrize("with_owners", [True, False])
def test_a_backup_that_is_put_back_goes_on(bench, tmp_path, with_owners) -> None:
    """Database and spool alone, or the whole folder: what was begun when it was made is begun again."""
    job = bench.submit(b"1", b"2", b"3")
    bench.work()
    bench.claims.take()
    home, names = tmp_path / "jobs", ["jobs.sqlite", "jobs.sqlite-wal", "spool"]
    for name in names + ["owners"] * with_owners:
        source, target = home / name, tmp_path / "back" / name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    back = finish_all(tmp_path / "back")
    assert back.store.job(job.id).counts["done"] == 3
    assert len(files_below(back.store.spool.jobs)) == 3
    back.die()


@pytest.mark.parametrize("with_folder", [False, True])
def test_a_living_process_whose_file_somebody_removed_makes_it_anew(bench, tmp_path, with_folder) -> None:
    """It keeps its claims, and others see that it lives."""
    bench.submit(b"1")
    claim = bench.claims.take()
    (bench.store.spool.owners / bench.owner.name).unlink()
    if with_folder:
        bench.store.spool.owners.rmdir()
    assert bench.claims.recover() == 0
    other = open_bench(tmp_path / "jobs")
    assert other.claims.recover() == 0
    other.die()
    assert bench.claims.finish(claim, Outcome(problem={}))


def test_a_store_that_is_up_to_date_writes_nothing_when_it_is_opened(bench, tmp_path) -> None:
    """So that it opens on a full disk, and what is there can be read."""
    bench.submit(b"1")
    bench.store.close()
    if library() is None:
        pytest.skip("the SQLite that Python uses cannot be reached")
    disk = Disk()
    with under(disk, tmp_path / "jobs"):
        other = open_bench(tmp_path / "jobs")
        assert len(other.store.jobs()) == 1
        other.die()
    assert set(disk.names) <= {"fsync", "database sync"}


def test_a_name_from_elsewhere_is_no_path(tmp_path) -> None:
    """A database that somebody made may hold any name of an owner."""
    (tmp_path / "owners").mkdir()
    assert not owners.is_alive(tmp_path / "owners", "../../etc/passwd")


def test_a_dead_owners_file_goes_only_while_it_is_held(tmp_path) -> None:
    """A new owner that took the lock in between keeps its file."""
    living = Owner(tmp_path)
    owners.forget(tmp_path, living.name)
    assert owners.is_alive(tmp_path, living.name)
    (tmp_path / "dead").touch()
    assert owners.dead_owners(tmp_path) == ["dead"]
    owners.forget(tmp_path, "dead")
    assert [path.name for path in tmp_path.iterdir()] == [living.name]
    living.close()


def test_a_disk_without_locks_is_one_clear_error(tmp_path, monkeypatch) -> None:
    """Not a loop that makes names for ever; and nothing stays behind."""
    import fcntl

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(JobsUnavailableError, match="Operation not supported"):
        Owner(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_of_a_finished_job_goes(bench, monkeypatch) -> None:
    """It ended between the last result and the removal of the inputs; upkeep removes them."""
    monkeypatch.setattr(type(bench.store), "tidy", _fails)
    job = bench.submit(b"1")
    bench.work()
    assert bench.store.untidy() == [job.id]
    monkeypatch.undo()
    Upkeep(bench.store).tick()
    assert bench.store.untidy() == []
    assert not [name for name in files_below(bench.store.spool.jobs) if name.endswith("pack")]


def _fails(*_: object) -> None:
    raise disk_full()


def test_a_result_counts_where_inputs_cannot_be_removed(bench, monkeypatch) -> None:
    """The disk took the result: what comes after it does not make it undone."""
    monkeypatch.setattr(type(bench.store), "tidy", _fails)
    job = bench.submit(b"1")
    bench.work()
    assert bench.store.job(job.id).state == "done"
    with pytest.raises(StorageFullError):
        Upkeep(bench.store).tick()
