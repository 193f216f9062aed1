"""What the service says and how: sentences on a terminal, JSON lines elsewhere, by one chain for all.

The service writes with :mod:`logging`, as the libraries below it do, so that an application mounted in
another server keeps that server's logs. ``nearfar serve`` sets up the chain that this file makes.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from nearfar.service.request.exchange import CLIENT_LEFT

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import TextIO

    from nearfar.service.request.exchange import Exchange

    Event = MutableMapping[str, Any]
    Chain = list[Callable[[Any, str, Event], Any]]

FIELDS = {
    "timestamp": "when, in UTC",
    "level": "debug, info, warning, error",
    "logger": "who says it: nearfar.access for requests, nearfar.service, uvicorn.error, ...",
    "event": "the sentence",
    "request_id": "id of the request, also in its answer's X-Request-Id; in every line that belongs to it",
    "caller": "who asked: key:ID (never the key itself) or address:IP",
    "method": "method of the request",
    "path": "its path, without the query; what is not printable ASCII as question marks",
    "route": "the template that its path fits, or unknown",
    "status": "status of the answer; 499 where the client had left",
    "bytes": "bytes of the answer's body",
    "ms": "milliseconds from the request's first line to the answer's last byte",
    "stages_ms": "milliseconds of each stage, as in Server-Timing",
    "problem": "name of the problem it was answered with, as in the problem's type",
    "exception": "the traceback, without the values of variables",
}
"""Every field that the service's own lines may have, and what it holds."""
QUIET_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: their good answers are told at the level debug only."""
_IN_THE_SENTENCE = ("logger", "method", "path", "route", "status", "bytes", "ms")
_KEPT = frozenset("\n\t")
_access = logging.getLogger("nearfar.access")


def set_up(level: str, format: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process through one chain.

    Args:
        level: the least that nearfar itself says; other libraries' lines count from warning on.
        format: json, console, or auto (console on a terminal).
        stream: where lines go; standard error where none is given.
    """
    stream = stream or sys.stderr
    is_console = format == "console" or (format == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(_console(stream) if is_console else _json()))
    logging.captureWarnings(True)
    least = {
        "": "WARNING",
        "nearfar": level.upper(),
        "uvicorn": "DEBUG" if level == "debug" else "WARNING",
        "uvicorn.access": "WARNING",  # its lines hold queries; ours take their place
    }
    for name, own in least.items():
        logger = logging.getLogger(name)
        logger.handlers[:] = [] if name else [handler]
        logger.setLevel(own)


def log_access(exchange: Exchange) -> None:
    """One line for a request: never a query, a header, a file name or a picture."""
    is_quiet = exchange.route in QUIET_ROUTES and exchange.status < 400
    level = logging.DEBUG if is_quiet else logging.INFO
    if _access.isEnabledFor(level):
        facts = _facts(exchange)
        sentence = "%(method)s %(path)s %(status)s %(bytes)d B %(ms).1f ms"
        _access.log(level, sentence, facts, extra=facts)


def printable(text: str, kept: frozenset[str] = frozenset()) -> str:
    """The text with a question mark for every control, direction or other character that is not shown."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c in kept else "?" for c in text)


def _facts(exchange: Exchange) -> dict[str, Any]:
    stages = {name: round(seconds * 1e3, 2) for name, seconds in exchange.timing.seconds().items()}
    more = {"caller": exchange.caller, "problem": exchange.problem, "stages_ms": stages}
    return {
        "request_id": exchange.request_id,
        "method": exchange.method,
        "path": "".join(c if "!" <= c <= "~" else "?" for c in exchange.scope["path"][:200]),
        "route": exchange.route,
        "status": exchange.status or CLIENT_LEFT,
        "bytes": exchange.sent_bytes,
        "ms": round(exchange.seconds * 1e3, 1),
    } | {name: value for name, value in more.items() if value}


def _formatter(last: Chain) -> ProcessorFormatter:
    first: Chain = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        ExtraAdder(),
        _drop_others,
    ]
    return ProcessorFormatter(
        foreign_pre_chain=first, processors=[ProcessorFormatter.remove_processors_meta, *last]
    )


def _drop_others(_logger: Any, _name: str, event: Event) -> Event:
    """Without the server's second copy of its sentence, which holds escape sequences, and what Ray adds."""
    event.pop("color_message", None)
    for name in [name for name in event if name.startswith("_ray")]:
        del event[name]
    return event


def _json() -> Chain:
    return [
        structlog.processors.TimeStamper("iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]


def _console(stream: TextIO) -> Chain:
    return [
        structlog.processors.TimeStamper("%H:%M:%S", utc=False),
        structlog.processors.format_exc_info,
        _shorten,
        _make_printable,
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
        ),
    ]


def _shorten(_logger: Any, _name: str, event: Event) -> Event:
    """Without what a request's sentence says already."""
    if event.get("logger") == _access.name:
        for name in _IN_THE_SENTENCE:
            event.pop(name, None)
    return event


def _make_printable(_logger: Any, _name: str, event: Event) -> Event:
    """No text can end a line early, hide one or colour the terminal; JSON escapes such characters itself."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = printable(value, _KEPT if name == "exception" else frozenset())
    return event
