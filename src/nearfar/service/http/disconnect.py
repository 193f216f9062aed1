"""Whether the client of a request has left, told at once to the work that is done for it.

Our own connections tell it by a callback. To ask ``receive()`` for it, as ASGI has it, takes a task of its
own beside each request and two more turns of the event loop, each of which waits among the threads that
compute; that is what is left for other servers.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.service.errors import ClientLeftError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from starlette.requests import Request
    from starlette.types import Receive

DISCONNECT = "nearfar.disconnect"
"""Where the scope of a request keeps that of its client."""


@dataclass(slots=True, eq=False)
class Disconnect:
    """Of the client of one connection."""

    has_happened: bool = False
    _listeners: list[Callable[[], object]] = field(default_factory=list)

    def happen(self) -> None:
        """The client has left."""
        self.has_happened = True
        for listener in tuple(self._listeners):
            listener()

    @contextmanager
    def told(self, listener: Callable[[], object]) -> Iterator[None]:
        """Within, the listener is called when the client leaves; at once where it has left already."""
        self._listeners.append(listener)
        try:
            if self.has_happened:
                listener()
            yield
        finally:
            self._listeners.remove(listener)


async def while_connected(request: Request, work: Coroutine[Any, Any, Any]) -> Any:
    """What ``work`` gives; ClientLeftError, and the work dropped, where the client leaves before.

    The body of the request must have been read.
    """
    waiting = asyncio.current_task()
    assert waiting is not None  # noqa: S101 - a coroutine runs in a task
    has_left = False

    def leave() -> None:
        nonlocal has_left
        has_left = waiting.cancel() or has_left

    with _watched(request, leave):
        try:
            return await work
        except asyncio.CancelledError:
            if has_left and waiting.uncancel() == 0:
                raise ClientLeftError from None
            raise


@contextmanager
def _watched(request: Request, leave: Callable[[], object]) -> Iterator[None]:
    """Within, ``leave`` is called once, when the client leaves."""
    disconnect: Disconnect | None = request.scope.get(DISCONNECT)
    if disconnect is not None:
        with disconnect.told(leave):
            yield
        return

    def heard(_: object) -> None:
        leave()

    leaving = asyncio.create_task(_leaving(request.receive))
    leaving.add_done_callback(heard)
    try:
        yield
    finally:
        leaving.remove_done_callback(heard)
        leaving.cancel()


async def _leaving(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
