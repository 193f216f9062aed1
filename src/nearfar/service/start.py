"""From settings to a service on a port: in this process, or in several."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

from nearfar.jobs.store import spool_of
from nearfar.machine.files import check_locks
from nearfar.registry import ENGINES
from nearfar.service import workers
from nearfar.service.errors import AddressError
from nearfar.service.guard import first_key
from nearfar.service.server import serve_on
from nearfar.weights import open_store
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.settings import Settings

_BACKLOG = 2048


def serve(settings: Settings, announce: Callable[[str], object] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; then finish the requests that were taken, and return.

    Args:
        settings: host, port and all the rest.
        announce: is told the service's address once it answers; standard output where none is given.

    Raises:
        AddressError: the port is in use, or the address is not this machine's.
        UnknownNameError: the settings name a model or engine that there is not.
        SourceError, SettingsError, OutputError: the first key cannot be made, where one is needed.
        OutputError: the disk of weights or jobs has no locks, without which two processes would mix them up.
        LostEngineError: too many calls of networks never came back; the process should end and start anew.
    """
    check(settings)
    listener = listen(settings.host, settings.port)
    address = address_of(listener, settings.host)
    ensure_key(settings)
    if workers.count_of(settings) > 1:
        workers.serve(settings, listener, lambda: (announce or _say)(address))
    else:
        serve_on(settings, listener, lambda _: (announce or _say)(address))


def check(settings: Settings) -> None:
    """Whether a service could start with these settings, its port aside.

    Raises:
        UnknownNameError: they name a model or engine that there is not.
        OutputError: the disk of weights or jobs has no locks.
    """
    catalogue.card(settings.model)
    if settings.engine != "auto":
        ENGINES.load(settings.engine)
    check_locks(open_store(settings).home)
    check_locks(spool_of(settings).home.parent)


def ensure_key(settings: Settings) -> None:
    """Make the first key where one is needed, and show it once.

    Raises:
        SourceError, SettingsError, OutputError: it cannot be made.
    """
    if key := first_key.ensure(settings):
        _write(f"The first key, for everything; it is shown this once, and kept nowhere: {key}")


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


def _say(address: str) -> None:
    _write(f"nearfar listens on {address} (stop with Ctrl+C)")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
