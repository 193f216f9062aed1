"""One worker as the service sees it: its line, its memory, its limits, its end."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nearfar.wall.arena import Arena, used_bytes

if TYPE_CHECKING:
    import socket

KEEP = 32 * 2**20
"""Bytes of shared memory that stay with an idle worker: a usual photo needs no new pages."""
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Member:
    """A worker. It is ended by a descriptor of the process, so that never another one is hit.

    ``served``: requests that it has done. Its zygote keeps its number until :meth:`end` was told.
    """

    def __init__(self, pid: int, line: socket.socket, shared: int, size: int) -> None:
        self.pid = pid
        self.line = line
        self.arena = Arena(shared, size)
        self.served = 0
        self._shared = shared
        self._counts = Path(f"/proc/{pid}/statm")
        self._handle = os.pidfd_open(pid)
        self._base = self.address_bytes()

    def address_bytes(self) -> int:
        """Bytes of address space, shared memory and libraries with it; 0 where it has ended."""
        return self._statm(0)

    def own_bytes(self) -> int:
        """Bytes in memory that are no file and not shared memory."""
        return self._statm(1) - self._statm(2)

    def _statm(self, place: int) -> int:
        try:
            return int(self._counts.read_text("ascii").split()[place]) * _PAGE
        except (OSError, IndexError):
            return 0

    def shared_bytes(self) -> int:
        """Bytes of shared memory that are taken now."""
        return used_bytes(self._shared)

    def limit(self, own_bytes: int, cpu_s: float) -> None:
        """The most that it may take from now: memory of its own, and processor time."""
        with contextlib.suppress(OSError, ValueError):  # it has ended: its line says so
            most = max(self._base, self.address_bytes()) + own_bytes
            resource.prlimit(self.pid, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
            until = int(self._cpu_s() + cpu_s) + 1
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))

    def _cpu_s(self) -> float:
        """Processor time so far: the clock of another process, see clock_getcpuclockid(3)."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def is_silent(self) -> bool:
        """It lives and says nothing, as a worker without work should."""
        poll = select.poll()
        poll.register(self.line, select.POLLIN)
        return not poll.poll(0)

    def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def close(self) -> None:
        """Give up what belongs to it here; arrays that are still looked at keep their pages."""
        self.line.close()
        for descriptor in (self._shared, self._handle):
            with contextlib.suppress(OSError):
                os.close(descriptor)
