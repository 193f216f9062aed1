"""Writing a file so that it is whole or not there, and one writer at a time."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nearfar.errors import BusyError, OutputError, OutputExistsError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_to(file: BinaryIO, data: bytes) -> None:
    """Write bytes to an open binary file.

    Raises:
        ParameterError: it is no file.
        OutputError: it is open as text, or cannot be written.
    """
    if not hasattr(file, "write"):
        raise ParameterError(
            f"A file is not written to {type(file).__name__}.", "Give a name, or an open binary file.", "path"
        )
    try:
        file.write(data)
    except TypeError as exc:
        raise OutputError("The file is open as text.", "Open it in binary mode: open(path, 'wb').") from exc
    except (OSError, ValueError) as exc:
        raise OutputError(f"The file cannot be written: {getattr(exc, 'strerror', None) or exc}.") from exc


def write_whole(
    path: str | os.PathLike[str],
    data: bytes,
    *,
    overwrite: bool = True,
    private: bool = False,
    lasting: bool = False,
) -> Path:
    """Write bytes to a temporary file beside ``path``, then rename; gives the path back.

    ``private``: only its owner may read it, from its first byte on. ``lasting``: it is on the disk, with its
    name, before this returns, so that it is there also where the machine loses power then.

    Raises:
        OutputExistsError: something is there and ``overwrite`` is False.
        OutputError: the folder is absent or not writable, or the disk is full.
    """
    target = Path(path)
    try:
        _write(target, data, _How(overwrite, 0o600 if private else 0o666, lasting))
    except FileExistsError as exc:
        raise OutputExistsError(
            f"{target} exists already.", "Pass overwrite, or choose another name."
        ) from exc
    except (OSError, ValueError) as exc:  # ValueError: a NUL character within the name
        raise OutputError(
            f"Cannot write {str(target)!r}: {getattr(exc, 'strerror', None) or exc}.",
            "Choose a folder that exists and is writable.",
        ) from exc
    return target


@dataclass(frozen=True, slots=True)
class _How:
    """How a file is written: over what is there, with which permission bits, waited for."""

    overwrite: bool
    mode: int
    lasting: bool


def sync(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on the disk."""
    if sys.platform == "win32" and path.is_dir():
        return  # there is no such thing
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(target: Path, data: bytes, how: _How) -> None:
    found = _mode_of(target)
    if stat.S_ISDIR(found):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if found and not stat.S_ISREG(found):  # a device or pipe, as /dev/stdout: never replace it
        target.write_bytes(data)
    elif found and not how.overwrite:
        raise FileExistsError(errno.EEXIST, "exists")
    else:
        _write_and_rename(target.resolve() if how.overwrite else target, data, how)


def _mode_of(target: Path) -> int:
    """Type and permission bits of what stands there, 0 where nothing does; links are followed."""
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return 0


def _write_and_rename(target: Path, data: bytes, how: _How) -> None:
    part = target.with_name(f".nearfar-{os.urandom(8).hex()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), how.mode)
        with open(handle, "wb") as file:  # noqa: PTH123 - a path cannot be opened with a mode of its own
            file.write(data)
            if how.lasting:
                file.flush()
                os.fsync(file.fileno())
        if how.overwrite:
            part.replace(target)
        else:
            _claim(part, target)
        if how.lasting:
            sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _claim(source: Path, target: Path) -> None:
    """Give ``source`` the name ``target`` only if that name is free, also when two processes race."""
    try:
        os.link(source, target)
    except (NotImplementedError, OSError) as exc:
        if isinstance(exc, FileExistsError):
            raise
        if target.exists():  # a file system without hard links: check, then rename
            raise FileExistsError(errno.EEXIST, "exists") from exc
        source.rename(target)


@contextmanager
def locked(path: Path, *, passing: bool = False, waiting: bool = True) -> Iterator[None]:
    """Hold the lock file ``path``; another process or thread that wants it waits. Its folder is made.

    ``passing``: the file is removed at the end, and its folder where that is empty then. ``waiting``: else
    what another holds is refused.

    Raises:
        OutputError: the folder is not writable.
        BusyError: another holds it, and it is not waited for.
    """
    file = _held(path, waiting=waiting)
    with file:  # closing the file lets go
        try:
            yield
        finally:
            if passing:
                with suppress(OSError):  # Windows removes no open file; a folder may hold something
                    path.unlink()
                    path.parent.rmdir()


def check_locks(folder: Path) -> None:
    """OutputError where the disk of a folder has no locks; one that cannot be written to needs none."""
    trial = folder / f".nearfar-{os.urandom(8).hex()}.check"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = trial.open("xb")
    except OSError:
        return
    try:
        with file:
            _lock(file.fileno())
    except OSError as exc:
        raise _no_locks(trial, exc) from exc
    finally:
        trial.unlink(missing_ok=True)


def _held(path: Path, *, waiting: bool = True) -> BinaryIO:
    """The open lock file, held. One that its holder removed meanwhile blocks no one: it is not taken."""
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as exc:
            if path.parent.is_file() or (path.parent.is_symlink() and not path.parent.exists()):
                raise _not_writable(path, exc) from exc
            continue  # another holder took the empty folder away between two looks at it
        except OSError as exc:
            raise _not_writable(path, exc) from exc
        try:
            file = path.open("a+b")
        except FileNotFoundError:  # the folder was removed just now
            continue
        except OSError as exc:
            raise _not_writable(path, exc) from exc
        try:
            _lock(file.fileno(), waiting=waiting)
        except OSError as exc:
            file.close()
            if not waiting and isinstance(exc, (BlockingIOError, PermissionError)):
                raise BusyError(f"Another process works in {path.parent}.", "Wait for it to end.") from exc
            raise _no_locks(path, exc) from exc
        if _is_at(file, path):
            return file
        file.close()


def _not_writable(path: Path, exc: OSError) -> OutputError:
    return OutputError(
        f"Cannot write into {path.parent}: {exc.strerror or exc}.", "Choose another folder: NEARFAR_HOME."
    )


def _no_locks(path: Path, exc: OSError) -> OutputError:
    return OutputError(
        f"The disk of {path.parent} does not lock files: {exc.strerror or exc}.",
        "Choose a folder on a disk of this machine; network disks may have no locks: NEARFAR_HOME.",
    )


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(handle: int, *, waiting: bool = True) -> None:
    """Wait for the whole file; the system lets go when the process ends, however it ends."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK if waiting else msvcrt.LK_NBLCK, 1)
            except OSError:  # it gives up after ten seconds
                if not waiting:
                    raise
                continue
            return
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX if waiting else fcntl.LOCK_EX | fcntl.LOCK_NB)
