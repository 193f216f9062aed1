"""Who a request came from, and how, where a trusted proxy stands before the service.

What a client writes into ``X-Forwarded-For`` or ``Forwarded`` itself must not count: the header is believed
only where the connection comes from a trusted address, and read from its end, over the trusted proxies, to
the first address that is none. That is the client as the outermost trusted proxy saw it.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from nearfar.errors import SettingsError
from nearfar.service.guard.hosts import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from nearfar.settings import Settings

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network
    Hop = tuple[str, str]
    """Address and scheme as one proxy told them, each empty where it did not."""

_SCHEMES = {"http": {"http": "http", "https": "https"}, "websocket": {"http": "ws", "https": "wss"}}
_ADDRESS = re.compile(r"\[(.+)\](?::\d+)?|([\d.]+):\d+|(.+)")
_MOST_ADDRESS = 100  # characters
_MOST_HOPS = 32


def trusted(settings: Settings) -> tuple[Network, ...]:
    """The networks of the setting ``proxies``.

    Raises:
        SettingsError: one that is no address and no network.
    """
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in words(settings.proxies))
    except ValueError as exc:
        raise SettingsError(f"proxies: {exc}.", "Give addresses or networks: 10.0.0.0/8, ::1.") from exc


class Proxies:
    """ASGI middleware that sets a request's client and scheme to what trusted proxies tell."""

    def __init__(self, app: ASGIApp, networks: Sequence[Network], header: str) -> None:
        self._app = app
        self._trusted = networks
        self._read = _HEADERS[header]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if self._trusted and scope["type"] in _SCHEMES:
            self._correct(scope)
        await self._app(scope, receive, send)

    def _correct(self, scope: Scope) -> None:
        client = scope.get("client")
        if client is None or not self._is_trusted(client[0]):
            return
        for address, scheme in self._read(scope):
            scope["scheme"] = _SCHEMES[scope["type"]].get(scheme, scope["scheme"])
            found = _address(address)
            if not found:
                return  # a proxy that tells nothing, or hides it: what stands before it is not to be trusted
            scope["client"] = (found, 0)
            if not self._is_trusted(found):
                return

    def _is_trusted(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._trusted)


def _x_forwarded(scope: Scope) -> Iterator[Hop]:
    """Hops from the nearest on, out of X-Forwarded-For and X-Forwarded-Proto."""
    addresses = _joined(scope, b"x-forwarded-for").split(",")[-_MOST_HOPS:]
    schemes = [part.strip().lower() for part in _joined(scope, b"x-forwarded-proto").split(",")]
    for number, address in enumerate(reversed(addresses)):
        yield address, schemes[-1 - number] if number < len(schemes) else ""


def _forwarded(scope: Scope) -> Iterator[Hop]:
    """Hops from the nearest on, out of Forwarded (RFC 7239)."""
    for element in reversed(_split(_joined(scope, b"forwarded"), ",")[-_MOST_HOPS:]):
        pairs = dict(_pair(part) for part in _split(element, ";")[:_MOST_HOPS])
        yield pairs.get("for", ""), pairs.get("proto", "").lower()


def _pair(text: str) -> tuple[str, str]:
    """Name, in lower case, and value, without its quotes; both empty where it is no pair."""
    name, sign, value = text.partition("=")
    return (name.strip().lower(), value.strip().strip('"')) if sign else ("", "")


_HEADERS = {"x-forwarded": _x_forwarded, "forwarded": _forwarded}


def _joined(scope: Scope, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def _split(text: str, sign: str) -> list[str]:
    """Parts with a sign between that stands outside of quotes; each character is looked at once."""
    parts, begin, is_quoted, is_escaped = [], 0, False, False
    for place, character in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif character == "\\":
            is_escaped = is_quoted
        elif character == '"':
            is_quoted = not is_quoted
        elif character == sign and not is_quoted:
            parts.append(text[begin:place])
            begin = place + 1
    return [*parts, text[begin:]]


def _address(text: str) -> str:
    """The address in ``1.2.3.4``, ``1.2.3.4:5``, ``::1``, ``[::1]:5``; empty where there is none."""
    shape = _ADDRESS.fullmatch(text.strip()) if len(text) <= _MOST_ADDRESS else None
    try:
        return str(ipaddress.ip_address(shape[shape.lastindex or 0])) if shape else ""
    except ValueError:
        return ""
