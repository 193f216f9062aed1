"""The service on a port, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from nearfar.machine import allocator, turns
from nearfar.service.app import create_app
from nearfar.service.errors import LostEngineError
from nearfar.service.http.connection import Bounds, Connection
from nearfar.service.http.frames import Frames
from nearfar.service.watch import logs

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType

    from fastapi import FastAPI

    from nearfar.service.guard.ledger import Ledger
    from nearfar.settings import Settings

_TURN_S = 0.001
"""How long a worker may keep Python from the event loop. With Python's own 5 ms a small request beside two
busy workers waited 3.6 ms for its turns (99 of 100), with this 0.1 ms, and a photo cost as much processor
time (benchmarks/thread_turns.py, 2 cores, no GPU)."""


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
    allocator.tune()
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
        ws=Frames,
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
            allocator.settle()
            turns.take_short_turns()
            self._begin(self)

    def _reload_keys_on_hangup(self) -> None:
        """SIGHUP reads the keys again at once; without it a change is seen within a second or so."""
        if os.name == "posix":
            keys = self.config.loaded_app.state.service.guards.keys
            loop = asyncio.get_running_loop()
            read = partial(loop.run_in_executor, None, partial(keys.refresh, now=True))
            loop.add_signal_handler(signal.SIGHUP, read)


def _stop_without_a_trace() -> None:
    """The server raises the signal that stopped it once more when it is done: then it is no news."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
