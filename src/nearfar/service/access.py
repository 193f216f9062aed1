"""Who asks, and what they may: the layer between the frame of a request and its route.

Every HTTP request and websocket that passes carries, for routes and other layers to read:

- ``request.state.caller``: who asks, as a text that stays the same: ``key:ID`` or ``address:IP``;
- ``request.state.scopes``: what they may, a frozen set out of :data:`SCOPES`.

A layer that has no request object reads ``scope["state"]["caller"]``, or :func:`caller_of`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

INFER, JOBS, ADMIN = "infer", "jobs", "admin"
SCOPES = (INFER, JOBS, ADMIN)
OPEN = ""
"""The scope of addresses that need none: pages, documents, health."""

RULES: tuple[tuple[str, str], ...] = (
    ("/v1/jobs", JOBS),
    ("/v1", INFER),
    ("/metrics", ADMIN),
    ("/admin", ADMIN),
)
"""Beginning of an address to the scope that it needs; the first that fits counts, others are open."""

_IPV6_NETWORK = 64  # a household or a machine is given at least so much: below it addresses are free


def scope_needed(path: str) -> str:
    """The scope that an address needs, or :data:`OPEN`."""
    return next((needed for head, needed in RULES if path == head or path.startswith(head + "/")), OPEN)


def caller_of(scope: Scope) -> str:
    """Who asks, of a request that went through :class:`Access`; empty where it did not."""
    return str(scope.get("state", {}).get("caller", ""))


def address_caller(client: tuple[str, int] | None) -> str:
    """The caller that an address is: all of an IPv6 network of 64 bits is one."""
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:  # a local socket, or a test's own name
        return f"address:{client[0] if client else 'local'}"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return f"address:{ipaddress.ip_network((int(address), _IPV6_NETWORK), strict=False)}"
        address = address.ipv4_mapped
    return f"address:{address}"


class Access:
    """ASGI middleware that finds out who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] in {"http", "websocket"}:
            state = scope.setdefault("state", {})
            state["caller"] = address_caller(scope.get("client"))
            state["scopes"] = frozenset(SCOPES)
        await self._app(scope, receive, send)
