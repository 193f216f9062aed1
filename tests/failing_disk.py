"""A disk that fails at the step that it is told to, under the files of a store and under its database.

As SQLite is tested: run a life, let its n-th step fail, look at what is left, and do so for every n. Steps
are what may fail where a disk is full or damaged: files and folders that are made, written, renamed and
synced, by Python and by SQLite, whose way to the disk (its VFS) is taken over. The same steps are the moments
at which a process may be killed: ``at_step`` is called there, and copies the store as it lies on the disk.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import io
import os
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FULL, _IOERR_WRITE, _IOERR_FSYNC = 13, 10 | 3 << 8, 10 | 4 << 8
_POINTER = ctypes.c_void_p
_HELD: list[Any] = []
"""What SQLite may still call: a database may be closed late."""


@dataclass
class Disk:
    """Counts steps; the one of number ``fails_at`` fails, and all after it where it ``lasts``.

    ``number`` is the error (ENOSPC, EIO). ``at_step`` is called before each step with its number.
    """

    fails_at: int = 0
    number: int = errno.ENOSPC
    lasts: bool = False
    at_step: Callable[[int], None] | None = None
    steps: int = 0
    names: list[str] = field(default_factory=list)
    is_on: bool = True

    def fails(self, name: str) -> bool:
        """Count a step; whether it fails."""
        if not self.is_on:
            return False
        self.steps += 1
        self.names.append(name)
        if self.at_step is not None:
            self.is_on = False  # what it does itself is no step
            try:
                self.at_step(self.steps)
            finally:
                self.is_on = True
        return self.steps == self.fails_at or (self.lasts and 0 < self.fails_at <= self.steps)

    def step(self, name: str) -> None:
        """Count a step of Python's; OSError where it fails."""
        if self.fails(name):
            raise OSError(self.number, os.strerror(self.number))


@contextlib.contextmanager
def under(disk: Disk, home: Path) -> Iterator[None]:
    """All that is done below a folder goes by that disk."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_python(disk, home))
        stack.enter_context(_sqlite(disk))
        yield


class _Raw(io.FileIO):
    """A file whose writes are steps."""

    disk: Disk

    def write(self, data: Any) -> int:
        if self.disk.fails("write"):
            super().write(bytes(data)[: len(data) // 2])  # what a disk that is nearly full takes
            raise OSError(self.disk.number, os.strerror(self.disk.number))
        return super().write(data)


@contextlib.contextmanager
def _python(disk: Disk, home: Path) -> Iterator[None]:
    """Files and folders below ``home`` by the disk."""
    real = {name: getattr(os, name) for name in ("mkdir", "rename", "fsync")}
    path_open = Path.open

    def is_below(path: Any) -> bool:
        return isinstance(path, str | Path) and Path(path).is_relative_to(home)

    def mkdir(path: Any, *args: Any, **more: Any) -> None:
        if is_below(path) and not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir would do the same
            disk.step("mkdir")
        real["mkdir"](path, *args, **more)

    def rename(source: Any, target: Any, **more: Any) -> None:
        if is_below(source):
            disk.step("rename")
        real["rename"](source, target, **more)

    def fsync(_: Any) -> None:
        disk.step("fsync")  # nothing is waited for: the machine does not end here

    def opened(path: Path, mode: str = "r", *args: Any, **more: Any) -> Any:
        if mode not in {"xb", "xb+"} or not is_below(path):
            return path_open(path, mode, *args, **more)
        disk.step("open")
        raw = _Raw(path, mode.replace("b", ""))
        raw.disk = disk
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    os.mkdir, os.rename, os.fsync, Path.open = mkdir, rename, fsync, opened  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        os.mkdir, os.rename, os.fsync = real["mkdir"], real["rename"], real["fsync"]
        Path.open = path_open  # type: ignore[method-assign]


class _Vfs(ctypes.Structure):
    """The beginning of ``sqlite3_vfs``, https://sqlite.org/c3ref/vfs.html; the rest is copied as it is."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest", ctypes.c_int),
        ("next", _POINTER),
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("open", _POINTER),
        ("rest", _POINTER * 15),
    )


class _Methods(ctypes.Structure):
    """``sqlite3_io_methods``, https://sqlite.org/c3ref/io_methods.html."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", _POINTER),
        ("read", _POINTER),
        ("write", _POINTER),
        ("truncate", _POINTER),
        ("sync", _POINTER),
        ("rest", _POINTER * 13),
    )


# The name goes on as the pointer that it is: SQLite keeps it for as long as the file is open.
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, _POINTER, ctypes.c_int, _POINTER)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, ctypes.c_int, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int)


@functools.cache
def library() -> ctypes.CDLL | None:
    """The SQLite that Python's module uses, where it can be reached."""
    sqlite3.connect(":memory:").close()  # it is loaded, and initialised
    try:
        maps = Path("/proc/self/maps").read_text(errors="replace")
        places = [
            place for place in re.findall(r"/\S+", maps) if "libsqlite3" in place or "_sqlite3" in place
        ]
        for place in places:
            with contextlib.suppress(OSError, AttributeError):
                found = ctypes.CDLL(place)
                found.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
                return found
    except OSError:
        pass
    return None


@contextlib.contextmanager
def _sqlite(disk: Disk) -> Iterator[None]:
    """Databases that are opened now write and sync by the disk."""
    found = library()
    assert found is not None
    usual = found.sqlite3_vfs_find(None)
    own = _Vfs.from_buffer_copy(usual.contents)
    own.name, own.next = b"faults", None
    real_open = _OPEN(usual.contents.open)
    tables: dict[int, _Methods] = {}

    def patched(address: int) -> _Methods:
        if address not in tables:
            table = _Methods.from_buffer_copy(_Methods.from_address(address))
            real_write = _WRITE(table.write)

            def write(file: int, data: int, count: int, offset: int) -> int:
                if disk.fails("database write"):
                    real_write(file, data, count // 2, offset)  # a part of it arrives
                    return _FULL if disk.number == errno.ENOSPC else _IOERR_WRITE
                return int(real_write(file, data, count, offset))

            def sync(_: int, __: int) -> int:
                return _IOERR_FSYNC if disk.fails("database sync") else 0

            calls = (_WRITE(write), _SYNC(sync))
            _HELD.extend((calls, table))
            table.write, table.sync = (ctypes.cast(call, _POINTER).value for call in calls)
            tables[address] = table
        return tables[address]

    def opened(vfs: int, name: int, file: int, flags: int, out: int) -> int:
        status = int(real_open(vfs, name, file, flags, out))
        place = ctypes.cast(file, ctypes.POINTER(_POINTER))
        if status == 0 and place[0]:
            place[0] = ctypes.addressof(patched(place[0]))
        return status

    call = _OPEN(opened)
    _HELD.extend((call, own))
    own.open = ctypes.cast(call, _POINTER).value
    assert found.sqlite3_vfs_register(ctypes.byref(own), 1) == 0
    try:
        yield
    finally:
        found.sqlite3_vfs_unregister(ctypes.byref(own))
        found.sqlite3_vfs_register(usual, 1)
