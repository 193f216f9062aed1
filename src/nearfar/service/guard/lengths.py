"""How long what a client sends beside its pictures may be: before anything reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.errors import NearfarError
from nearfar.service.errors import LargeHeaderError
from nearfar.service.request import problems

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_QUERY = 192 * 1024
"""Bytes of a query: a pipeline of 64 KiB, each of its bytes as three."""
MOST_PATH = 2048
MOST_HEADER = 8192
"""Bytes of a header, or of all headers of one name together, that is not named below."""
MOST_OF: dict[bytes, int] = {
    b"accept": 2048,
    b"content-encoding": 100,
    b"content-length": 32,
    b"content-type": 512,
    b"forwarded": 4096,
    b"host": 300,
    b"idempotency-key": 512,
    b"if-none-match": 4096,
    b"last-event-id": 128,
    b"origin": 512,
    b"prefer": 512,
    b"range": 128,
    b"sec-fetch-site": 64,
    b"sec-websocket-protocol": 1024,
    b"traceparent": 256,
    b"x-api-key": 512,
    b"x-forwarded-for": 4096,
    b"x-forwarded-proto": 512,
}


class Lengths:
    """ASGI middleware that refuses what is longer than anything it could mean."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] in {"http", "websocket"}:
            try:
                check_lengths(scope)
            except NearfarError as exc:
                await problems.respond(scope, exc)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def check_lengths(scope: Scope) -> None:
    """LargeHeaderError where the address or a header is too long."""
    for what, count, most in (
        ("path", len(scope["path"]), MOST_PATH),
        ("query", len(scope.get("query_string", b"")), MOST_QUERY),
    ):
        if count > most:
            raise LargeHeaderError(
                f"The {what} of the address has {count:,} bytes, but at most {most:,} were expected.",
                "Send files and long pipelines in the body.",
            )
    seen: dict[bytes, int] = {}
    for name, value in scope["headers"]:
        seen[name] = count = seen.get(name, 0) + len(value)
        most = MOST_OF.get(name, MOST_HEADER)
        if count > most:
            raise LargeHeaderError(
                f"The header '{name[:60].decode('latin-1')}' has {count:,} bytes or more, but at most "
                f"{most:,} were expected.",
                "Send a shorter one.",
            )
