"""What frames every request: its id, its time, the headers that keep browsers safe, and who watches it."""

from __future__ import annotations

import random
import re
import time
from functools import cache
from typing import TYPE_CHECKING

from structlog.contextvars import bound_contextvars

from nearfar.service.request.exchange import Exchange
from nearfar.service.request.ids import request_id_of, timing_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nearfar.service.request.timing import Timing

REQUEST_ID = "X-Request-Id"
BEGUN_AT = "nearfar.begun_at"
"""Where the scope of a request keeps the time at which it began to arrive, as far as that is known."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


@cache
def _security(frame_ancestors: tuple[str, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that keep pages apart; where pages are named that may frame ours, they may."""
    rows = dict(SECURITY_HEADERS)
    if frame_ancestors != ("none",):
        words = " ".join("'self'" if word == "self" else word for word in frame_ancestors)
        rows["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
            "frame-ancestors 'none'", f"frame-ancestors {words}"
        )
        del rows["X-Frame-Options"]  # which knows no list: browsers go by the policy
        rows["Cross-Origin-Resource-Policy"] = "cross-origin"
    return tuple((key.lower().encode(), value.encode()) for key, value in rows.items())


_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Envelope:
    """ASGI middleware around everything else; ``watchers`` are told of each request when it is over."""

    def __init__(
        self,
        app: ASGIApp,
        on_error: Callable[[Scope, Exception], ASGIApp],
        watchers: Sequence[Callable[[Exchange], object]] = (),
        frame_ancestors: tuple[str, ...] = ("none",),
    ) -> None:
        self._app = app
        self._security = _security(frame_ancestors)
        self._on_error = on_error
        self._watchers = watchers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            scope["nearfar.request_id"] = _request_id(scope)
            await self._app(scope, receive, _framed_refusal(scope, send))
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["nearfar.request_id"] = request_id = _request_id(scope)
        with bound_contextvars(request_id=request_id):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, timing = scope.get(BEGUN_AT) or time.perf_counter(), timing_of(scope)
        status, sent = 0, 0

        async def framed(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                own = _own_headers(scope, timing, start)
                message["headers"] = [*message["headers"], *own, *self._security]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as exc:
            if status:
                raise  # half an answer is out: the server closes the connection
            await self._on_error(scope, exc)(scope, receive, framed)
        finally:
            exchange = Exchange(scope, timing, status, sent, start, time.perf_counter() - start)
            for watch in self._watchers:
                watch(exchange)


def _framed_refusal(scope: Scope, send: Send) -> Send:
    """Puts the headers of every answer on the one that refuses a websocket."""
    start, timing = time.perf_counter(), timing_of(scope)

    async def framed(message: Message) -> None:
        if message["type"] == "websocket.http.response.start":
            own = _own_headers(scope, timing, start)
            message["headers"] = [*message["headers"], *own, *_security(("none",))]
        await send(message)

    return framed


def _request_id(scope: Scope) -> str:
    """The client's own id where it is harmless, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if _GOOD_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


def _own_headers(scope: Scope, timing: Timing, start: float) -> list[tuple[bytes, bytes]]:
    stages = {**timing.seconds(), "total": time.perf_counter() - start}
    text = ", ".join(f"{name};dur={seconds * 1e3:.1f}" for name, seconds in stages.items())
    return [(b"x-request-id", request_id_of(scope).encode()), (b"server-timing", text.encode())]
