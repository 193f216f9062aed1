"""One connection of a client: what uvicorn's gives, and patience that ends.

uvicorn waits for ever for the head of a request that was begun, for the rest of a body that is not wanted any
more, and for a client that does not take its answer; and its own errors are plain text. Here each of these
has an end, and every answer is a problem document with the headers that all answers have.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from nearfar.service.errors import LargeHeaderError, MalformedRequestError, SlowHeaderError
from nearfar.service.http.disconnect import DISCONNECT, Disconnect
from nearfar.service.http.envelope import BEGUN_AT, SECURITY_HEADERS
from nearfar.service.http.frames import check_handshake
from nearfar.service.http.gathering import Gathering
from nearfar.service.http.pieces import Pieces, TooManyPiecesError
from nearfar.service.request import problems
from nearfar.service.request.access import CROWDED, address_caller
from nearfar.service.request.exchange import Exchange
from nearfar.service.request.timing import Timing

if TYPE_CHECKING:
    import asyncio

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from nearfar.errors import NearfarError

_AT_ONCE = 2**18  # bytes that asyncio reads at once
SPARE = 64
"""Connections over the limit that still get an answer: 503, or that of a health address."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds for the head of a request, seconds without progress of an answer, connections at once."""

    header_timeout_s: float
    send_timeout_s: float
    connections: int


class Connection(H11Protocol):
    """A connection with bounds."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._reading: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._is_crowded = False
        self._disconnect = Disconnect()
        self._begun_at = 0.0
        self._pieces = Pieces()
        self._next_event = self.conn.next_event
        self.conn.next_event = self._counted_event  # type: ignore[method-assign]
        self.app = self._telling(self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the client in; where there are too many, refuse what it asks, or close at once."""
        gathering = Gathering(transport, self.loop)
        super().connection_made(gathering)  # type: ignore[arg-type]  # it has all that a transport has
        over = len(self.connections) - self._bounds.connections
        if over > SPARE:
            transport.abort()
            return
        if over > 0:
            self._is_crowded = True
            self.app = _crowded(self.app)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers, and tell who works for the client."""
        self._reading = _stopped(self._reading)
        self._sending = _stopped(self._sending)
        super().connection_lost(exc)
        self._disconnect.happen()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self.conn.their_state is h11.IDLE:
            self._begun_at = time.perf_counter()
        self._pieces.come(len(data))
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """An answer is written; what came behind its request is read now."""
        self._pieces.come(_AT_ONCE)
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than we make it."""
        super().pause_writing()
        self._sending = _stopped(self._sending)
        self._expect_progress()

    def resume_writing(self) -> None:
        """The client has taken it."""
        self._sending = _stopped(self._sending)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's shape
        """Refuse what is no HTTP, as a problem document."""
        cause = sys.exception()
        is_large = isinstance(cause, h11.RemoteProtocolError) and cause.error_status_hint == 431
        is_flood = cause is not None and isinstance(cause.__cause__, TooManyPiecesError)
        what = "The body comes in chunks of a few bytes." if is_flood else "This is not HTTP/1.1."
        hint = "Send larger chunks." if is_flood else ""
        self._refuse(_too_large(self.config) if is_large else MalformedRequestError(what, hint))

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over to a websocket, where the library for those can read its head."""
        try:
            check_handshake(self.headers)
        except MalformedRequestError as exc:
            self._refuse(exc)
        else:
            super().handle_websocket_upgrade(event)

    def _should_upgrade_to_ws(self) -> bool:
        return not self._is_crowded and super()._should_upgrade_to_ws()

    def _counted_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        event = self._next_event()
        if type(event) is h11.Data:
            try:
                self._pieces.take()
            except TooManyPiecesError as exc:
                raise h11.RemoteProtocolError("too many chunks") from exc
        return event

    def _telling(self, app: ASGIApp) -> ASGIApp:
        """The application, whose requests know when they began to arrive and whether their client left."""

        async def told(scope: Scope, receive: Receive, send: Send) -> None:
            scope[BEGUN_AT], scope[DISCONNECT] = self._begun_at, self._disconnect
            await app(scope, receive, send)

        return told

    def _watch(self) -> None:
        """Run a timer exactly while the client owes the rest of a head, or of a body that is not wanted."""
        if not self._is_owed():
            self._reading = _stopped(self._reading)
        elif self._reading is None:
            self._reading = self.loop.call_later(self._bounds.header_timeout_s, self._lose_patience)

    def _is_owed(self) -> bool:
        if self.transport.is_closing():
            return False
        theirs, ours = self.conn.their_state, self.conn.our_state
        if theirs is h11.IDLE:  # between two requests the time for kept connections runs, not this one
            return self.timeout_keep_alive_task is None
        return theirs is h11.SEND_BODY and ours in {h11.DONE, h11.MUST_CLOSE}

    def _lose_patience(self) -> None:
        self._reading = None
        if self.conn.their_state is h11.IDLE:
            seconds = self._bounds.header_timeout_s
            self._refuse(SlowHeaderError(f"The head of the request was not complete after {seconds:g} s."))
        else:
            self.transport.close()

    def _expect_progress(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._sending = self.loop.call_later(self._bounds.send_timeout_s, self._check_progress, left)

    def _check_progress(self, before: int) -> None:
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()  # closing would wait for what is not taken
        else:
            self._expect_progress()

    def _refuse(self, error: NearfarError) -> None:
        """Answer an error in place of the application, and close."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._answer(error)
        self.transport.close()

    def _answer(self, error: NearfarError) -> None:
        """Write the problem document of an error, and tell who watches the service."""
        request_id = f"{random.getrandbits(64):016x}"
        scope: Scope = {
            "type": "http",
            "method": "",
            "path": "?",
            "headers": [],
            "nearfar.request_id": request_id,
        }
        scope["state"] = {"caller": address_caller(self.client)}
        response = problems.respond(scope, error)
        for event in _events(response, request_id):
            self.transport.write(self.conn.send(event) or b"")
        exchange = Exchange(
            scope, Timing(), response.status_code, len(response.body), time.perf_counter(), 0.0
        )
        for watch in self.config.loaded_app.state.watchers:
            watch(exchange)


def _stopped(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """No timer, after the one given was cancelled."""
    if timer is not None:
        timer.cancel()
    return None


def _crowded(app: ASGIApp) -> ASGIApp:
    """The application, told of each request that it came over one connection too many."""

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        scope[CROWDED] = True
        await app(scope, receive, send)

    return told


def _too_large(config: Config) -> LargeHeaderError:
    return LargeHeaderError(
        f"The head of the request holds more than {config.h11_max_incomplete_event_size} bytes.",
        "Send fewer or shorter headers, or raise the setting NEARFAR_MAX_HEADER_BYTES of the service.",
    )


def _events(response: Response, request_id: str) -> tuple[h11.Event, ...]:
    """A response as HTTP, with the headers that all answers have."""
    own = {"Connection": "close", "X-Request-Id": request_id, **SECURITY_HEADERS}
    headers = [*response.raw_headers, *((k.lower().encode(), v.encode()) for k, v in own.items())]
    head = h11.Response(status_code=response.status_code, headers=headers)
    return head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()
