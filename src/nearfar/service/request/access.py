"""Who asks, and what an address needs.

Every HTTP request and websocket that passed the gate carries, for routes and other layers to read:

- ``request.state.caller``: who asks, as a text that stays the same: ``key:ID`` or ``address:IP``;
- ``request.state.scopes``: what they may, a frozen set out of :data:`nearfar.keys.SCOPES`.

A layer that has no request object reads ``scope["state"]["caller"]``, or :func:`caller_of`.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from nearfar.keys import ADMIN, INFER, JOBS

if TYPE_CHECKING:
    from starlette.types import Scope

OPEN = ""
"""The scope of addresses that need none: pages, documents, health."""

RULES: tuple[tuple[str, str], ...] = (
    ("/v1/jobs", JOBS),
    ("/v1", INFER),
    ("/metrics", ADMIN),
    ("/admin", ADMIN),
)
"""Beginning of an address to the scope that it needs; the first that fits counts, others are open."""

CROWDED = "nearfar.crowded"
"""Set in the scope of a request that came over one connection too many."""

_MODELS, _FETCHING = "/v1/models/", "/pull"
"""An address between these two fetches a model, which is for whoever looks after the service."""

_IPV6_NETWORK = 64  # a household or a machine is given at least so much: below it addresses are free


def scope_needed(path: str) -> str:
    """The scope that an address needs, or :data:`OPEN`."""
    if path.startswith(_MODELS) and path.endswith(_FETCHING):
        return ADMIN
    return next((needed for head, needed in RULES if path == head or path.startswith(head + "/")), OPEN)


def path_of(scope: Scope) -> str:
    """The address as routes see it: without the prefix that a proxy serves it under."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and path.startswith(root + "/") else path


def caller_of(scope: Scope) -> str:
    """Who asks, of a request that passed the gate; empty where it did not."""
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
