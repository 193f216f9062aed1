"""What lasts ends with its key: websockets and streams of events, within two seconds of its being revoked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOK_EVERY_S = 0.5
_WHY = "the key was revoked"
_ENDS: dict[str, dict[str, Any]] = {
    "http": {"type": "http.response.body", "body": f": {_WHY}\n\n".encode(), "more_body": False},
    "websocket": {"type": "websocket.close", "code": 1008, "reason": _WHY},
}


class Lasting:
    """An application whose long answers are asked, again and again, whether they are still allowed."""

    def __init__(self, app: ASGIApp, is_allowed: Callable[[], Awaitable[bool]]) -> None:
        self._app = app
        self._is_allowed = is_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket; end it where it is not allowed any more."""
        serving = asyncio.current_task()
        assert serving is not None  # noqa: S101 - a coroutine runs in a task
        watching: asyncio.Task[None] | None = None
        has_ended = False

        async def watch() -> None:
            nonlocal has_ended
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                if not await self._is_allowed():
                    break
            has_ended = True
            serving.cancel()

        async def told(message: Message) -> None:
            nonlocal watching
            if watching is None and _lasts(message):
                watching = asyncio.create_task(watch())
            await send(message)

        try:
            await self._app(scope, receive, told)
        except asyncio.CancelledError:
            if not has_ended or serving.uncancel():
                raise
            await send(dict(_ENDS[scope["type"]]))
        finally:
            if watching is not None:
                watching.cancel()


def _lasts(message: Message) -> bool:
    """Whether what begins so goes on until somebody ends it."""
    if message["type"] == "websocket.accept":
        return True
    headers = message.get("headers", ()) if message["type"] == "http.response.start" else ()
    return any(name.lower() == b"content-type" and b"text/event-stream" in value for name, value in headers)
