"""One piece of work: what is to be done, until when, and for whom the outcome is."""

from __future__ import annotations

import contextlib
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.errors import BusyError
from nearfar.service.errors import ClientLeftError, DeadlineError
from nearfar.service.request.terms import ANYBODY, Terms

if TYPE_CHECKING:
    import asyncio
    import threading
    from collections.abc import Callable, Iterator

    from nearfar.api import Model


RETRY_S = 5
"""When work that found no room may come again."""


@dataclass(eq=False, slots=True)
class Ticket:
    """One piece of work in the pool. ``is_wanted`` turns False when no request waits for it any more."""

    work: Callable[[Ticket], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    terms: Terms = ANYBODY
    queued_at: float = field(default_factory=time.perf_counter)
    waited_s: float = 0.0
    is_wanted: bool = True
    call: EngineCall | None = None
    waits_for: str = ""
    """What work under way waits for: memory, or nothing."""
    thread: threading.Thread | None = None

    @contextmanager
    def engine(self, model: Model) -> Iterator[None]:
        """What is done within is a call of that network: the watchdog may give it up."""
        self.call = EngineCall(self, model, time.perf_counter())
        try:
            yield
        finally:
            self.call = None

    @contextmanager
    def step(self) -> Iterator[None]:
        """What is done within decodes or encodes in this process: the watchdog may give it up."""
        self.call = EngineCall(self, None, time.perf_counter())
        try:
            yield
        finally:
            self.call = None

    def go_on(self) -> None:
        """Between the steps of one long call: is it still wanted? Then the watchdog's time begins anew."""
        self.check()
        if self.call is not None:
            self.call = EngineCall(self, self.call.model, time.perf_counter())

    def check(self) -> None:
        """Between the stages: is the work still wanted?

        Raises:
            ClientLeftError: the client has left.
            DeadlineError: its time is over.
        """
        if not self.is_wanted:
            raise ClientLeftError
        if time.perf_counter() - self.queued_at > self.terms.seconds:
            raise self.too_late()

    def too_late(self) -> DeadlineError | BusyError:
        """The error of work that was not done in its time, or found no room in it."""
        if self.waits_for:
            return BusyError(
                f"There was no room in {self.waits_for} within {self.terms.seconds:g} s.",
                "Try again after the time that Retry-After gives, or scale the picture down.",
                RETRY_S,
            )
        return DeadlineError(
            f"The answer was not ready within {self.terms.seconds:g} s.",
            "Ask with more time, for less, or when the service has less to do.",
        )

    def expire(self) -> None:
        """Its time is over: the waiting request is told so. Called in the event loop."""
        self._settle(None, self.too_late())

    def finish(self, result: Any, error: BaseException | None) -> None:
        """Hand the outcome to the event loop."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: no request waits
            self.loop.call_soon_threadsafe(self._settle, result, error)

    def _settle(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


@dataclass(frozen=True, slots=True, eq=False)
class EngineCall:
    """A call of a network that is under way, or (``model`` None) of a decoder, an effect or an encoder.

    ``begin`` is on the clock of ``time.perf_counter``.
    """

    ticket: Ticket
    model: Model | None
    begin: float
