"""Worker threads behind a bounded queue: the event loop hands work over and never does it itself."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.errors import BusyError
from nearfar.service.errors import ClientLeftError

if TYPE_CHECKING:
    from collections.abc import Callable

_SMOOTHING = 0.1  # weight of the newest job in the mean time of a job


@dataclass(eq=False, slots=True)
class Ticket:
    """One piece of work in the pool. ``is_wanted`` turns False when nobody waits for it any more."""

    work: Callable[[Ticket], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    queued_at: float = field(default_factory=time.perf_counter)
    waited_s: float = 0.0
    is_wanted: bool = True

    def check(self) -> None:
        """Raise ClientLeftError where the work is not wanted any more; call it between the stages."""
        if not self.is_wanted:
            raise ClientLeftError

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Hand the outcome to the event loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class EnginePool:
    """``workers`` threads; ``places`` more pieces of work may wait, others are refused at once."""

    def __init__(self, workers: int, places: int) -> None:
        self._workers = workers
        self._places = places
        self._condition = threading.Condition()
        self._waiting: deque[Ticket] = deque()
        self._running = 0
        self._mean_s = 0.0
        self._is_closed = False
        self._threads: list[threading.Thread] = []

    @property
    def workers(self) -> int:
        """Threads that do the work."""
        return self._workers

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a thread."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Pieces of work under way."""
        return self._running

    def start(self) -> None:
        """Start the threads."""
        for number in range(self._workers):
            thread = threading.Thread(target=self._serve, name=f"nearfar-worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Refuse new work, finish what was taken, end the threads."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()

    def check_room(self) -> None:
        """Raise BusyError where :meth:`run` would: asked before a body is read."""
        if self._is_closed:
            raise BusyError("The service is shutting down.", "Ask another one.", 5)
        if len(self._waiting) + self._running >= self._workers + self._places:
            raise BusyError(
                f"{len(self._waiting)} requests wait already, as many as may.",
                "Try again after the time that Retry-After gives.",
                self.estimated_wait_s(),
            )

    def estimated_wait_s(self) -> int:
        """Whole seconds until the queue as it stands is worked off, at least 1."""
        work_s = (len(self._waiting) + self._running) * self._mean_s
        return max(1, math.ceil(work_s / self._workers))

    async def run(self, work: Callable[[Ticket], Any]) -> Any:
        """What ``work`` returns, from a thread; cancelling the wait frees its place.

        Raises:
            BusyError: the queue is full.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(work, loop, loop.create_future())
        with self._condition:
            self.check_room()
            self._waiting.append(ticket)
            self._condition.notify()
        try:
            return await ticket.future
        finally:
            if not ticket.future.done() or ticket.future.cancelled():
                self._drop(ticket)

    def _drop(self, ticket: Ticket) -> None:
        with self._condition:
            ticket.is_wanted = False
            with contextlib.suppress(ValueError):  # under way already: it stops after its stage
                self._waiting.remove(ticket)

    def _serve(self) -> None:
        while self._serve_one():
            pass

    def _serve_one(self) -> bool:
        """Do the next piece of work; False at the end. Its ticket and result are not held on to."""
        ticket = self._next()
        if ticket is None:
            return False
        start = time.perf_counter()
        ticket.waited_s = start - ticket.queued_at
        result, error = self._do(ticket)
        with self._condition:  # counted before it is given back: who has an answer finds it counted
            self._running -= 1
            self._note(time.perf_counter() - start)
        ticket.finish(result, error)
        return True

    def _next(self) -> Ticket | None:
        with self._condition:
            while not self._waiting:
                if self._is_closed:
                    return None
                self._condition.wait()
            self._running += 1
            return self._waiting.popleft()

    @staticmethod
    def _do(ticket: Ticket) -> tuple[Any, BaseException | None]:
        try:
            return ticket.work(ticket), None
        except BaseException as exc:  # every outcome belongs to the one who waits
            return None, exc

    def _note(self, seconds: float) -> None:
        self._mean_s = seconds if self._mean_s == 0 else self._mean_s + _SMOOTHING * (seconds - self._mean_s)
