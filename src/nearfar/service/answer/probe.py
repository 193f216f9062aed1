"""Does the default model answer? Asked with a tiny picture, and not more often than needed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import BusyError, NearfarError
from nearfar.service.errors import NotReadyError
from nearfar.types import Photo

if TYPE_CHECKING:
    from nearfar.service.answer.estimation import Loader
    from nearfar.service.work.pool import EnginePool
    from nearfar.service.work.ticket import Ticket

FRESH_S = 10.0
"""For that long an answer of the default model, to a probe or to a client, counts as proof."""
TIMEOUT_S = 10.0
_log = logging.getLogger("nearfar.service")


class Probe:
    """Keeps the time of the last proof. A caller that asks while a probe is under way waits for that one."""

    def __init__(self, pool: EnginePool, loader: Loader) -> None:
        self._pool = pool
        self._loader = loader
        self._proved_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._is_told = False
        self._lost = ""
        self.has_answered = False
        """Whether the default model answered when it was last asked."""
        self.weights_sha256 = ""
        """Hash of the default model's weights, known once it has answered."""

    def note_success(self) -> None:
        """The default model has just answered."""
        self._proved_at = time.monotonic()
        self.has_answered = True
        self._is_told = False

    def note_stuck(self) -> None:
        """A call of a network was given up: what was proved before counts no more."""
        self._proved_at = float("-inf")
        self.has_answered = False

    def give_up(self, reason: str) -> None:
        """Too many calls are lost: the process has to be started anew."""
        self.note_stuck()
        self._lost = reason

    async def check(self) -> None:
        """Return where the default model answers, or answered a moment ago.

        Raises:
            NotReadyError: it fails, or does not answer in time.
            BusyError: the queue has no place for the question, and nothing of the model was heard lately.
        """
        if self._lost:
            raise NotReadyError(self._lost, "The service has to be started anew.")
        if time.monotonic() - self._proved_at < FRESH_S:
            return
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._forget)
        await asyncio.shield(self._asking)

    async def warm_up(self) -> None:
        """Load the default model before the first client asks; where that fails, ``check`` tries again."""
        with contextlib.suppress(NearfarError):
            await self.check()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # callers that wait have it; where all have left it is dropped

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                self.weights_sha256 = await self._pool.run(self._estimate)
        except BusyError:
            raise
        except TimeoutError as exc:
            raise self._failed(exc, f" within {TIMEOUT_S:g} s") from exc
        except Exception as exc:
            raise self._failed(exc, f": {exc.message}" if isinstance(exc, NearfarError) else "") from exc
        self.note_success()

    def _failed(self, cause: Exception, how: str) -> NotReadyError:
        """What a caller is told; the log is told once, until the model has answered again."""
        error = NotReadyError(
            f"The default model did not answer{how.rstrip('.')}.", getattr(cause, "hint", "")
        )
        if not self._is_told:
            _log.error("%s", error, exc_info=cause)
        self._is_told, self.has_answered = True, False
        return error

    def _estimate(self, ticket: Ticket) -> str:
        """Hash of the weights that answered."""
        ticket.check()
        model = self._loader("", None)
        with ticket.engine(model):
            model.estimator.estimate(picture())
        return model.estimator.sha256


def picture() -> Photo:
    """The tiny picture that a model is asked with."""
    pixels = np.arange(32 * 32 * 3, dtype=np.uint32).reshape(32, 32, 3)
    return Photo((pixels * 255 // pixels.max()).astype(np.uint8))
