"""The service's end of a zygote: started anew when it is gone, asked for workers, told to bury them."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading

from nearfar.wall import codec, wire
from nearfar.wall.arena import make_shared
from nearfar.wall.errors import WallError
from nearfar.wall.member import Member
from nearfar.wall.sandbox import Sandbox

_START_S = 60.0
_ANSWER_S = 20.0
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "SYSTEMROOT")
"""Variables that a zygote gets: none of the service's own, for those hold secrets."""
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_CODE = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[2]); import runpy; "
    "runpy.run_module('nearfar.wall.zygote', run_name='__main__')"
)


class Nursery:
    """Makes workers. ``more``: modules that they need besides. Threads may share it."""

    def __init__(self, size: int, more: tuple[str, ...], *, is_shut_in: bool) -> None:
        self._size = size
        self._more = more
        self._is_shut_in = is_shut_in
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._is_ready = False
        self.sandbox = Sandbox(seccomp=False, landlock=0)
        """What keeps the newest worker in."""
        self.started = 0
        """Workers made since the start."""

    def start(self) -> None:
        """Start the zygote; it is not waited for."""
        with self._lock:
            if self._process is None:
                self._begin()

    def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        given = {"line": theirs.fileno(), "more": self._more, "shut_in": self._is_shut_in}
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, and words of ours
                [sys.executable, "-I", "-c", _CODE, json.dumps(given), json.dumps(sys.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=kept | _ONE_THREAD,
                close_fds=True,
            )
        except OSError as exc:
            ours.close()
            raise WallError(f"No worker can be started: {exc.strerror or exc}.", "Try again.") from exc
        finally:
            theirs.close()
        self._line, self._is_ready = ours, False

    def worker(self) -> Member:
        """A fresh worker.

        Raises:
            WallError: none can be started, also not by a fresh zygote.
        """
        with self._lock:
            for attempt in range(2):
                try:
                    return self._fork()
                except (OSError, EOFError) as exc:
                    self._end()
                    if attempt:
                        raise WallError(f"No worker can be started: {exc}.", "Try again.") from exc
        raise AssertionError

    def _fork(self) -> Member:
        if self._process is None or self._line is None:
            self._begin()
        self._await_ready()
        line = self._line
        assert line is not None  # noqa: S101 - begun above
        ours, theirs = socket.socketpair()
        shared = make_shared(self._size)
        try:
            socket.send_fds(line, [b"f" + self._size.to_bytes(8, "little")], [theirs.fileno(), shared])
            pid = int.from_bytes(_answer(line, 4), "little")
            self.sandbox = _ready(ours)
            self.started += 1
            return Member(pid, ours, shared, self._size)
        except BaseException:
            ours.close()
            os.close(shared)
            raise
        finally:
            theirs.close()

    def _await_ready(self) -> None:
        if self._is_ready or self._line is None:
            return
        self._line.settimeout(_START_S)
        _answer(self._line, 1)
        self._line.settimeout(_ANSWER_S)
        self._is_ready = True

    def bury(self, member: Member) -> int:
        """End a worker and forget its number; its wait status, wire.UNKNOWN where nobody tells."""
        member.kill()
        with self._lock:
            try:
                if self._line is None:
                    return wire.UNKNOWN
                self._line.sendall(b"b" + member.pid.to_bytes(4, "little"))
                return int.from_bytes(_answer(self._line, 4), "little", signed=True)
            except (OSError, EOFError):
                self._end()  # its workers end with it
                return wire.UNKNOWN
            finally:
                member.close()

    def close(self) -> None:
        """End the zygote and its workers."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        line, process = self._line, self._process
        self._line, self._process = None, None
        if line is not None:
            line.close()
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)
            process.kill()
            process.wait()


def _ready(line: socket.socket) -> Sandbox:
    """What a fresh worker says keeps it in, once it is shut in."""
    line.settimeout(_ANSWER_S)
    told = codec.of_text(wire.receive(line))
    line.settimeout(None)
    return Sandbox(bool(told["seccomp"]), int(told["landlock"]))


def _answer(line: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = line.recv(count - len(got))
        if not part:
            raise EOFError("the zygote has ended")
        got += part
    return got
