"""What a picture that took over its worker might do: run in a worker by the tests of the wall."""

from __future__ import annotations

import codecs
import ctypes
import mmap
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from nearfar.errors import BrokenImageError, ParameterError
from nearfar.types import Photo
from nearfar.wall.lent import LentFile


def tried(name: str, *given: str) -> str:
    """How one of the attempts below ended: the name of its error, or ``done``."""
    try:
        ATTEMPTS[name](*given)
    except OSError as exc:
        return f"{type(exc).__name__} {exc.errno}"
    except Exception as exc:
        return type(exc).__name__
    return "done"


def _connect(host: str, port: str) -> None:
    socket.create_connection((host, int(port)), 1).close()


def _fork() -> None:
    if not os.fork():
        os._exit(0)


def _thread() -> None:
    seen: list[int] = []
    thread = threading.Thread(target=seen.append, args=(1,))
    thread.start()
    thread.join()
    assert seen == [1]


def _executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()


def _raise_limit() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError as exc:  # Python's word for EPERM
        raise PermissionError(1, str(exc)) from exc


def _call(number: str, *given: str) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(int(number), *(int(part) for part in given)) < 0:
        raise OSError(ctypes.get_errno(), "refused")


ATTEMPTS = {
    "read": lambda path: Path(path).read_bytes(),
    "write": lambda path: Path(path).write_text("x"),
    "append": lambda path: os.open(path, os.O_WRONLY | os.O_APPEND),
    "make": lambda path: os.open(path, os.O_RDONLY | os.O_CREAT),
    "unlink": os.unlink,
    "rename": lambda path: Path(path).rename(path + "2"),
    "mkdir": os.mkdir,
    "link": lambda path: os.link(path, path + "2"),
    "chmod": lambda path: Path(path).chmod(0o700),
    "list": os.listdir,
    "connect": _connect,
    "socket": lambda: socket.socket().close(),
    "unix": lambda: socket.socket(socket.AF_UNIX).close(),
    "pair": lambda: [one.close() for one in socket.socketpair()],
    "pipe": os.pipe,
    "memfd": lambda: os.memfd_create("more"),
    "fork": _fork,
    "start": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    "exec": lambda: os.execv(sys.executable, [sys.executable]),  # noqa: S606 - it is to be refused
    "kill": lambda pid: os.kill(int(pid), signal.SIGKILL),
    "limits": lambda pid: resource.prlimit(int(pid), resource.RLIMIT_NOFILE, (0, 0)),
    "raise_limit": _raise_limit,
    "executable": _executable_memory,
    "thread": _thread,
    "call": _call,
}


def sum_of(array: np.ndarray) -> int:
    """An array that came over the wall."""
    return int(array.sum())


def same(value: object) -> object:
    """What came, as it came."""
    return value


_KEPT: list[bytearray] = []


def keep(mib: int) -> int:
    """Hold memory for good; the worker's number."""
    _KEPT.append(bytearray(b"x" * (mib * 2**20)))
    return os.getpid()


def grow(mebibytes: int) -> int:
    """Take memory and use it."""
    return int(np.ones(mebibytes * 2**20, np.uint8).sum())


def fill_shared(seconds: float) -> None:
    """Write into all of the shared memory, and stay."""
    import gc

    from nearfar.wall.arena import Arena

    arena = next(found for found in gc.get_objects() if isinstance(found, Arena))
    arena.array(0, (arena.size,), "|u1", is_written=True)[:] = 1
    time.sleep(seconds)


def loop() -> None:
    """Never come back, and use a processor."""
    while True:
        pass


def sleep(seconds: float) -> float:
    """Never come back, and use nothing."""
    time.sleep(seconds)
    return seconds


def end_by(number: int) -> None:
    """End by a signal of one's own."""
    os.kill(os.getpid(), number) if number == signal.SIGKILL else ctypes.string_at(0)


def fault() -> None:
    """An error that nobody foresaw."""
    raise ZeroDivisionError("of the worker")


def own_error(kind: str) -> None:
    """An error of the tree."""
    if kind == "of its own":

        class OnlyHereError(ParameterError):
            """Nobody else knows it."""

        raise OnlyHereError("No.", "", "mask")
    raise {"broken": BrokenImageError("It is torn.", "Mend it."), "bad": ParameterError("No.", "", "blur")}[
        kind
    ]


def pid() -> int:
    """The worker's number."""
    return os.getpid()


def variables() -> list[str]:
    """The names of its environment."""
    return sorted(os.environ)


def descriptors() -> int:
    """How many it could still use."""
    poll = select.poll()
    for number in range(8):  # as many as it may have
        poll.register(number, 0)
    closed = [number for number, event in poll.poll(0) if event & select.POLLNVAL]
    return 8 - len(closed)


def lie(text: str) -> None:
    """Answer by oneself, what no worker answers, in place of the worker's own code."""
    from nearfar.wall import wire

    send = wire.send
    wire.send = lambda line, _: send(line, text.encode())  # type: ignore[assignment]


def photo_twice(photo: Photo) -> Photo:
    """A photo whose colours are doubled."""
    return Photo(photo.pixels * 2, photo.alpha, name=photo.name, encoded=photo.encoded)


def unknown_encodings(names: list[str]) -> list[str]:
    """Of encodings, those that cannot be found here."""
    missing = []
    for name in names:
        try:
            codecs.lookup(name)
        except LookupError:
            missing.append(name)
    return missing


def read_lent(offset: int, size: int, begin: int, count: int) -> bytes:
    """Some bytes of a part of the file that was lent."""
    file = LentFile(offset, size)
    file.seek(begin)
    return file.read(count)


def large_picture(number: int) -> np.ndarray:
    """A megabyte of one number."""
    return np.full((1024, 1024), number, np.uint8)
