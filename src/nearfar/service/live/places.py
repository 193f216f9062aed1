"""All live streams of a service: how many may be open, and what they did so far."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nearfar.service.errors import CrowdingError
from nearfar.service.guard.limits import Crowd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nearfar.service.guard.ledger import Ledger


def _too_many(limit: int) -> CrowdingError:
    return CrowdingError(
        f"{limit} streams of yours are open already.", "Close one, or raise live_connections."
    )


class Live:
    """All streams of a service: ``limit`` at a time for each caller, and what they did so far."""

    def __init__(self, limit: int, ledger: Ledger | None = None) -> None:
        self._crowd = Crowd(limit, ledger, "live ", _too_many)
        self.connections: int = 0
        """Streams that are open now."""
        self.answered = 0
        self.dropped = 0
        self.failed = 0

    @contextlib.contextmanager
    def place(self, caller: str) -> Iterator[None]:
        """A stream's place while it is open; CrowdingError where its caller has as many as may be."""
        with self._crowd.place(caller):
            self.connections += 1
            try:
                yield
            finally:
                self.connections -= 1
