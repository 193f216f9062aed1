"""Which names the service answers to, and which pages may use it.

A page anywhere can make a browser ask ``http://127.0.0.1:8080``, also under a name of its own that it lets
point there (DNS rebinding). So a service that listens on this machine alone answers to this machine's names
alone, unless it is told others, and takes no websocket and no upload from a page that is not named.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nearfar.errors import NearfarError, SettingsError
from nearfar.service.errors import ForeignPageError, MisdirectedError
from nearfar.service.request import problems
from nearfar.service.request.access import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from nearfar.settings import Settings

HEALTH = frozenset({"/healthz", "/readyz"})
"""Asked by what watches the service, under whatever address it knows."""
_OWN_NAMES = ("localhost", "*.localhost", "127.0.0.1", "::1")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_reached_from_elsewhere(settings: Settings) -> bool:
    """Whether other machines reach the service: by its address, or through a proxy that is named."""
    return not is_loopback(settings.host) or bool(words(settings.proxies))


def words(text: str) -> tuple[str, ...]:
    """The parts of a setting with commas between."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Names that are answered to, in lower case; ``*`` is any, ``*.a.example`` any below a.example.

    Raises:
        SettingsError: a name that cannot be one.
    """
    named = tuple(host.lower() for host in words(settings.hosts))
    for host in named:
        if host != "*" and ("/" in host or "*" in host.removeprefix("*.") or host != host.strip("[]")):
            raise SettingsError(
                f"hosts names '{host}'.", "Give names without scheme and port: depth.example, *.example, ::1."
            )
    if named:
        return named
    return (
        tuple(dict.fromkeys((*_OWN_NAMES, settings.host.lower()))) if is_loopback(settings.host) else ("*",)
    )


_PORTS = {"http": 80, "https": 443}


def allowed_origins(settings: Settings) -> tuple[str, ...]:
    """Origins whose pages may use the service, as browsers write them; ``*`` is any.

    Case, a slash at the end and the usual port are put right, as for hosts.

    Raises:
        SettingsError: what is no origin.
    """
    return tuple(dict.fromkeys(_origin(word) for word in words(settings.origins)))


def frame_ancestors(settings: Settings) -> tuple[str, ...]:
    """Who may show the page in a frame: ``none``, or ``self`` and origins as browsers write them.

    Raises:
        SettingsError: what is none of them.
    """
    given = words(settings.frame_ancestors) or ("none",)
    if "none" in given:
        return ("none",)
    return tuple(dict.fromkeys(word if word == "self" else _origin(word) for word in given))


def _origin(word: str) -> str:
    if word == "*":
        return word
    try:
        parts = urlsplit(word)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.scheme not in _PORTS or not parts.hostname or "*" in parts.hostname or not is_bare:
        raise SettingsError(
            f"origins names '{word}'.",
            "Give scheme and host, and a port where it is not the usual one: "
            "https://page.example, http://localhost:5173; or * for any.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}")


def name_of(host: bytes) -> str:
    """The name within a Host header: in lower case, without port and brackets; empty where it is none."""
    try:
        return (urlsplit("//" + host.decode("ascii")).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _server_of(scope: Scope) -> str | None:
    """The name or address that the connection came to, as the server says it.

    A server on a socket gives the socket's address, which no rebinding changes; a client that calls the
    application in its own process gives whatever name it made up.
    """
    server = scope.get("server")
    return str(server[0]).lower() if server else None


class Hosts:
    """ASGI middleware that refuses other names, and pages of other origins."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str], origins: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(hosts)
        self._is_any = "*" in self._names
        self._tails = tuple(host[1:] for host in self._names if host.startswith("*."))
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] in {"http", "websocket"} and path_of(scope) not in HEALTH:
            try:
                self._check(scope)
            except NearfarError as exc:
                await problems.respond(scope, exc)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        """Raise MisdirectedError or ForeignPageError."""
        found = {name: value for name, value in scope["headers"] if name in _HEADERS}
        host = found.get(b"host", b"")
        if not self._is_any and not self._is_ours(name_of(host)) and name_of(host) != _server_of(scope):
            raise MisdirectedError(
                f"This service does not answer to '{name_of(host)[:100]}'.",
                "Name it in the setting NEARFAR_HOSTS of the service, commas between, or * for any.",
            )
        if self._is_foreign(scope, found, host):
            raise ForeignPageError(
                "A page of another origin sent this.",
                "Name its origin in the setting NEARFAR_ORIGINS of the service.",
            )

    def _is_ours(self, name: str) -> bool:
        return name in self._names or name.endswith(self._tails)

    def _is_foreign(self, scope: Scope, found: dict[bytes, bytes], host: bytes) -> bool:
        """Whether a browser says that a page elsewhere sends an upload or opens a websocket.

        CORS keeps such pages from reading answers, not from making us work; and websockets know no CORS.
        """
        origin = found.get(b"origin", b"").decode("latin-1")
        is_upload = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        if not origin or not (is_upload or scope["type"] == "websocket"):
            return False
        if "*" in self._origins or origin in self._origins:
            return False
        site = found.get(b"sec-fetch-site")
        if site is not None:  # set by the browser itself, right also where a proxy changed Host
            return site not in {b"same-origin", b"none"}
        # Browsers leave it out where an address is neither https nor this machine's own: plain HTTP at home.
        return not _is_same(origin, host)


def _is_same(origin: str, host: bytes) -> bool:
    """Whether a page's origin is the host that it asks, the usual ports left out or not."""
    try:
        page = urlsplit(origin)
        asked = urlsplit(f"{page.scheme}://{host.decode('ascii')}")
        usual = _PORTS.get(page.scheme)
        return (page.hostname, page.port or usual) == (asked.hostname, asked.port or usual) and bool(
            page.hostname
        )
    except ValueError:
        return False


_HEADERS = frozenset({b"host", b"origin", b"sec-fetch-site"})
