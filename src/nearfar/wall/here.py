"""No wall: what would be done behind it is done here. The same shape as :class:`nearfar.wall.pool.Wall`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")


class Here:
    """This process. It starts no worker and loses none."""

    started = 0

    @property
    def lost(self) -> dict[str, int]:
        """None."""
        return {}

    def start(self) -> None:
        """Nothing is to be started."""

    def close(self) -> None:
        """Nothing is to be ended."""

    @contextmanager
    def lease(self, check: Callable[[], object] | None = None) -> Iterator[Here]:  # noqa: ARG002 - as of a wall
        """Itself."""
        yield self

    def allow(self, most_bytes: int) -> None:
        """Nobody counts here."""

    def lend(self, file: int) -> None:
        """Whoever works here opens it by itself."""

    def do(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """What the work makes."""
        return work(*given, **named)


HERE = Here()
