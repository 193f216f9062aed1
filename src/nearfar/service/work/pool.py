"""Worker threads behind a bounded queue: the event loop submits work and never does it itself.

Callers take turns. Where the queue is full, the newest work of the caller with the most places gives way to
a caller with fewer; where there is none, the new one is refused. Work that could not begin before its time
is over is refused at once; work whose client left, or whose time is over, is not done.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import os
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nearfar.errors import BusyError
from nearfar.machine import turns
from nearfar.service.errors import ClientLeftError, DeadlineError
from nearfar.service.request.terms import ANYBODY, Terms
from nearfar.service.work.queue import Line
from nearfar.service.work.ticket import EngineCall, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


GIVES_WAY = 5
"""Steps of niceness that threads which compute are behind the event loop. With it health and refusals took
half as long under load (median, 64 clients, 2 cores that did other work too)."""
_SMOOTHING = 0.1  # weight of the newest job in the mean time of a job


class EnginePool:
    """``workers`` threads; ``places`` more pieces of work may wait, others are refused at once.

    ``refused`` counts what was refused, by reason: ``full``, ``displaced`` (it gave its place to a caller
    with fewer), ``deadline`` (it could not have begun in time), ``closing``. ``expired`` counts what was
    taken and not done in its time.
    """

    def __init__(self, workers: int, places: int) -> None:
        self._workers = workers
        self._places = places
        self._condition = threading.Condition(threading.RLock())
        self._line = Line()
        self._active: set[Ticket] = set()
        self._numbers = itertools.count()
        self._aside = 0
        self._surplus = 0
        self._mean_s = 0.0
        self._is_closed = False
        self._threads: set[threading.Thread | None] = set()
        self.abandoned = 0
        """Threads that are lost in a call of a network now."""
        self.when_begun: Callable[[], object] = lambda: None
        """Is called by a thread that begins a piece of work."""
        self.refused: Counter[str] = Counter()
        self.expired = 0
        self._last_request_at = -math.inf

    def is_quiet(self, seconds: float) -> bool:
        """Whether no request has waited, or was worked on, for so long."""
        with self._condition:
            if len(self._line.front) or any(not ticket.terms.is_background for ticket in self._active):
                return False
            return time.perf_counter() - self._last_request_at > seconds

    @property
    def workers(self) -> int:
        """Threads that do the work."""
        return self._workers

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a thread, and that a request waits for."""
        return len(self._line.front)

    @property
    def waiting_in_background(self) -> int:
        """Pieces of background work that wait for a thread."""
        return len(self._line.back)

    @property
    def running(self) -> int:
        """Pieces of work under way."""
        return len(self._active)

    def start(self) -> None:
        """Start the threads."""
        for _ in range(self._workers):
            self._add_thread()

    def close(self, seconds: float = math.inf) -> bool:
        """Refuse new work, finish what was taken, end the threads; False where that takes longer.

        Threads are daemons: one that is still at work does not keep the process from ending.
        """
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
            return self._condition.wait_for(
                lambda: not self._threads, None if math.isinf(seconds) else seconds
            )

    def calls_longer_than(self, seconds: float) -> list[EngineCall]:
        """The calls of networks that have been under way for longer than that."""
        with self._condition:
            calls = [ticket.call for ticket in self._active]
        now = time.perf_counter()
        return [call for call in calls if call is not None and now - call.begin > seconds]

    def abandon(self, call: EngineCall, error: BaseException) -> bool:
        """Answer a call that does not come back with an error and replace its thread; False where it did."""
        ticket = call.ticket
        with self._condition:
            if ticket not in self._active or ticket.call is not call:
                return False
            self._active.remove(ticket)
            ticket.is_wanted = False
            self.abandoned += 1
            self._threads.discard(ticket.thread)
            self._add_thread()
        ticket.finish(None, error)
        return True

    @contextmanager
    def aside(self) -> Iterator[None]:
        """A worker that will wait, for a network to be loaded, lets another thread do the work meanwhile."""
        if threading.current_thread() not in self._threads:
            yield
            return
        with self._condition:
            self._aside += 1
            self._add_thread()
        try:
            yield
        finally:
            with self._condition:
                self._aside -= 1
                self._surplus += 1
                self._condition.notify()

    def _add_thread(self) -> None:
        name = f"nearfar-worker-{next(self._numbers)}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        with self._condition:
            self._threads.add(thread)
        thread.start()

    def check_room(self, terms: Terms = ANYBODY) -> None:
        """Raise BusyError where :meth:`run` would: asked before a body is read."""
        with self._condition:
            self._check_room(terms)

    def estimated_wait_s(self) -> int:
        """Whole seconds until the queue as it stands is worked off, at least 1."""
        work_s = (len(self._line.front) + self.running) * self._mean_s
        return max(1, math.ceil(work_s / self._workers))

    async def run(self, work: Callable[[Ticket], Any], terms: Terms = ANYBODY) -> Any:
        """What ``work`` returns, from a thread; cancelling the wait frees its place.

        Raises:
            BusyError: the queue is full, or too long for the time that the terms give.
            DeadlineError: the time is over.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(work, loop, loop.create_future(), terms)
        with self._condition:
            self._check_room(terms)
            displaced = self._make_room(terms)
            self._line.of(ticket).add(ticket)
            if not terms.is_background:
                self._last_request_at = ticket.queued_at
            self._condition.notify()
        if displaced is not None:
            displaced.finish(None, self._busy("Another caller had fewer requests waiting."))
        try:
            return await _outcome(ticket)
        except (DeadlineError, BusyError) as exc:
            self.expired += isinstance(exc, DeadlineError)
            self._drop(ticket)
            raise
        except asyncio.CancelledError:
            self._drop(ticket)
            raise

    def _check_room(self, terms: Terms) -> None:
        if self._is_closed:
            self.refused["closing"] += 1
            raise BusyError("The service is shutting down.", "Ask another one.", 5)
        if self._is_full(terms) and (terms.is_background or self._line.front.greediest(terms.caller) is None):
            self.refused["full"] += 1
            count = self.waiting_in_background if terms.is_background else self.waiting
            raise self._busy(f"{count} requests wait already, as many as may.")
        wait_s = 0.0 if terms.is_background else self._wait_s(terms.caller)
        if wait_s > terms.seconds:
            self.refused["deadline"] += 1
            raise self._busy(
                f"The wait is about {wait_s:.1f} s, but the answer is wanted in {terms.seconds:g} s."
            )

    def _is_full(self, terms: Terms) -> bool:
        if terms.is_background:
            return len(self._line.back) >= self._places
        return len(self._line.front) + self.running >= self._workers + self._places

    def _make_room(self, terms: Terms) -> Ticket | None:
        """The ticket that gives its place to a caller with fewer, or None where there is room."""
        greediest = None if not self._is_full(terms) else self._line.front.greediest(terms.caller)
        if greediest is None:
            return None
        self.refused["displaced"] += 1
        return self._line.front.newest_of(greediest)

    def _wait_s(self, caller: str) -> float:
        """Seconds until the next work of a caller would begin; of what runs half is done, on average."""
        if self.running - self._aside < self._workers:
            return 0.0
        ahead = self._line.front.ahead_of(caller) + self.running / 2
        return ahead * self._mean_s / self._workers

    def _busy(self, message: str) -> BusyError:
        return BusyError(message, "Try again after the time that Retry-After gives.", self.estimated_wait_s())

    def _drop(self, ticket: Ticket) -> None:
        ticket.future.cancel()  # a late outcome is dropped without a message
        if not ticket.future.cancelled():
            ticket.future.exception()  # it came together with the end of the wait: it is dropped
        with self._condition:
            ticket.is_wanted = False
            self._line.of(ticket).remove(ticket)  # not there: under way already, it stops after its stage

    def _serve(self) -> None:
        _give_way()
        while self._serve_one():
            pass
        with self._condition:
            self._threads.discard(threading.current_thread())
            self._condition.notify_all()

    def _serve_one(self) -> bool:
        """Do the next piece of work; False at the end. Its ticket and result are not held on to."""
        ticket = self._next()
        if ticket is None:
            return False
        self.when_begun()
        start = time.perf_counter()
        ticket.waited_s, ticket.thread = start - ticket.queued_at, threading.current_thread()
        result, error = self._do(ticket)
        with self._condition:  # counted before it is given back: who has an answer finds it counted
            if ticket not in self._active:  # given up by the watchdog, and here after all
                self.abandoned -= 1
                return False
            self._active.remove(ticket)
            if not ticket.terms.is_background and not isinstance(
                error, (ClientLeftError, DeadlineError, BusyError)
            ):
                self._note(time.perf_counter() - start)
        ticket.finish(result, error)
        return True

    def _next(self) -> Ticket | None:
        with self._condition:
            while self._surplus or not len(self._line):
                if self._surplus:  # another thread does what this one did
                    self._surplus -= 1
                    return None
                if self._is_closed:
                    return None
                self._condition.wait()
            ticket = self._line.pop()
            self._active.add(ticket)
            return ticket

    @staticmethod
    def _do(ticket: Ticket) -> tuple[Any, BaseException | None]:
        try:
            ticket.check()
            return ticket.work(ticket), None
        except BaseException as exc:  # every outcome belongs to the one who waits
            return None, exc

    def _note(self, seconds: float) -> None:
        self._mean_s = seconds if self._mean_s == 0 else self._mean_s + _SMOOTHING * (seconds - self._mean_s)


async def _outcome(ticket: Ticket) -> Any:
    """What the work gave; DeadlineError where its time is over before."""
    seconds = ticket.terms.seconds
    if math.isinf(seconds):
        return await ticket.future
    timer = ticket.loop.call_later(seconds, ticket.expire)
    try:
        return await ticket.future
    finally:
        timer.cancel()


def _give_way() -> None:
    """Let the system run the event loop before this thread; only Linux has a niceness of threads."""
    turns.take_usual_turns()  # where the event loop started it
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            first = os.getpriority(os.PRIO_PROCESS, os.getpid())  # of the thread that the process began with
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, first + GIVES_WAY))
