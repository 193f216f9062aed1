"""Notices a call that never comes back, and puts a fresh network and thread in its place.

A thread inside a runtime cannot be stopped from outside. It is abandoned: its request is answered, another
thread takes its place, the network is opened anew for the next caller, and should the call come back after
all, its thread ends. What such calls hold (memory, perhaps a processor) is lost until the process ends;
so the service gives up when :data:`MOST_ABANDONED` are lost at once, and its supervisor starts it anew.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING

from nearfar.service.errors import StuckEngineError
from nearfar.wall.errors import slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.api import Model
    from nearfar.errors import NearfarError
    from nearfar.service.work.pool import EnginePool
    from nearfar.service.work.ticket import EngineCall

MOST_ABANDONED = 4
"""Calls that may be lost at the same time; with so many the process ends itself."""
_LOOKS = 4  # a timeout: it is noticed at most a quarter late
_MOST_APART_S = 1.0
_log = logging.getLogger("nearfar.service")


class Watchdog:
    """Looks at the pool's calls from a thread of its own, so that a busy event loop does not blind it.

    Args:
        pool: whose calls.
        timeout_s: seconds after which a call of a network counts as stuck.
        on_stuck: is given the model whose call is stuck, to forget it.
        work_timeout_s: the same for decoders, effects and encoders in this process; behind a wall their
            worker is ended instead.
    """

    def __init__(
        self,
        pool: EnginePool,
        timeout_s: float,
        on_stuck: Callable[[Model], object],
        work_timeout_s: float = math.inf,
    ) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self._work_timeout_s = work_timeout_s
        self._on_stuck = on_stuck
        self.when_lost: list[Callable[[str], object]] = []
        """Each is called with the reason, once, when too many calls are lost."""
        self.each_time: list[Callable[[], object]] = []
        """Each is called whenever the watchdog looks, at least every second."""
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self.stuck = 0
        """Calls found stuck since the start."""

    @property
    def is_lost(self) -> bool:
        """Whether so many calls never came back that the process should end."""
        return self._pool.abandoned >= MOST_ABANDONED

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._watch, name="nearfar-watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        shortest_s = min(self._timeout_s, self._work_timeout_s)
        while not self._end.wait(min(_MOST_APART_S, shortest_s / _LOOKS)):
            for call in self._pool.calls_longer_than(shortest_s):
                lasted_s = time.perf_counter() - call.begin
                if lasted_s > (self._work_timeout_s if call.model is None else self._timeout_s):
                    self._replace(call)
            for look in self.each_time:
                look()

    def _replace(self, call: EngineCall) -> None:
        was_lost = self.is_lost
        error = self._error(call)
        if not self._pool.abandon(call, error):
            return  # it has just come back
        self.stuck += 1
        _log.error("%s Its thread is abandoned (%d now).", error.message, self._pool.abandoned)
        if call.model is not None:
            self._on_stuck(call.model)
        if self.is_lost and not was_lost:
            self._give_up()

    def _error(self, call: EngineCall) -> NearfarError:
        if call.model is None:
            return slow(self._work_timeout_s)
        return StuckEngineError(
            f"The network '{call.model.card.name}' did not answer within {self._timeout_s:g} s.",
            "It is opened anew; try again. NEARFAR_ENGINE_TIMEOUT gives slow networks more time.",
        )

    def _give_up(self) -> None:
        reason = f"{self._pool.abandoned} calls of networks never came back."
        _log.critical("%s The service gives up.", reason)
        for listener in self.when_lost:
            listener(reason)
