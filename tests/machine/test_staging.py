"""Folders in which something is made go with their process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nearfar.machine.staging import staging, sweep

WORK = """
import sys, time
from pathlib import Path
from nearfar.machine.staging import staging
with staging(Path(sys.argv[1]), ".making-") as folder:
    (folder / "part").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def worker(tmp_path: Path):
    """A process at work in a folder of its own, and that folder."""
    with subprocess.Popen(
        [sys.executable, "-c", WORK, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as made:
        yield made, Path(made.stdout.readline().strip())
        made.kill()


def test_a_folder_is_gone_at_the_end(tmp_path: Path) -> None:
    """Also where the work failed."""
    with staging(tmp_path, ".making-") as folder:
        assert folder.is_dir()
    with pytest.raises(ValueError, match="no"), staging(tmp_path, ".making-"):
        raise ValueError("no")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path, worker) -> None:
    """By the next one; what lives stays."""
    process, folder = worker
    assert sweep(tmp_path, ".making-") == 0
    assert (folder / "part").is_file()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with staging(tmp_path, ".making-") as mine:
        assert list(tmp_path.iterdir()) == [mine]


def test_other_things_stay(tmp_path: Path) -> None:
    """A file, a link, a folder of another name, one that was made just now."""
    (tmp_path / ".making-file").write_bytes(b"")
    (tmp_path / "other").mkdir()
    (tmp_path / ".making-link").symlink_to(tmp_path / "other")
    (tmp_path / ".making-new").mkdir()
    assert sweep(tmp_path, ".making-") == 0
    assert len(list(tmp_path.iterdir())) == 4


def test_old_folders_without_a_lock_go(tmp_path: Path) -> None:
    """As versions before left them."""
    (tmp_path / ".making-old").mkdir()
    (tmp_path / ".making-old" / "part").write_bytes(b"1")
    before = time.time() - 3600
    os.utime(tmp_path / ".making-old", (before, before))
    assert sweep(tmp_path, ".making-") == 1


def test_without_locks_age_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day is longer than any import."""
    for name in ("young", "old"):
        (tmp_path / f".making-{name}").mkdir()
        (tmp_path / f".making-{name}" / ".alive").write_bytes(b"")
    before = time.time() - 2 * 24 * 3600
    os.utime(tmp_path / ".making-old", (before, before))
    monkeypatch.setattr("nearfar.machine.staging._try_lock", lambda _: None)
    assert sweep(tmp_path, ".making-") == 1
    assert [path.name for path in tmp_path.iterdir()] == [".making-young"]
