"""One worker as the service sees it: its line, its memory, its limits, its end."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import select
import signal
import time
from typing import TYPE_CHECKING

from nearfar.wall.arena import Arena, used_bytes

if TYPE_CHECKING:
    import socket

KEEP = 32 * 2**20
"""Bytes of shared memory that stay with an idle worker: a usual photo needs no new pages."""
_CPU_ANEW_S = 1.0
"""How long a limit of processor time stands before it is moved on."""
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
        self._counts = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._handle = os.pidfd_open(pid)
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)
        self._address, self._own = self._begun = self._counted()
        self._own_limit = self._cpu_s = 0.0
        self._cpu_set = -math.inf

    def look(self) -> None:
        """Count its memory anew: where it has nothing to do, until it has."""
        self._address, self._own = self._counted()

    def own_bytes(self) -> int:
        """Bytes in memory that are no file and not shared memory."""
        return self._counted()[1]

    @property
    def grown_bytes(self) -> int:
        """The same beyond what it began with, as of the last look."""
        return self._own - self._begun[1]

    def _counted(self) -> tuple[int, int]:
        """Bytes of address space with all that is shared, and own bytes; 0 where it has ended."""
        try:
            counts = os.pread(self._counts, 128, 0).split()
            return int(counts[0]) * _PAGE, (int(counts[1]) - int(counts[2])) * _PAGE
        except (OSError, IndexError):
            return 0, 0

    def shared_bytes(self) -> int:
        """Bytes of shared memory that are taken now."""
        return used_bytes(self._shared)

    def limit(self, own_bytes: int) -> None:
        """The most memory of its own that it may take from now, beyond what the last look found."""
        most = max(self._begun[0], self._address) + own_bytes
        if most != self._own_limit:
            with contextlib.suppress(OSError, ValueError):  # it has ended: its line says so
                resource.prlimit(self.pid, resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
                self._own_limit = most

    def allow(self, cpu_s: float) -> None:
        """The processor time that it may take from now: so much at least, a few seconds more at most.

        A step is ended by the clock before; this ends one whose service is not there to do it. It is set anew
        only when some of it may be used up.
        """
        now = time.monotonic()
        if cpu_s == self._cpu_s and now - self._cpu_set < _CPU_ANEW_S:
            return
        with contextlib.suppress(OSError, ValueError):  # it has ended: its line says so
            until = int(self._cpu_used_s() + cpu_s + _CPU_ANEW_S * (os.cpu_count() or 1)) + 1
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
            self._cpu_s, self._cpu_set = cpu_s, now

    def _cpu_used_s(self) -> float:
        """Processor time so far: the clock of another process, see clock_getcpuclockid(3)."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def has_said(self, wait_ms: int) -> bool:
        """Whether it says something, or has ended, within that time."""
        return bool(self._poll.poll(wait_ms))

    def is_silent(self) -> bool:
        """It lives and says nothing, as a worker without work should."""
        return not self.has_said(0)

    def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def close(self) -> None:
        """Give up what belongs to it here; arrays that are still looked at keep their pages."""
        self.line.close()
        for descriptor in (self._shared, self._handle, self._counts):
            with contextlib.suppress(OSError):
                os.close(descriptor)
