"""Names that are answered to, and pages that may use the service."""

from __future__ import annotations

import asyncio

import pytest

from nearfar.errors import SettingsError
from nearfar.service.guard.hosts import Hosts, allowed_hosts, allowed_origins, is_loopback, name_of
from nearfar.settings import Settings


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],  # noqa: S104
)
def test_this_machine_alone(host, is_own) -> None:
    """There only its own names count, else any, until names are set."""
    assert is_loopback(host) is is_own
    assert ("*" in allowed_hosts(Settings(host=host))) is not is_own
    assert allowed_hosts(Settings(host=host, hosts="A.example, *.b.example")) == ("a.example", "*.b.example")


@pytest.mark.parametrize("text", ["https://a.example", "a.*.example", "a*", "[::1]", "a.example/x"])
def test_what_is_no_name_is_told(text) -> None:
    """A name that could never fit must not be silently without effect."""
    with pytest.raises(SettingsError, match="hosts names"):
        allowed_hosts(Settings(hosts=text))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (b"A.Example:80", "a.example"),
        (b"[::1]:8080", "::1"),
        (b"a.example.", "a.example"),
        (b"", ""),
        (b"[::1", ""),
        ("é".encode(), ""),
        (b"user@a.example", "a.example"),
    ],
)
def test_the_name_in_a_header(given, name) -> None:
    """Without port, brackets and case."""
    assert name_of(given) == name


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:9", 200),
        ("a.localhost", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("evillocalhost", 421),
        ("192.0.2.1", 421),
    ],
)
def test_a_name_made_to_point_here_is_refused(service, host, status) -> None:
    """DNS rebinding: the page's own name is in the request, and is not ours."""
    answer = service.client.get("/v1/models", headers={"Host": host})
    assert answer.status_code == status
    if status == 421:
        assert answer.json()["type"] == "/docs#problem-misdirected"
        assert "NEARFAR_HOSTS" in answer.json()["hint"]


def test_health_is_asked_under_any_name(service) -> None:
    """A cluster asks by address."""
    assert service.client.get("/healthz", headers={"Host": "10.1.2.3:8080"}).status_code == 200


@pytest.mark.parametrize(
    ("site", "origin", "status"),
    [
        ("same-origin", "https://depth.example", 200),
        ("none", "null", 200),
        ("cross-site", "https://evil.example", 403),
        ("same-site", "http://127.0.0.1:3000", 403),
        ("cross-site", "https://named.example", 200),
        (None, "https://evil.example", 403),
        (None, "null", 403),
        (None, "http://[", 403),
        (None, "https://named.example", 200),
    ],
)
def test_a_page_elsewhere_makes_us_do_nothing(start, jpeg, site, origin, status) -> None:
    """A browser says where an upload comes from, in one header or the other; what says neither is none."""
    running = start(origins="https://named.example")
    headers = {"Origin": origin} | ({"Sec-Fetch-Site": site} if site else {})
    assert running.upload(jpeg, **headers).status_code == status
    assert running.client.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("origin", "is_open"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.0.0.1:3000", False),
        ("https://evil.example", False),
        ("https://named.example", True),
        ("", True),
    ],
)
def test_a_websocket_is_opened_from_our_own_page(origin, is_open) -> None:
    """Websockets know no CORS: the origin is compared here."""
    opened, sent = [], []

    async def app(scope, receive, send) -> None:
        opened.append(scope)

    async def send(message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8080")] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "websocket", "path": "/v1/live", "headers": headers}
    asyncio.run(Hosts(app, ["127.0.0.1"], ["https://named.example"])(scope, None, send))
    assert bool(opened) is is_open
    assert [row["status"] for row in sent if "status" in row] == ([] if is_open else [403])


@pytest.mark.parametrize(
    ("base", "status"),
    [("http://testserver", 200), ("http://127.0.0.1:8080", 200), ("http://a.example", 200)],
)
def test_a_client_in_the_same_process_may_call_it_anything(base, status) -> None:
    """There is no network between them, and so no name that could have been bent."""
    from starlette.testclient import TestClient

    from nearfar.service import create_app

    with TestClient(create_app(Settings(model="embedded")), base_url=base) as client:
        assert client.get("/v1/models").status_code == status


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://A.example/", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80", "http://[::1]"),
        ("*", "*"),
    ],
)
def test_origins_are_put_as_browsers_write_them(given, origin) -> None:
    """Case, a slash at the end and the usual port make no other origin."""
    assert allowed_origins(Settings(origins=f"{given}, {given}")) == (origin,)


@pytest.mark.parametrize(
    "text",
    ["a.example", "https://*.a.example", "https://a.example/x", "ftp://a.example", "https://a:x", "null"],
)
def test_what_is_no_origin_is_told(text) -> None:
    """An origin that could never fit must not be silently without effect."""
    with pytest.raises(SettingsError, match="origins names"):
        allowed_origins(Settings(origins=text))


@pytest.mark.parametrize(
    ("origin", "host", "is_taken"),
    [
        ("http://192.168.1.5:8080", "192.168.1.5:8080", True),
        ("http://nas.local", "nas.local:80", True),
        ("http://nas.local:80", "nas.local", True),
        ("http://NAS.local", "nas.local", True),
        ("http://192.168.1.6:8080", "192.168.1.5:8080", False),
        ("http://192.168.1.5:3000", "192.168.1.5:8080", False),
        ("http://192.168.1.5", "", False),
    ],
)
def test_uploads_over_plain_http_are_compared_with_the_host(origin, host, is_taken) -> None:
    """Browsers send no Sec-Fetch-Site to plain addresses of a house; Origin and Host tell as much."""
    told = []

    async def app(scope, receive, send) -> None:
        told.append("served")

    async def send(message) -> None:
        told.append(message.get("status"))

    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/depth", "headers": headers, "server": ("h", 80)}
    asyncio.run(Hosts(app, ("*",), ())(scope, None, send))
    assert (told == ["served"]) is is_taken
