"""What trusted proxies tell, and what nobody else can."""

from __future__ import annotations

import asyncio
import re

import pytest

from nearfar.errors import SettingsError
from nearfar.keys import KeyFile
from nearfar.service.guard.proxies import Proxies, trusted
from nearfar.settings import Settings

NETWORKS = trusted(Settings(proxies="10.0.0.0/8, 2001:db8::1"))
X, PROTO = "x-forwarded-for", "x-forwarded-proto"


def _seen(headers, client="10.0.0.1", header="x-forwarded", kind="http") -> tuple[str, str]:
    """Client and scheme as the application sees them."""
    seen = {}

    async def app(scope, receive, send) -> None:
        seen.update(scope)

    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scheme = {"http": "http", "websocket": "ws"}[kind]
    scope = {"type": kind, "headers": pairs, "client": (client, 1), "scheme": scheme}
    asyncio.run(Proxies(app, NETWORKS, header)(scope, None, None))
    return seen["client"][0], seen["scheme"]


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ([(X, "192.0.2.7")], "192.0.2.7"),
        ([(X, "1.1.1.1, 192.0.2.7")], "192.0.2.7"),
        ([(X, "1.1.1.1"), (X, "192.0.2.7, 10.3.3.3")], "192.0.2.7"),
        ([(X, "192.0.2.7:4711")], "192.0.2.7"),
        ([(X, "[2001:db8::7]:4711")], "2001:db8::7"),
        ([(X, "10.9.9.9, 10.8.8.8")], "10.9.9.9"),
        ([(X, "unknown, 10.8.8.8")], "10.8.8.8"),
        ([(X, "")], "10.0.0.1"),
        ([(X, "nonsense\xff")], "10.0.0.1"),
        ([], "10.0.0.1"),
        ([("forwarded", "for=192.0.2.7")], "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_that_is_not_trusted(headers, client) -> None:
    """What stands before it was written by the client, and may be anything."""
    assert _seen(headers)[0] == client


def test_nobody_else_is_believed() -> None:
    """The header of a client that comes directly counts for nothing."""
    assert _seen([(X, "1.1.1.1"), (PROTO, "https")], client="192.0.2.7") == ("192.0.2.7", "http")


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
def test_the_scheme_is_the_proxy_s(kind, scheme) -> None:
    """So that addresses that are made begin as the client's do; nonsense changes nothing."""
    assert _seen([(X, "192.0.2.7"), (PROTO, "https")], kind=kind)[1] == scheme
    assert _seen([(X, "192.0.2.7"), (PROTO, "gopher")], kind="http")[1] == "http"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("for=192.0.2.7;proto=https", ("192.0.2.7", "https")),
        ('for="[2001:db8::7]:80"; Proto=HTTPS', ("2001:db8::7", "https")),
        ("for=1.1.1.1, for=192.0.2.7, for=10.2.2.2;proto=https", ("192.0.2.7", "https")),
        ("for=_hidden, for=10.2.2.2", ("10.2.2.2", "http")),
        ('for="a,b;for=1.1.1.1"', ("10.0.0.1", "http")),
        ('for="', ("10.0.0.1", "http")),
    ],
)
def test_forwarded_is_read_where_it_is_set(text, seen) -> None:
    """RFC 7239, when the setting says that the proxies write it."""
    assert _seen([("forwarded", text)], header="forwarded") == seen


def test_a_long_header_is_read_to_its_bound() -> None:
    """A header of thousands of trusted hops does not hold the service up."""
    assert _seen([(X, "192.0.2.7, " + ", ".join(["10.1.1.1"] * 10_000))])[0] == "10.1.1.1"


def test_a_network_that_is_none_is_told() -> None:
    """Before anything listens."""
    with pytest.raises(SettingsError, match=r"proxies.*10\.0\.0\.0/99"):
        trusted(Settings(proxies="10.0.0.0/99"))


def test_limits_count_the_client_not_the_proxy(start) -> None:
    """Behind a proxy each client has its own allowance."""
    running = start(proxies="127.0.0.0/8", without_keys=True, rate_per_minute=1, rate_burst=1)

    def status(client: str) -> int:
        return running.client.get("/v1/models", headers={"X-Forwarded-For": client}).status_code

    assert [status("192.0.2.1"), status("192.0.2.1"), status("192.0.2.2")] == [200, 429, 200]


def test_under_a_path_of_a_proxy_everything_fits(start, tmp_path) -> None:
    """Addresses that are told have the path before them; keys are needed as ever."""
    key = KeyFile(tmp_path / "keys.json").add("a", ["infer"])[1]
    client = start(root_path="/depth", keys=str(tmp_path / "keys.json")).client
    refused = client.get("/v1/models")
    assert (refused.status_code, refused.json()["type"]) == (401, "/depth/docs#problem-key-needed")
    assert client.get("/v1/models", headers={"X-API-Key": key}).status_code == 200
    assert client.get("/depth/v1/models").status_code == 404
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/depth"}]
    for page in ("/", "/docs"):
        assert not re.findall(r'(?:src|href)="/', client.get(page).text)
    assert client.get("/healthz").status_code == 200
