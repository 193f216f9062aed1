"""Does the default model answer? Asked with a tiny picture, and not more often than needed."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import NearfarError
from nearfar.service.errors import NotReadyError
from nearfar.types import Photo

if TYPE_CHECKING:
    from nearfar.service.estimation import Loader
    from nearfar.service.pool import EnginePool, Ticket

FRESH_S = 10.0
"""For that long an answer of the default model, to a probe or to a client, counts as proof."""
TIMEOUT_S = 10.0
_log = logging.getLogger("nearfar.service")


class Probe:
    """Keeps the time of the last proof."""

    def __init__(self, pool: EnginePool, loader: Loader) -> None:
        self._pool = pool
        self._loader = loader
        self._proved_at = float("-inf")

    def note_success(self) -> None:
        """The default model has just answered a client."""
        self._proved_at = time.monotonic()

    async def check(self) -> None:
        """Raise NotReadyError or BusyError unless the default model answers, or answered a moment ago."""
        if time.monotonic() - self._proved_at < FRESH_S:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._pool.run(self._estimate)
        except TimeoutError as exc:
            raise NotReadyError(f"The default model did not answer within {TIMEOUT_S:g} s.") from exc
        self.note_success()

    async def warm_up(self) -> None:
        """Load the default model before the first client asks; a failure is logged, ``check`` repeats it."""
        try:
            await self.check()
        except NearfarError as exc:
            _log.error("the default model does not answer: %s", exc)

    def _estimate(self, ticket: Ticket) -> None:
        ticket.check()
        pixels = np.arange(32 * 32 * 3, dtype=np.uint32).reshape(32, 32, 3)
        self._loader("", None).estimator.estimate(Photo((pixels * 255 // pixels.max()).astype(np.uint8)))
