"""Who asks, and what an address needs."""

from __future__ import annotations

import asyncio

import pytest

from nearfar.service.access import ADMIN, INFER, JOBS, OPEN, SCOPES, Access, address_caller, scope_needed


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/", OPEN),
        ("/healthz", OPEN),
        ("/readyz", OPEN),
        ("/docs", OPEN),
        ("/openapi.json", OPEN),
        ("/v1/depth", INFER),
        ("/v1/live", INFER),
        ("/v1/jobsmith", INFER),
        ("/v1/jobs", JOBS),
        ("/v1/jobs/a/events", JOBS),
        ("/metrics", ADMIN),
    ],
)
def test_what_an_address_needs(path, needed) -> None:
    """Health, pages and documents are open; work needs its scope."""
    assert scope_needed(path) == needed


@pytest.mark.parametrize(
    ("client", "caller"),
    [
        (("192.0.2.7", 1), "address:192.0.2.7"),
        (("::ffff:192.0.2.7", 1), "address:192.0.2.7"),
        (("2001:db8:1:2:3::4", 1), "address:2001:db8:1:2::/64"),
        (("testclient", 1), "address:testclient"),
        (None, "address:local"),
    ],
)
def test_callers_without_a_key_are_their_address(client, caller) -> None:
    """One machine is one caller, however many addresses its network gives it."""
    assert address_caller(client) == caller


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_requests_and_websockets_carry_their_caller(kind) -> None:
    """What stands behind the layer finds who asks and what they may."""
    seen = {}

    async def app(scope, receive, send) -> None:
        seen.update(scope["state"])

    scope = {"type": kind, "path": "/v1/live", "headers": [], "client": ("192.0.2.7", 5)}
    asyncio.run(Access(app)(scope, None, None))
    assert seen == {"caller": "address:192.0.2.7", "scopes": frozenset(SCOPES)}


def test_every_operation_of_the_service_needs_a_scope(service) -> None:
    """Whatever is documented is health, or lies where a key is asked for."""
    paths = service.client.get("/openapi.json").json()["paths"]
    assert {path for path in paths if scope_needed(path) == OPEN} == {"/healthz", "/readyz"}
