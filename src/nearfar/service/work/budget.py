"""Memory of all requests together: each says what it will take, and waits until there is room for it.

What can never fit is refused with the numbers. What does not fit now waits, callers in turn and background
work behind; a smaller one may pass, but only so often, so that a large one is not passed for ever.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nearfar.errors import TooLargeError
from nearfar.machine import allocator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from nearfar.service.work.ticket import Ticket

MOST_PASSES = 16
"""Requests that may pass one that waits."""
_LOOK_S = 0.1
MIB = 2**20
_TIDY_ROUNDS = 3
LARGE = 128 * MIB
"""After such a request the C library holds much that is free: glibc gives back only what lies at an end."""


@dataclass(eq=False, slots=True)
class _Waiter:
    """One request that waits."""

    need: int
    ticket: Ticket
    passed: int = 0
    is_in: bool = False


@dataclass(eq=False, slots=True)
class MemoryBudget:
    """``total`` bytes for the requests under way, ``used`` of them taken.

    ``aside``: surrounds waiting, so that the thread's place goes to other work meanwhile.
    """

    total: int
    aside: Callable[[], AbstractContextManager[object]] = nullcontext
    used: int = 0
    _untidy: int = 0
    _waiters: list[_Waiter] = field(default_factory=list)
    _served: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def tidy(self) -> None:
        """Give free memory back to the system, once something large is done. Called now and then.

        What a request that failed held hangs in a circle of its error and its frames: those are collected
        first, and once more a while later, for an error may still be on its way when the room is given back.
        """
        if self._untidy:
            self._untidy -= 1
            gc.collect()
            allocator.trim()

    @property
    def waiting(self) -> int:
        """Requests that wait for room."""
        return len(self._waiters)

    def check(self, need: int) -> None:
        """TooLargeError where so much can never be had."""
        if need > self.total:
            raise TooLargeError(
                f"The picture would take about {need / MIB:.0f} MiB of memory, but all pictures together may "
                f"take {self.total / MIB:.0f} MiB.",
                "Scale it down, ask for less, or give the service more (NEARFAR_MEMORY).",
            )

    @contextmanager
    def hold(self, need: int, ticket: Ticket) -> Iterator[None]:
        """Room for one request while it is worked on.

        Raises:
            TooLargeError: there will never be.
            BusyError: there was none in its time.
            ClientLeftError: nobody waits for it any more.
        """
        self.check(need)
        waiter = _Waiter(need, ticket)
        self._enter(waiter)
        try:
            yield
        finally:
            with self._changed:
                self.used -= need
                if need >= LARGE:
                    self._untidy = _TIDY_ROUNDS
                self._let_in()

    def _enter(self, waiter: _Waiter) -> None:
        with self._changed:
            self._waiters.append(waiter)
            self._let_in()
            if waiter.is_in:
                return
        waiter.ticket.waits_for = "memory"
        try:
            with self.aside():
                self._wait(waiter)
        finally:
            waiter.ticket.waits_for = ""

    def _wait(self, waiter: _Waiter) -> None:
        with self._changed:
            try:
                while not waiter.is_in:
                    waiter.ticket.check()
                    self._changed.wait(_LOOK_S)
            except BaseException:
                if waiter.is_in:
                    self.used -= waiter.need
                else:
                    self._waiters.remove(waiter)
                self._let_in()
                raise

    def _let_in(self) -> None:
        """Let in who fits, in turn. The lock is held."""
        progress = True
        while progress and self._waiters:
            progress = False
            first, *others = sorted(self._waiters, key=self._turn)
            may_pass = first.passed < MOST_PASSES
            for waiter in (first, *others) if may_pass else (first,):
                if self.used + waiter.need <= self.total:
                    first.passed += waiter is not first
                    self._take(waiter)
                    progress = True
                    break

    def _take(self, waiter: _Waiter) -> None:
        self._waiters.remove(waiter)
        self.used += waiter.need
        waiter.is_in = True
        caller = waiter.ticket.terms.caller
        if caller in self._served:
            self._served.remove(caller)
        self._served.append(caller)
        del self._served[:-256]
        self._changed.notify_all()

    def _turn(self, waiter: _Waiter) -> tuple[bool, int]:
        """Requests before background work; who was not served for longest first; then as they came."""
        terms = waiter.ticket.terms
        last = self._served.index(terms.caller) if terms.caller in self._served else -1
        return terms.is_background, last
