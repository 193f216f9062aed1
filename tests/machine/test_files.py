"""A file is whole or not there."""

from __future__ import annotations

import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nearfar.errors import OutputError, OutputExistsError
from nearfar.keys import KeyFile
from nearfar.machine.files import check_locks, locked, write_whole
from nearfar.service.start import serve
from nearfar.settings import Settings


def test_written_and_nothing_else(tmp_path: Path) -> None:
    """The bytes are there, and no temporary file is left."""
    path = write_whole(tmp_path / "a 图.bin", b"data")
    assert path.read_bytes() == b"data"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    """Others may read the result as far as the umask lets them."""
    plain = tmp_path / "plain"
    plain.touch()
    assert write_whole(tmp_path / "a.bin", b"data").stat().st_mode == plain.stat().st_mode


def test_overwriting(tmp_path: Path) -> None:
    """What was there is replaced, or refused and left as it was."""
    path = write_whole(tmp_path / "a.bin", b"old")
    with pytest.raises(OutputExistsError, match="exists already"):
        write_whole(path, b"new", overwrite=False)
    assert path.read_bytes() == b"old"
    assert write_whole(path, b"new").read_bytes() == b"new"


@pytest.mark.parametrize("lasting", [False, True])
def test_what_lasts_is_synced_before_and_after_it_gets_its_name(tmp_path, monkeypatch, lasting) -> None:
    """The file's bytes, then its name in the folder; others wait for no disk."""
    done, fsync, replace = [], os.fsync, Path.replace

    def noted_sync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def noted_replace(path: Path, target: Path) -> Path:
        done.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_whole(tmp_path / "a.json", b"{}", lasting=lasting)
    assert done == (["file", "name", "folder"] if lasting else ["name"])


@pytest.mark.skipif(os.name != "posix", reason="another call locks there")
def test_a_disk_without_locks_is_one_clear_error(tmp_path, monkeypatch) -> None:
    """As some network disks are: told at once, instead of a lock that is none."""
    import fcntl

    def no_locks(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with (
        pytest.raises(OutputError, match="does not lock files: Operation not supported"),
        locked(tmp_path / "a"),
    ):
        pass


@pytest.mark.skipif(os.name != "posix", reason="another call locks there")
def test_disks_without_locks_are_told_before_they_are_needed(tmp_path, monkeypatch) -> None:
    """When a service starts and before a key is kept; a folder that takes no files needs no locks."""
    import fcntl

    check_locks(tmp_path)
    assert list(tmp_path.iterdir()) == []

    def no_locks(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(OutputError, match="does not lock files: No locks available"):
        check_locks(tmp_path)
    with pytest.raises(OutputError, match="does not lock files"):
        KeyFile(tmp_path / "keys.json").add("mine", ["infer"])
    with pytest.raises(OutputError, match="does not lock files"):
        serve(Settings(engine="fake", home=str(tmp_path), port=0))
    (tmp_path / "file").touch()
    check_locks(tmp_path / "file" / "folder")


@pytest.mark.parametrize("where", ["missing/a.bin", ".", "file/a.bin", "a\0.bin", "x" * 300])
@pytest.mark.parametrize("overwrite", [True, False])
def test_impossible_places(tmp_path: Path, where: str, overwrite: bool) -> None:
    """A folder that is absent, a folder itself, a file for a folder, impossible names: one error."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Cannot write"):
        write_whole(f"{tmp_path}/{where}", b"data", overwrite=overwrite)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="every folder is writable for root"
)
def test_folder_that_is_not_writable(tmp_path: Path) -> None:
    """A folder without permission says so."""
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write_whole(tmp_path / "a.bin", b"data")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk() -> None:
    """A full disk is an error, and the device is still a device."""
    with pytest.raises(OutputError, match="No space left"):
        write_whole("/dev/full", b"data")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the rename fails, the old file stays and no part is left."""
    path = write_whole(tmp_path / "a.bin", b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_whole(path, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.bin", b"old")]


def test_device_is_written_to_and_never_replaced() -> None:
    """Writing to /dev/null does not put a file in its place, even for root."""
    if not Path("/dev/null").exists():
        pytest.skip("needs /dev/null")
    for overwrite in (True, False):
        write_whole("/dev/null", b"data", overwrite=overwrite)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_link_stays_a_link(tmp_path: Path) -> None:
    """Overwriting through a link changes the file that it leads to."""
    real = write_whole(tmp_path / "real.bin", b"old")
    link = tmp_path / "link.bin"
    link.symlink_to(real)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_only_one_of_many_wins_a_race(tmp_path: Path) -> None:
    """Of eight that write at once without overwriting, one succeeds and its bytes are whole."""
    path, outcomes = tmp_path / "a.bin", []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait()
        try:
            write_whole(path, bytes([number]) * 100_000, overwrite=False)
            outcomes.append(number)
        except OutputExistsError:
            outcomes.append(None)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [n for n in outcomes if n is not None]
    assert path.read_bytes() == bytes([winner]) * 100_000
    assert list(tmp_path.iterdir()) == [path]


def test_passing_lock_leaves_nothing(tmp_path: Path) -> None:
    """File and empty folder go, also after an error; a folder that holds something stays."""
    with pytest.raises(KeyError), locked(tmp_path / "a" / "b.lock", passing=True):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "a" / "b.lock", passing=True):
        (tmp_path / "a" / "kept").write_bytes(b"1")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["kept"]


def test_passing_lock_holds_one_at_a_time(tmp_path: Path) -> None:
    """Many threads take turns though each removes the file: none loses another's count."""
    path, count = tmp_path / "a" / "count.lock", [0]

    def add(_: int) -> None:
        for _ in range(20):
            with locked(path, passing=True):
                seen = count[0]
                time.sleep(0.0002)
                count[0] = seen + 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert count == [160]
