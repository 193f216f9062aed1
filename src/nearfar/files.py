"""Writing a file so that it is whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nearfar.errors import OutputError, OutputExistsError


def write_whole(path: str | os.PathLike[str], data: bytes, *, overwrite: bool = True) -> Path:
    """Write bytes to a temporary file beside ``path``, then rename; gives the path back.

    Raises:
        OutputExistsError: something is there and ``overwrite`` is False.
        OutputError: the folder is absent or not writable, or the disk is full.
    """
    target = Path(path)
    if not overwrite and target.exists():
        raise OutputExistsError(f"{target} exists already.", "Pass overwrite, or choose another name.")
    try:
        _write_and_rename(target, data, overwrite=overwrite)
    except FileExistsError as exc:
        raise OutputExistsError(
            f"{target} exists already.", "Pass overwrite, or choose another name."
        ) from exc
    except OSError as exc:
        raise OutputError(
            f"Cannot write {target}: {exc.strerror or exc}.", "Choose a folder that exists and is writable."
        ) from exc
    return target


def _write_and_rename(target: Path, data: bytes, *, overwrite: bool) -> None:
    if target.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    handle, name = tempfile.mkstemp(prefix=".nearfar-", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
        Path(name).chmod(_mode_of_new_file())
        if overwrite:
            Path(name).replace(target)
        else:
            _claim(Path(name), target)
    finally:
        Path(name).unlink(missing_ok=True)


def _claim(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target`` only if that name is free, also when two processes race."""
    try:
        os.link(source, target)
    except (NotImplementedError, PermissionError, OSError) as exc:
        if isinstance(exc, FileExistsError):
            raise
        if target.exists():  # a file system without hard links: check, then rename
            raise FileExistsError(17, "exists") from exc
        source.rename(target)


def _mode_of_new_file() -> int:
    """Permission bits that an ordinary new file gets: mkstemp makes private ones."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
