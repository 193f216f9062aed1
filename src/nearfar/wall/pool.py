"""Workers lent out: a request has one for its own, from decoding to the last encoding, and gives it back."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import cv2
import numpy as np

from nearfar.errors import NearfarError, TooLargeError
from nearfar.wall import codec, wire
from nearfar.wall.errors import WorkerCrashedError, WorkerLostError, WorkerSlowError, slow
from nearfar.wall.member import KEEP
from nearfar.wall.nursery import Nursery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nearfar.wall.member import Member
    from nearfar.wall.sandbox import Sandbox

P = ParamSpec("P")
T = TypeVar("T")

MIB = 2**20
SLACK = 192 * MIB
"""Address space that a worker gets beyond a request's memory: stacks and pools that are never filled."""
_LOOK_MS = 50
_NO_ONE: Callable[[], object] = lambda: None  # noqa: E731 - nobody to ask
_log = logging.getLogger("nearfar.wall")


@dataclass(frozen=True, slots=True)
class WallOptions:
    """How workers are kept.

    ``workers`` that are idle stay; ``most_bytes`` of memory for one request; ``seconds`` for one step of it
    (decoding, or an effect with its encoding), by the clock and by the processor; ``modules`` that workers
    import besides; ``is_shut_in`` by seccomp and Landlock. A worker goes after ``requests`` of them, or when
    it holds ``most_idle_bytes`` more of its own between two than when it began.
    """

    workers: int = 2
    most_bytes: int = 2048 * MIB
    seconds: float = 60.0
    modules: tuple[str, ...] = ()
    is_shut_in: bool = True
    requests: int = 500
    most_idle_bytes: int = 48 * MIB


class Wall:
    """The workers of one service. Threads may share it."""

    def __init__(self, options: WallOptions) -> None:
        self.options = options
        self._nursery = Nursery(options.most_bytes, options.modules, is_shut_in=options.is_shut_in)
        self._idle: list[Member] = []
        self._lock = threading.Lock()
        self._is_closed = False
        self.lost: dict[str, int] = {"crashed": 0, "slow": 0, "memory": 0, "killed": 0, "unwanted": 0}
        """Workers that ended in the middle of their work, by why."""

    @property
    def started(self) -> int:
        """Workers started so far."""
        return self._nursery.started

    @property
    def sandbox(self) -> Sandbox:
        """What keeps workers in."""
        return self._nursery.sandbox

    @property
    def idle(self) -> tuple[int, ...]:
        """Process numbers of the workers that wait for work."""
        with self._lock:
            return tuple(member.pid for member in self._idle)

    def start(self) -> None:
        """Begin; the first worker is there when the zygote has imported what it needs."""
        self._nursery.start()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for member in idle:
            member.close()
        self._nursery.close()

    @contextmanager
    def lease(self, check: Callable[[], object] = _NO_ONE) -> Iterator[Lease]:
        """A worker for one request, taken when it is first needed.

        ``check`` is called now and then while the worker works; what it raises ends the worker. Arrays that
        the worker gave are valid until the lease ends.
        """
        lease = Lease(self, check)
        try:
            yield lease
        finally:
            lease.end()

    def take(self) -> Member:
        """An idle worker that lives, or a fresh one."""
        while True:
            with self._lock:
                member = self._idle.pop() if self._idle else None
            if member is None:
                return self._nursery.worker()
            if member.is_silent():
                return member
            self._nursery.bury(member)

    def give_back(self, member: Member) -> None:
        """A worker that has done its request: it stays, or is replaced when the next one is needed."""
        member.served += 1
        member.arena.reset(KEEP)
        member.look()
        options = self.options
        is_fit = member.served < options.requests and member.grown_bytes <= options.most_idle_bytes
        with self._lock:
            if is_fit and not self._is_closed and len(self._idle) < options.workers:
                self._idle.append(member)
                return
        self._nursery.bury(member)

    def bury(self, member: Member, why: str = "") -> int:
        """End a worker that is in the middle of its work; its wait status."""
        status = self._nursery.bury(member)
        if why:
            self.note(member, why, status)
        return status

    def note(self, member: Member, why: str, status: int) -> None:
        """Count a worker that was lost."""
        self.lost[why] += 1
        _log.warning("worker %d ended in the middle of its work: %s (status %d)", member.pid, why, status)


