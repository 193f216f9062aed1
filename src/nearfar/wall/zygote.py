"""The zygote: a process with one thread that has imported everything, and forks workers when it is told to.

It sees no picture and no setting. It ends, and its workers with it, when the service that started it does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import time
from pathlib import Path

from nearfar.wall import wire

ROOMS = ("decode", "effects", "exports", "encode", "ops", "types", "wall")
"""Packages of nearfar that workers need, whole."""
WHOLE = ("av", "encodings")
"""Libraries that workers need whole: a text may say any encoding, and JSON any of UTF-8, 16 and 32."""
OTHERS = (
    *("PIL.Image", "PIL.ImageCms", "PIL.ImageColor", "PIL.ImageDraw", "PIL.ImageFont", "PIL.ImageOps"),
    *(
        "OpenEXR",
        "pi_heif",
        "pillow_jxl",
        "simplejpeg",
        "difflib",
        "json",
        "zipfile",
        "concurrent.futures.thread",
    ),
    *("numpy.lib.format", "numpy.fft", "numpy.linalg", "numpy.ma", "numpy.polynomial", "numpy.random"),
    *("xml.etree.ElementTree", "logging", "decimal", "fractions", "uuid", "zlib", "lzma", "bz2"),
)
"""What is imported within functions there; what is not installed is left out."""
NICENESS = 5


def main(line: socket.socket, more: list[str], *, is_shut_in: bool) -> None:
    """Import, tell that it is ready, and obey until the line ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the service, which ends its line
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _import(more)
    gc.collect()
    gc.freeze()
    workers: set[int] = set()
    line.sendall(b"r")
    try:
        while True:
            order, passed, _, _ = socket.recv_fds(line, 16, 2)
            if not order:
                return
            if order[:1] == b"f":
                pid = _fork(line, passed, int.from_bytes(order[1:9], "little"), is_shut_in=is_shut_in)
                workers.add(pid)
                line.sendall(pid.to_bytes(4, "little"))
            else:
                pid = int.from_bytes(order[1:5], "little")
                status = _reap(pid) if pid in workers else wire.UNKNOWN  # of a zygote before this one
                line.sendall(status.to_bytes(4, "little", signed=True))
                workers.discard(pid)
    finally:
        for pid in workers:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _import(more: list[str]) -> None:
    for room in ROOMS:
        package = importlib.import_module(f"nearfar.{room}")
        for module in pkgutil.iter_modules(package.__path__):
            with contextlib.suppress(ImportError):
                importlib.import_module(f"nearfar.{room}.{module.name}")
    for name in WHOLE:
        _import_whole(name)
    for name in (*OTHERS, *more):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _warm()


def _import_whole(name: str) -> None:
    """A library and every module in it: some import theirs when they are first used."""
    with contextlib.suppress(ImportError):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=lambda _: None):
            if not module.name.endswith("__main__"):
                with contextlib.suppress(ImportError):
                    importlib.import_module(module.name)


def _warm() -> None:
    """What libraries look up in files when first used."""
    from PIL import Image

    from nearfar.registry import EFFECTS, EXPORTS

    Image.init()
    time.tzset()
    import cv2

    cv2.getNumberOfCPUs()
    cv2.setNumThreads(1)
    for registry in (EFFECTS, EXPORTS):
        for name in registry.names():
            with contextlib.suppress(Exception):  # an extra that is not installed
                registry.load(name)


def _fork(line: socket.socket, passed: list[int], size: int, *, is_shut_in: bool) -> int:
    """A worker's number; in the worker itself it never returns."""
    mine, shared = passed
    pid = os.fork()
    if pid:
        os.close(mine)
        os.close(shared)
        return pid
    code = 1
    try:
        line.close()
        _be_worker(mine, shared, size, is_shut_in=is_shut_in)
        code = 0
    finally:
        os._exit(code)  # nothing that the zygote would do at its end


def _be_worker(mine: int, shared: int, size: int, *, is_shut_in: bool) -> None:
    from nearfar.wall.sandbox import end_with_parent
    from nearfar.wall.worker import work

    end_with_parent()
    os.chdir("/")
    os.dup2(1, 2)  # nothing of a stranger's gets into the log
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    with contextlib.suppress(OSError):  # where memory ends, a worker goes before the service
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    work(socket.socket(fileno=mine), shared, size, is_shut_in=is_shut_in)


def _reap(pid: int) -> int:
    """How a worker ended: its wait status."""
    _, status = os.waitpid(pid, 0)
    return status


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    main(socket.socket(fileno=given["line"]), given["more"], is_shut_in=given["shut_in"])
