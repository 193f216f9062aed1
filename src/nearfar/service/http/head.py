"""``HEAD`` wherever ``GET`` is: the same headers without the body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """ASGI middleware next to the routes: they see a ``GET``, the client gets no body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def begin(message: Message) -> None:
            nonlocal is_begun
            if is_begun:
                return
            if message["type"] == "http.response.start":
                is_begun = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def listen() -> Message:
            # A stream without end stops: nobody reads on.
            return {"type": "http.disconnect"} if is_begun else await receive()

        headers = [pair for pair in scope["headers"] if pair[0] != b"range"]  # parts are of GET alone
        await self._app({**scope, "method": "GET", "headers": headers}, listen, begin)
