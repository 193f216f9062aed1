"""The service on a port, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from nearfar import catalogue
from nearfar.registry import ENGINES
from nearfar.service import crew, logs, memory
from nearfar.service.app import create_app
from nearfar.service.connection import Bounds, Connection
from nearfar.service.errors import AddressError, LostEngineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from fastapi import FastAPI

    from nearfar.service.ledger import Ledger
    from nearfar.settings import Settings

_BACKLOG = 2048
_TURN_S = 0.001
"""How long a worker may keep Python from the event loop. With Python's own 5 ms a small request beside two
busy workers waited 3.6 ms for its turns (99 of 100), with this 0.1 ms, and a photo cost as much processor
time (benchmarks/thread_turns.py, 2 cores, no GPU)."""


def serve(settings: Settings, announce: Callable[[str], object] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; then finish the requests that were taken, and return.

    Args:
        settings: host, port and all the rest.
        announce: is told the service's address once it answers; standard output where none is given.

    Raises:
        AddressError: the port is in use, or the address is not this machine's.
        UnknownNameError: the settings name a model or engine that there is not.
        LostEngineError: too many calls of networks never came back; the process should end and start anew.
    """
    catalogue.card(settings.model)
    if settings.engine != "auto":
        ENGINES.load(settings.engine)
    listener = listen(settings.host, settings.port)
    address = address_of(listener, settings.host)
    if crew.count_of(settings) > 1:
        crew.serve(settings, listener, lambda: (announce or _say)(address))
    else:
        serve_on(settings, listener, lambda _: (announce or _say)(address))


def serve_on(
    settings: Settings,
    listener: socket.socket,
    begin: Callable[[Server], object],
    ledger: Ledger | None = None,
) -> None:
    """Serve on a socket, in this process, until SIGINT or SIGTERM.

    Args:
        settings: of this process.
        listener: the socket.
        begin: is told when it answers.
        ledger: where callers are counted, where other processes serve on the socket too.

    Raises:
        LostEngineError: too many calls of networks never came back.
    """
    memory.tune()
    sys.setswitchinterval(_TURN_S)
    app = create_app(settings, ledger=ledger)
    logs.set_up(settings.log_level, settings.log_format)
    server = Server(configure(app, settings), begin)
    app.state.service.watchdog.when_lost.append(server.give_up)
    _stop_without_a_trace()
    server.run(sockets=[listener])
    if server.lost:
        raise LostEngineError(server.lost, "Start the service anew.")


def configure(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves an application: with our connections, and without its own logs and headers."""
    bounds = Bounds(settings.header_timeout, settings.send_timeout, settings.connections)
    return uvicorn.Config(
        app,
        http=partial(Connection, bounds=bounds),  # type: ignore[arg-type]  # it is only called
        ws="wsproto",
        ws_max_size=2 * settings.live_max_bytes,  # up to there a frame is refused with a message
        ws_per_message_deflate=False,  # pictures are compressed already
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        root_path=settings.root_path,
        timeout_keep_alive=settings.keep_alive,
        h11_max_incomplete_event_size=settings.max_header_bytes,
        timeout_graceful_shutdown=settings.drain_timeout,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 takes a free one.

    Raises:
        AddressError: with the way out.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as exc:
        raise AddressError(f"'{host}' is not an address of this machine.", "Use --host 127.0.0.1.") from exc
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere this would let two services share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as exc:
        listener.close()
        raise AddressError(
            f"Cannot listen on {host} port {port}: {exc.strerror or exc}.",
            "Stop what listens there, or choose another port: nearfar serve --port 8081.",
        ) from exc
    return listener


def address_of(listener: socket.socket, host: str) -> str:
    """The address to type into a browser."""
    port = listener.getsockname()[1]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - shown, not bound
    return f"http://{f'[{name}]' if ':' in name and not name.startswith('[') else name}:{port}"


class Server(uvicorn.Server):
    """Tells when it answers, and can give up."""

    def __init__(self, config: uvicorn.Config, begin: Callable[[Server], object]) -> None:
        super().__init__(config)
        self._begin = begin
        self.lost = ""

    def give_up(self, reason: str) -> None:
        """Finish what can be finished, then end."""
        self.lost = reason
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop: streams of progress end, so that their connections do not hold the end up."""
        self.config.loaded_app.state.service.jobs.begin_closing()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and tell so."""
        await super().startup(sockets)
        if self.started:
            self._reload_keys_on_hangup()
            memory.settle()
            self._begin(self)

    def _reload_keys_on_hangup(self) -> None:
        """SIGHUP reads the keys again at once; without it a change is seen within a second or so."""
        if os.name == "posix":
            keys = self.config.loaded_app.state.service.guards.keys
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, partial(keys.refresh, now=True))


def _say(address: str) -> None:
    sys.stdout.write(f"nearfar listens on {address} (stop with Ctrl+C)\n")
    sys.stdout.flush()


def _stop_without_a_trace() -> None:
    """The server raises the signal that stopped it once more when it is done: then it is no news."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
