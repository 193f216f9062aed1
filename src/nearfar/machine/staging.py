"""Folders in which something is made, which are gone at the end, however the process ends."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALIVE = ".alive"
_YOUNG_S = 60.0  # a folder may be without its lock for a moment after it was made
_OLD_S = 24 * 3600.0  # where a disk has no locks, only age tells


@contextmanager
def staging(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder below ``parent`` until the end; what killed processes left of that prefix is removed.

    Raises:
        OSError: the folder cannot be made.
    """
    import tempfile  # not at every start

    sweep(parent, prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / _ALIVE).open("a+b") as alive:
            _try_lock(alive.fileno())
            yield folder


def sweep(parent: Path, prefix: str) -> int:
    """Remove the folders of that prefix whose processes have ended; gives how many."""
    import shutil

    count = 0
    for folder in sorted(parent.glob(f"{prefix}*")):
        with suppress(OSError):
            if _is_ours(folder) and _is_left(folder):
                shutil.rmtree(folder, ignore_errors=True)
                count += 1
    return count


def _is_ours(folder: Path) -> bool:
    """A folder of this user's, and no link to one."""
    found = folder.lstat()
    is_mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return is_mine and folder.is_dir() and not folder.is_symlink()


def _is_left(folder: Path) -> bool:
    """Whether nobody works in a folder any more."""
    age_s = time.time() - folder.stat().st_mtime
    try:
        with (folder / _ALIVE).open("r+b") as alive:
            is_free = _try_lock(alive.fileno())
    except FileNotFoundError:
        return age_s > _YOUNG_S
    return age_s > _OLD_S if is_free is None else is_free


def _try_lock(handle: int) -> bool | None:
    """Whether the lock was free and is held now; None where the disk has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True
