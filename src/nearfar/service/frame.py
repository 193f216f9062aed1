"""What frames every request: its id, its log line, its time, and the headers that keep browsers safe."""

from __future__ import annotations

import logging
import random
import re
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
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
_RAW_SECURITY = [(k.lower().encode(), v.encode()) for k, v in SECURITY_HEADERS.items()]
_GOOD_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_UNSAFE = re.compile(r"[^\x21-\x7e]")
_log = logging.getLogger("nearfar.access")


def request_id_of(scope: Scope) -> str:
    """The id of a request that went through :class:`Frame`."""
    return str(scope.get("nearfar.request_id", ""))


def add_timing(scope: Scope, stages: dict[str, float]) -> None:
    """Put named seconds into the request's ``Server-Timing`` header."""
    scope.setdefault("nearfar.timing", {}).update(stages)


class Frame:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, on_error: Callable[[Scope, Exception], ASGIApp]) -> None:
        self._app = app
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        scope["nearfar.request_id"] = _request_id(scope)
        status, sent = 0, 0

        async def framed(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_own_headers(scope, start)]
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
            _log_line(scope, status, sent, time.perf_counter() - start)


def _request_id(scope: Scope) -> str:
    """The client's own id where it is harmless, else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if _GOOD_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


def _own_headers(scope: Scope, start: float) -> list[tuple[bytes, bytes]]:
    stages: dict[str, float] = {**scope.get("nearfar.timing", {}), "total": time.perf_counter() - start}
    timing = ", ".join(f"{name};dur={seconds * 1e3:.1f}" for name, seconds in stages.items())
    own = [(b"x-request-id", request_id_of(scope).encode()), (b"server-timing", timing.encode())]
    return own + _RAW_SECURITY


def _log_line(scope: Scope, status: int, sent: int, seconds: float) -> None:
    """Method, path, status, time: never a query, a header, a file name or a picture."""
    if not _log.isEnabledFor(logging.INFO):
        return
    facts: dict[str, Any] = {
        "request_id": request_id_of(scope),
        "method": scope["method"],
        "path": _UNSAFE.sub("?", scope["path"])[:200],
        "status": status or 499,  # nothing was answered: the client had left
        "bytes": sent,
        "ms": round(seconds * 1e3, 1),
    }
    _log.info("%(method)s %(path)s %(status)s %(bytes)d B %(ms).1f ms %(request_id)s", facts)
