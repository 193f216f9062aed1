"""A worker: does what it is sent, answers with data, and is shut in before it sees the first picture."""

from __future__ import annotations

import gc
import os
import time
import traceback
from typing import TYPE_CHECKING, Any

import cv2

from nearfar.errors import NearfarError
from nearfar.machine import allocator
from nearfar.wall import codec, lent, sandbox, wire
from nearfar.wall.arena import Arena

if TYPE_CHECKING:
    import socket

TRIM_FROM = 32 * 2**20
"""After work on more shared memory than that, free memory goes back to the system."""
_MOST_TRACE = 4000


def work(line: socket.socket, shared: int, size: int, *, is_shut_in: bool) -> None:
    """Serve one line until it ends. The target of a forked process."""
    arena = Arena(shared, size)
    os.close(shared)
    allocator.tune()
    found = sandbox.shut_in(is_wanted=is_shut_in)
    wire.send(line, codec.to_text({"seccomp": found.seccomp, "landlock": found.landlock}))
    blobs: codec.Blobs = {}
    while True:
        try:
            passed: list[int] = []
            order = wire.receive(line, passed)
            if passed or order[8]:  # the first of a request: what was lent for the one before is given up
                lent.hold(passed)
        except (EOFError, OSError):
            return
        told = _done(order, arena, blobs)
        if arena.top > TRIM_FROM:  # before the answer: the service counts what this holds when it has it
            gc.collect()
            allocator.trim()
        wire.send(line, told)


def _done(order: bytes, arena: Arena, blobs: codec.Blobs) -> bytes:
    """The answer to one order: a result, an error of the tree, want of memory, or a fault."""
    begun = time.process_time()
    arena.top = int.from_bytes(order[:8], "little")
    if order[8]:  # the first of a request: nothing of the one before is known
        blobs.clear()
    try:
        told = codec.to_text(
            {"result": _result(order, arena, blobs), "top": arena.top, "cpu_s": time.process_time() - begun}
        )
    except MemoryError:
        told = codec.to_text({"short": True})
    except NearfarError as exc:
        told = codec.to_text({"error": codec.tell_error(exc)})
    except Exception:
        told = codec.to_text({"fault": traceback.format_exc()[-_MOST_TRACE:]})
    return told if len(told) <= wire.MOST else codec.to_text({"fault": "The answer is too long."})


def _result(order: bytes, arena: Arena, blobs: codec.Blobs) -> Any:
    function, given, threads = codec.unpack(order[9:], arena, blobs)
    if threads != cv2.getNumThreads():
        cv2.setNumThreads(threads)
    return codec.tell(function(*given), arena, blobs)
