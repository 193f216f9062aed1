"""Several processes on one port: started, watched, started anew when one ends, and stopped together.

The parent binds the port and never serves: the workers inherit the listening socket, so a connection that
waits in it outlives the worker that would have taken it. Each worker has processors of its own where there
are enough, and ends when its parent does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
import os
import secrets
import signal
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nearfar.errors import NearfarError, SettingsError
from nearfar.machine.cpus import usable_cpus
from nearfar.machine.staging import staging
from nearfar.service.answer.walls import budget_bytes
from nearfar.service.errors import LostWorkersError
from nearfar.service.guard.ledger import SharedLedger, SharedPlace
from nearfar.service.watch import logs
from nearfar.service.watch.siblings import Siblings

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from nearfar.service.server import Server
    from nearfar.settings import Settings

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""A worker that ends is started anew after a pause, which doubles while it keeps ending young."""
YOUNG_S = 60.0
MOST_FAILED_STARTS = 5
"""So many ends in a row before a worker was ready mean that it never will be."""
SPARE_S = 6.0
"""What a worker gets to end beyond the time for its requests."""
_STOPS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("nearfar.service")


def count_of(settings: Settings) -> int:
    """Processes that the settings ask for; 0 is one for each usable processor."""
    return settings.workers or usable_cpus()


def cpu_sets(cpus: list[int], count: int) -> list[set[int]]:
    """Processors shared out among ``count`` workers, neighbours together; empty where there are too few."""
    if len(cpus) < count:
        return [set() for _ in range(count)]
    size, rest = divmod(len(cpus), count)
    ends = [place * size + min(place, rest) for place in range(count + 1)]
    return [set(cpus[begin:end]) for begin, end in itertools.pairwise(ends)]


def serve(settings: Settings, listener: socket.socket, announce: Callable[[], object]) -> None:
    """Run the workers until SIGINT or SIGTERM.

    Args:
        settings: those of the whole; each worker gets its share of the streams.
        listener: the socket that all of them take connections from.
        announce: is called once all of them answer.

    Raises:
        LostWorkersError: a worker cannot be started.
        SettingsError: this system cannot share a port among processes.
    """
    if os.name != "posix":
        raise SettingsError("workers needs a POSIX system.", "Leave workers at 1.")
    logs.set_up(settings.log_level, settings.log_format)
    Workers(settings, listener, announce).run()


@dataclass(slots=True)
class Member:
    """One worker's place: its processors, the process in it, and how that fares."""

    number: int
    cpus: set[int]
    process: BaseProcess | None = None
    pipe: Connection | None = None
    is_ready: bool = False
    began_at: float = 0.0
    next_start_at: float = 0.0
    failed_starts: int = 0
    pause_s: float = FIRST_PAUSE_S


@dataclass(slots=True)
class Signals:
    """What arrives is written to a pipe, so that one wait sees signals, ends and news of workers."""

    reading: int = -1
    writing: int = -1
    old: dict[signal.Signals, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)
        for number in (*_STOPS, signal.SIGHUP):
            self.old[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, _: object) -> None:
        with contextlib.suppress(BlockingIOError):  # full: enough is known
            os.write(self.writing, bytes([number]))

    def __exit__(self, *_: object) -> None:
        for number, handler in self.old.items():
            signal.signal(number, handler)
        os.close(self.reading)
        os.close(self.writing)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """An empty folder for the workers' sockets that only this user can open, until the end."""
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(staging(Path(tempfile.gettempdir()), "nearfar-workers-"))
        except OSError as exc:
            raise SettingsError(
                "Several workers need a folder for temporary files.", "Mount one at /tmp, or set TMPDIR."
            ) from exc
        yield made