class Lease:
    """One request's worker. Used by one thread at a time."""

    def __init__(self, wall: Wall, check: Callable[[], object]) -> None:
        self._wall = wall
        self._check = check
        self._member: Member | None = None
        self._places: dict[int, tuple[int, bytes]] = {}
        self._is_new = True
        self._most_bytes = wall.options.most_bytes
        self._lent: tuple[int, ...] = ()

    def lend(self, file: int) -> None:
        """Let the worker read from a descriptor, from the next work on (:mod:`nearfar.wall.lent`)."""
        self._lent = (file,)

    def do_apart(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """As :meth:`do`; arrays of what it gives are copies, and the shared memory has their room again.

        For work that is done over and over with one lease: the frames of a video.
        """
        top = 0 if self._member is None else self._member.arena.top
        found = copied(self.do(work, *given, **named))
        if self._member is not None:
            self._member.arena.top = top
        return cast("T", found)

    def allow(self, most_bytes: int) -> None:
        """The memory that this request may take, where it is less than the most that any may."""
        self._most_bytes = min(most_bytes, self._wall.options.most_bytes)
        if self._member is not None:
            self._member.limit(self._most_bytes + SLACK)

    def end(self) -> None:
        """Give the worker back."""
        member, self._member = self._member, None
        self._places.clear()
        if member is not None:
            self._wall.give_back(member)

    def do(self, work: Callable[P, T], *given: P.args, **_: P.kwargs) -> T:
        """What ``work`` of a module makes of ``given`` in the worker.

        Raises:
            NearfarError: what the work raised, of the same class.
            TooLargeError: it needs more memory than it may have.
            WorkerSlowError: it took too long.
            WorkerCrashedError: it brought the worker down.
            WorkerLostError: the worker was ended from outside.
        """
        if self._member is None:
            self._member = self._wall.take()
            self._member.limit(self._most_bytes + SLACK)
        member = self._member
        order = self._order(member, work, given)
        member.allow(self._wall.options.seconds * max(1, cv2.getNumThreads()))
        try:
            wire.send(member.line, order, self._lent)
            self._lent = ()
            told = codec.of_text(self._answer(member))
            return cast("T", self._heard(member, told))
        except NearfarError:
            raise  # some of them are OSError or ValueError besides
        except (OSError, EOFError):
            raise self._gone() from None
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as exc:
            self._lose("crashed")
            _log.warning("a worker answered what no worker answers: %s", exc)
            raise _crashed() from None

    def _order(self, member: Member, work: Any, given: Any) -> bytes:
        arena = member.arena
        packed = codec.pack((work, given, cv2.getNumThreads()), arena, self._places)
        head = arena.top.to_bytes(8, "little") + bytes([self._is_new])
        self._is_new = False
        return head + packed

    def _answer(self, member: Member) -> bytes:
        """The next message, waited for with all limits in view."""
        until = time.monotonic() + self._wall.options.seconds
        message = wire.Message()
        while not message.is_whole:
            if not member.has_said(_LOOK_MS) or time.monotonic() > until:
                self._look(member, until)
            else:
                message.read(member.line)
        return message.body

    def _look(self, member: Member, until: float) -> None:
        if time.monotonic() > until:
            raise self._slow()
        if member.shared_bytes() > self._most_bytes + KEEP:
            self._lose("memory")
            raise _short(self._most_bytes)
        try:
            self._check()
        except BaseException:
            self._lose("unwanted")
            raise

    def _heard(self, member: Member, told: Any) -> Any:
        """The result in an answer; raises the error that is in it."""
        if "error" in told:
            error = codec.hear_error(told["error"])
            raise _short(self._most_bytes) if isinstance(error, MemoryError) else error
        if "short" in told:
            raise _short(self._most_bytes)
        if "fault" in told:
            raise RuntimeError(f"In a worker:\n{str(told['fault'])[-4000:]}")
        top = told["top"]
        if type(top) is not int or not member.arena.top <= top <= member.arena.size:
            raise ValueError("A worker's top is out of its range.")
        member.arena.top = top
        blobs = dict(self._places.values())
        try:
            return codec.hear(told["result"], member.arena, blobs)
        except NearfarError as exc:
            raise ValueError(f"A worker's values do not go together: {exc}") from exc

    def _lose(self, why: str) -> int:
        member, self._member = self._member, None
        if member is None:
            return 0
        return self._wall.bury(member, why)

    def _slow(self) -> WorkerSlowError:
        self._lose("slow")
        return slow(self._wall.options.seconds)

    def _gone(self) -> NearfarError:
        """The error of a worker whose line has ended, by how the worker has."""
        member, self._member = self._member, None
        if member is None:
            return _crashed()
        status = self._wall.bury(member)
        is_known = status != wire.UNKNOWN
        number = os.WTERMSIG(status) if is_known and os.WIFSIGNALED(status) else 0
        if number == signal.SIGXCPU:
            self._wall.note(member, "slow", status)
            return slow(self._wall.options.seconds)
        is_ended = not is_known or number in {signal.SIGKILL, signal.SIGTERM}
        why = "killed" if is_ended else "crashed"
        self._wall.note(member, why, status)
        if why == "crashed":
            return _crashed()
        return WorkerLostError("The process that worked on the picture was ended.", "Send it again.")


def copied(value: Any) -> Any:
    """The same with arrays of their own, also within lists and tuples."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(copied(part) for part in value)
    return value


def _short(most_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"The work on the picture needs more than the {most_bytes / MIB:.0f} MiB of memory that it may have.",
        "Scale the picture down.",
    )


def _crashed() -> WorkerCrashedError:
    return WorkerCrashedError(
        "The picture brought down the process that worked on it.",
        "It may be damaged: save it anew with another program.",
    )
