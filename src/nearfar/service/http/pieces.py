"""How many pieces what a client sends may come in: chunks of a body, frames of a websocket.

Each is read by the event loop and costs it some 20 µs however small it is. 400,000 chunks of one byte kept
everybody else waiting for eight seconds, as many frames for half a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

E = TypeVar("E")

SPARE = 64
"""Pieces that may always come at once."""
MEAN_BYTES = 128
"""Size of a piece, on average, from there on."""


class TooManyPiecesError(Exception):
    """More than may come at once."""


class Pieces:
    """Counts what was read of the bytes that came at once."""

    def __init__(self) -> None:
        self._left = SPARE

    def come(self, count: int) -> None:
        """So many bytes have come."""
        self._left = SPARE + count // MEAN_BYTES

    def take(self) -> None:
        """One piece of them is read.

        Raises:
            TooManyPiecesError: it is one too many.
        """
        self._left -= 1
        if self._left < 0:
            raise TooManyPiecesError

    def counted(self, events: Iterable[E]) -> Generator[E, None, None]:
        """The same events, as long as there are not too many."""
        for event in events:
            self.take()
            yield event
