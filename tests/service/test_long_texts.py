"""Every parameter of every address, fed 64 KiB of what takes patterns longest: told, and little work."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from urllib.parse import quote

import pytest

from nearfar import settings
from nearfar.service import create_app
from nearfar.service.guard.lengths import MOST_OF

LENGTH = 65_536
MOST_S = 0.5
"""Seconds of the processor for one request, whatever it says."""
PIECES = ("/,", '"', "a", "\\", " ", "[", ";a=", "\ud7ff")
HEADERS = sorted(
    {*(name.decode() for name in MOST_OF), "authorization", "cookie", "x-request-id", "if-range"}
)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A service that nothing was started of."""
    home = str(tmp_path_factory.mktemp("home"))
    return create_app(replace(settings.load({"NEARFAR_ENGINE": "fake"}), home=home, hosts="*"))


def ask(app, method: str, path: str, query: bytes = b"", headers=()) -> int:
    """The status of an answer to a request without a body."""
    found = []
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode("utf-8", "replace"),
        "query_string": query, "headers": [(b"host", b"h"), *headers], "client": ("10.0.0.9", 1),
        "server": ("h", 80), "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    began = time.process_time()
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 10))
    assert time.process_time() - began < MOST_S, (method, path[:80], query[:80])
    return found[0]


def operations(app):
    """(method, address, names of its query) of every operation that the API's document knows."""
    for path, row in app.openapi()["paths"].items():
        for method, operation in row.items():
            names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
            yield method.upper(), path, names


@pytest.mark.parametrize("piece", PIECES)
def test_every_query_parameter(app, piece: str) -> None:
    """A long text is refused by its length or as what it is, and never as our fault."""
    text = quote((piece * LENGTH)[: LENGTH // 3])
    for method, path, names in operations(app):
        if "/events" in path or path.endswith("/results"):
            continue
        for name in names:
            status = ask(
                app, method, path.replace("{name}", "x").replace("{id}", "x"), f"{name}={text}".encode()
            )
            assert 400 <= status < 500 or status == 501, (method, path, name, status)


@pytest.mark.parametrize("piece", PIECES)
def test_every_part_of_an_address(app, piece: str) -> None:
    """Names and numbers within the path."""
    text = (piece * 2000)[:1900]
    for method, path, _ in operations(app):
        if "{" in path:
            filled = path.replace("{name}", text).replace("{id}", text).replace("{picture}", text)
            assert ask(app, method, filled) < 500


@pytest.mark.parametrize("name", HEADERS)
def test_every_header(app, name: str) -> None:
    """At the longest that is taken, and beyond it."""
    for piece in PIECES:
        raw = (piece * LENGTH).encode("utf-8")[:LENGTH]
        for value in (raw, raw[: MOST_OF.get(name.encode(), 8192)]):
            for method, path in (("POST", "/v1/depth"), ("POST", "/v1/jobs"), ("GET", "/v1/jobs")):
                assert ask(app, method, path, headers=[(name.encode(), value)]) < 500, (name, piece)


def test_long_headers_are_told_by_name(app) -> None:
    """431, which header and how long it may be."""
    assert ask(app, "GET", "/v1/models", headers=[(b"accept", b"a" * 3000)]) == 431
    assert ask(app, "GET", "/v1/models", headers=[(b"accept", b"a" * 1500), (b"accept", b"a" * 1500)]) == 431
    assert ask(app, "GET", "/" + "a" * 3000) == 431


def test_many_parameters_are_refused(app) -> None:
    """Each of them would be looked at."""
    assert ask(app, "POST", "/v1/depth", b"&".join(b"a%d=1" % i for i in range(5000))) == 422


def test_behind_a_proxy_the_way_is_read_in_time(tmp_path) -> None:
    """What trusted proxies pass on is the client's own text."""
    chosen = replace(
        settings.load({"NEARFAR_ENGINE": "fake"}), home=str(tmp_path), hosts="*", proxies="10.0.0.0/8"
    )
    for kind, name in (("forwarded", b"forwarded"), ("x-forwarded", b"x-forwarded-for")):
        app = create_app(replace(chosen, proxy_header=kind))
        for piece in PIECES:
            value = (piece * LENGTH).encode("utf-8")[: MOST_OF[name]]
            assert ask(app, "GET", "/v1/models", headers=[(name, value)]) < 500