class Workers:
    """All workers."""

    def __init__(self, settings: Settings, listener: socket.socket, announce: Callable[[], object]) -> None:
        self._settings = settings
        self._listener = listener
        self._announce: Callable[[], object] | None = announce
        self._context = multiprocessing.get_context("spawn")
        count = count_of(settings)
        self._folder = Path()
        self._ledger: SharedLedger | None = None
        self._secret = secrets.token_bytes(16)
        own = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._members = [Member(number, cpus) for number, cpus in enumerate(cpu_sets(own, count))]
        self._is_bound_by_quota = usable_cpus() < len(own)
        self._share = max(1, usable_cpus() // count)

    def run(self) -> None:
        """Keep them running until a signal says stop."""
        with _folder() as self._folder, Signals() as signals:
            self._ledger = SharedLedger(self._shared(), 0)
            try:
                while not self._is_told_to_stop(signals):
                    self._start_those_due()
                    self._wait(signals)
                    self._look()
            finally:
                self._stop(signals)
                self._ledger.close()

    def _shared(self) -> SharedPlace:
        return SharedPlace(self._folder / "callers", len(self._members), self._secret)

    def _start_those_due(self) -> None:
        now = time.monotonic()
        for member in self._members:
            if member.process is None and now >= member.next_start_at:
                self._start(member)

    def _start(self, member: Member) -> None:
        ours, theirs = self._context.Pipe()
        own_cpus = 0 if self._is_bound_by_quota else len(member.cpus)
        streams = self._settings.streams or own_cpus or self._share
        place = Place(member.number, frozenset(member.cpus), self._folder, self._shared())
        share = max(1, budget_bytes(self._settings) // (2**20 * len(self._members)))
        own = replace(self._settings, streams=streams, workers=1, memory=share)
        process = self._context.Process(
            target=work, args=(own, self._listener, place, theirs), name=f"nearfar-{member.number}"
        )
        process.start()
        theirs.close()
        member.process, member.pipe, member.is_ready = process, ours, False
        member.began_at = time.monotonic()

    def _wait(self, signals: Signals) -> None:
        """Until something happens, or a worker is due."""
        things: list[Any] = [signals.reading]
        things += [member.process.sentinel for member in self._members if member.process]
        things += [member.pipe for member in self._members if member.pipe and not member.is_ready]
        due = [member.next_start_at for member in self._members if member.process is None]
        wait(things, max(0.0, min(due) - time.monotonic()) if due else None)

    def _look(self) -> None:
        for member in self._members:
            if member.pipe and not member.is_ready and member.pipe.poll():
                self._hear(member)
            if member.process and not member.process.is_alive():
                self._note_end(member)
        if self._announce and all(member.is_ready for member in self._members):
            self._announce()
            self._announce = None

    def _hear(self, member: Member) -> None:
        try:
            member.is_ready = bool(member.pipe and member.pipe.recv())
        except (EOFError, OSError):
            return  # it has ended: its sentinel says so too
        member.failed_starts = 0

    def _note_end(self, member: Member) -> None:
        process = member.process
        assert process is not None  # noqa: S101 - the caller has looked
        if not member.is_ready:
            member.failed_starts += 1
        if member.failed_starts >= MOST_FAILED_STARTS:
            raise LostWorkersError(
                f"Worker {member.number} ended {member.failed_starts} times before it was ready.",
                "The log says why; nearfar serve --check looks for it.",
            )
        lived_s = time.monotonic() - member.began_at
        is_young = lived_s < YOUNG_S
        pause_s = member.pause_s if is_young else FIRST_PAUSE_S
        member.pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
        member.next_start_at = time.monotonic() + pause_s
        _log.error(
            "worker %d (process %d) ended with code %s after %.0f s; another one follows in %g s",
            *(member.number, process.pid, process.exitcode, lived_s, pause_s),
        )
        if self._ledger:
            self._ledger.strike_out(member.number)
        self._forget(member)

    @staticmethod
    def _forget(member: Member) -> None:
        if member.process:
            member.process.close()
        if member.pipe:
            member.pipe.close()
        member.process, member.pipe, member.is_ready = None, None, False

    def _is_told_to_stop(self, signals: Signals) -> bool:
        for number in self._arrived(signals, 0):
            if number in _STOPS:
                return True
            self._tell(number)
        return False

    @staticmethod
    def _arrived(signals: Signals, seconds: float) -> Iterator[int]:
        yield from os.read(signals.reading, 64) if wait([signals.reading], seconds) else b""

    def _tell(self, number: int) -> None:
        for member in self._members:
            if member.process and member.process.pid and member.process.is_alive():
                os.kill(member.process.pid, number)

    def _stop(self, signals: Signals) -> None:
        """All of them finish what they took; who takes too long, or a second signal, ends them at once."""
        self._listener.close()
        self._tell(signal.SIGTERM)
        until = time.monotonic() + self._settings.drain_timeout + SPARE_S
        for member in self._members:
            while member.process and member.process.is_alive():
                left_s = until - time.monotonic()
                things = [member.process.sentinel, signals.reading]
                ready = wait(things, max(0.0, left_s))
                if left_s <= 0 or signals.reading in ready:
                    self._tell(signal.SIGKILL)
                    member.process.join()
            self._forget(member)


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker is told: its number, the processors that are its own, where others and the ledger are."""

    number: int
    cpus: frozenset[int]
    folder: Path
    shared: SharedPlace


def work(settings: Settings, listener: socket.socket, place: Place, pipe: Connection) -> None:
    """Be a worker: the target of its process."""
    os.setpgid(0, 0)  # Ctrl+C is for the parent, which passes on what is to be done
    if place.cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, place.cpus)
    from nearfar.service.server import serve_on

    opening: list[asyncio.Task[None]] = []  # a task without a reference may be collected

    def begin(server: Server) -> None:
        opening.append(asyncio.get_running_loop().create_task(_join_others(server, place)))
        threading.Thread(target=_end_with_parent, args=(pipe, server), daemon=True).start()
        pipe.send(True)

    try:
        serve_on(settings, listener, begin, SharedLedger(place.shared, place.number))
    except NearfarError as exc:
        _log.critical("worker %d: %s", place.number, exc)
        raise SystemExit(1) from None


async def _join_others(server: Server, place: Place) -> None:
    service = server.config.loaded_app.state.service
    siblings = Siblings(place.folder, place.number)
    await siblings.open(service.metrics.families)
    service.metrics.siblings = siblings


def _end_with_parent(pipe: Connection, server: Server) -> None:
    """The parent holds the other end: when it is gone, this worker must stop by itself."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        server.should_exit = True
