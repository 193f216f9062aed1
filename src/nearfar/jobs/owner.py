"""Who works on pictures: a process, as long as it lives.

A process holds the lock of a file named after it. The system lets go of the lock when the process ends,
however it ends: no heartbeat, and no clock that could jump.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from typing import TYPE_CHECKING

from nearfar.jobs.errors import disk_errors

if TYPE_CHECKING:
    from pathlib import Path


_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}


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
                try:
                    is_mine = _try_lock(self._handle) and self._path.exists()
                except OSError:
                    self.close()
                    raise
                if is_mine:
                    return  # otherwise another process took the file for a dead one's between the two calls
                os.close(self._handle)

    def renew(self) -> None:
        """Make the file anew, where somebody removed it: others would take this process for dead.

        Raises:
            JobsUnavailableError: the folder cannot be written to.
        """
        if self._path.exists():
            return
        with disk_errors(f"The folder {self._path.parent}"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            if _try_lock(handle):
                handle, self._handle = self._handle, handle
            os.close(handle)  # the lock that nobody sees any more; or another looks just now: next time

    def close(self) -> None:
        """Let go. The file goes too; where the disk does not let it, another process takes it away."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._handle)


def dead_owners(folder: Path) -> list[str]:
    """The names in a folder whose processes have ended.

    Raises:
        JobsUnavailableError: the folder cannot be read.
    """
    if not folder.is_dir():
        return []
    with disk_errors(f"The folder {folder}"):
        return [path.name for path in folder.iterdir() if not is_alive(folder, path.name)]


def is_alive(folder: Path, name: str) -> bool:
    """Whether the process of that name lives: its file is there, and locked.

    Raises:
        JobsUnavailableError: the file cannot be looked at.
    """
    if not name.isalnum():  # a database from elsewhere: such a name was never given
        return False
    with disk_errors(f"The folder {folder}"):
        try:
            handle = os.open(folder / name, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _try_lock(handle)
        finally:
            os.close(handle)  # lets go again


def forget(folder: Path, name: str) -> None:
    """Take a dead owner's file away, unless it is a new one's that took its lock just now."""
    with contextlib.suppress(OSError):
        handle = os.open(folder / name, os.O_RDWR)
        try:
            if _try_lock(handle):  # held while the file goes: who made it sees that, and makes another
                (folder / name).unlink()
        finally:
            os.close(handle)


def _try_lock(handle: int) -> bool:
    """Take the lock of an open file; False where another process holds it.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in _HELD:
            return False
        raise
    return True
