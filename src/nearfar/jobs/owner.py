"""Who works on pictures: a process, as long as it lives.

A process holds the lock of a file named after it. The system lets go of the lock when the process ends,
however it ends: no heartbeat, and no clock that could jump.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from typing import TYPE_CHECKING

from nearfar.jobs.errors import disk_errors

if TYPE_CHECKING:
    from pathlib import Path


class Owner:
    """This process in a folder of owners."""

    def __init__(self, folder: Path) -> None:
        """Take a name and its lock.

        Raises:
            JobsUnavailableError: the folder cannot be written to.
        """
        with disk_errors(f"The folder {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
            while True:
                self.name = secrets.token_hex(8)
                self._path = folder / self.name
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
                if _try_lock(self._handle) and self._path.exists():
                    return  # otherwise another process took the file for a dead one's between the two calls
                os.close(self._handle)

    def close(self) -> None:
        """Let go."""
        self._path.unlink(missing_ok=True)
        os.close(self._handle)


def dead_owners(folder: Path) -> list[str]:
    """The names in a folder whose processes have ended."""
    if not folder.is_dir():
        return []
    return [path.name for path in folder.iterdir() if not _is_alive(path)]


def forget(folder: Path, name: str) -> None:
    """Take a dead owner's file away."""
    (folder / name).unlink(missing_ok=True)


def _is_alive(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(handle)
    finally:
        os.close(handle)  # lets go again


def _try_lock(handle: int) -> bool:
    """Take the lock of an open file; False where another process holds it."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
