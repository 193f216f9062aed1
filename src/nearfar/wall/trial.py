"""What a worker tries to find out whether it is shut in: asked for by ``nearfar serve --check``."""

from __future__ import annotations

import os
import socket
import tempfile


def reached() -> list[str]:
    """In a worker: what it can reach that it should not; empty where it is shut in."""
    return [name for name, attempt in _ATTEMPTS.items() if _is_done(attempt)]


def _is_done(attempt: object) -> bool:
    assert callable(attempt)  # noqa: S101 - they are, below
    try:
        attempt()
    except OSError:
        return False
    return True


def _write() -> None:
    handle, name = tempfile.mkstemp()
    os.close(handle)
    os.unlink(name)  # noqa: PTH108 - as bare as can be


def _start() -> None:
    if not os.fork():
        os._exit(0)


_ATTEMPTS = {
    "files": lambda: os.close(os.open(__file__, os.O_RDONLY)),
    "writing": _write,
    "network": lambda: socket.socket().close(),
    "programs": _start,
}
