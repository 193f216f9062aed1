"""Connections of clients that are slow, broken or too many."""

from __future__ import annotations

import json
import logging
import socket
import time
from contextlib import ExitStack, suppress

import pytest

from nearfar.service.http.connection import SPARE
from nearfar.service.http.envelope import SECURITY_HEADERS
from serving import until


@pytest.fixture(scope="module")
def strict(start):
    """A service of little patience."""
    return start(header_timeout=2, max_header_bytes=2048, keep_alive=60, upload_timeout=60, require_keys=True)


def _connect(running) -> socket.socket:
    host, _, port = running.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def _rest(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    found = b""
    while part := connection.recv(65536):
        found += part
    return found


def _problem(answer: bytes) -> tuple[int, str, dict[str, str]]:
    """Status, problem and headers of a raw answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *rows = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
    return int(status.split()[1]), json.loads(body)["type"].partition("#problem-")[2], headers


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: "])
def test_a_head_that_does_not_come_is_not_waited_for(strict, begun) -> None:
    """Nothing, or a header that never ends: 408 as a problem, and the connection is closed."""
    with _connect(strict) as connection:
        connection.sendall(begun)
        status, problem, headers = _problem(_rest(connection))
    assert (status, problem) == (408, "slow-headers")
    assert headers["connection"] == "close"
    assert {name.lower() for name in SECURITY_HEADERS} <= set(headers)


def test_dripping_does_not_help(strict) -> None:
    """The time is for the whole head, however many bytes come in between."""
    with _connect(strict) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        connection.settimeout(0.1)
        answer, end = b"", time.monotonic() + 20
        with suppress(ConnectionError):  # a drop that met a closed door may tear the answer down
            while not answer:
                assert time.monotonic() < end, "it waits for ever"
                connection.sendall(b"A: b\r\n")
                with suppress(TimeoutError):
                    answer = connection.recv(65536)
    assert not answer or answer.startswith(b"HTTP/1.1 408 ")


def test_the_second_request_has_its_time_too(strict) -> None:
    """A kept connection may rest; once a request is begun on it, it must be sent."""
    with _connect(strict) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        time.sleep(2.5)  # longer than a head may take: resting is something else
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        assert _problem(_rest(connection))[:2] == (408, "slow-headers")


def test_a_body_that_nobody_wants_is_not_waited_for(strict) -> None:
    """After a refusal the rest of the upload has its time; then the connection is closed."""
    with _connect(strict) as connection:
        head = b"POST /v1/depth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\n"
        connection.sendall(head + b"Content-Length: 99\r\n\r\nx")
        assert _rest(connection).startswith(b"HTTP/1.1 401 ")


def test_a_head_that_is_too_large_is_told(strict) -> None:
    """431, with the limit."""
    with _connect(strict) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"x" * 5000)
        answer = _rest(connection)
    assert _problem(answer)[:2] == (431, "large-headers")
    assert b"2048 bytes" in answer


def test_what_never_became_a_request_is_counted_and_logged(start, caplog) -> None:
    """Refusals of the connection itself stand in metrics and log like any other."""
    running = start(max_header_bytes=2048)
    with caplog.at_level(logging.INFO, "nearfar.access"), _connect(running) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"x" * 5000)
        _rest(connection)
        until(lambda: any(getattr(row, "problem", "") == "large-headers" for row in caplog.records))
    row = 'nearfar_rejections_total{reason="large-headers"} 1.0'
    assert row in running.client.get("/metrics").text


@pytest.mark.parametrize(
    "text", [b"hello\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"]
)
def test_what_is_no_http_is_told(strict, text) -> None:
    """Text, another version, a TLS greeting: a problem document with all headers, and closed."""
    with _connect(strict) as connection:
        connection.sendall(text)
        status, problem, headers = _problem(_rest(connection))
    assert (status, problem) == (400, "malformed-request")
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "header",
    [
        b"Sec-WebSocket-Protocol: nearfar, \xc3\xa9",
        b"Sec-WebSocket-Extensions: \xff",
        b"Connection: Upgrade, \xff",
        b"Host: xn--99999999",
        b"Host: xn--a-" + b"9" * 1100,
    ],
)
def test_a_websocket_whose_head_is_no_text_is_told(strict, header, caplog) -> None:
    """A problem document and no traceback, where the library for websockets had no answer."""
    usual = [b"Host: 127.0.0.1", b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"]
    kept = [row for row in usual if row.split(b":")[0] != header.split(b":")[0]]
    rows = [*kept, header, b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    with _connect(strict) as connection:
        connection.sendall(b"GET /v1/live HTTP/1.1\r\n" + b"\r\n".join(rows) + b"\r\n\r\n")
        status, problem, headers = _problem(_rest(connection))
    assert (status, problem) == (400, "malformed-request")
    assert headers["connection"] == "close"
    assert not [row for row in caplog.records if row.exc_info]


def test_a_whole_request_is_served_as_ever(strict, jpeg) -> None:
    """Also one that takes its time within the limits, and several on one connection."""
    assert {strict.client.get("/healthz").status_code for _ in range(3)} == {200}
    with _connect(strict) as connection:
        for part in (b"GET /healthz HT", b"TP/1.1\r\nHost: 127.0.0.1\r\n", b"Connection: close\r\n\r\n"):
            connection.sendall(part)
        assert _rest(connection).startswith(b"HTTP/1.1 200 ")


def test_two_requests_sent_at_once_are_both_answered(strict) -> None:
    """Pipelining works with the timers."""
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    with _connect(strict) as connection:
        connection.sendall(request + b"\r\n" + request + b"Connection: close\r\n\r\n")
        assert _rest(connection).count(b"HTTP/1.1 200 ") == 2


def test_too_many_connections_are_refused_and_health_answers(start) -> None:
    """Over the limit 503 with Retry-After, far over it nothing; what watches the service still hears."""
    running = start(connections=3)
    running.client.close()
    request = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(_connect(running)).sendall(b"GET ")
        for path, status in ((b"/v1/models", 503), (b"/", 503), (b"/healthz", 200)):
            with _connect(running) as connection:
                connection.sendall(request % path)
                answer = _rest(connection)
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert (b"retry-after: " in answer) is (status == 503)
        for _ in range(SPARE):
            stack.enter_context(_connect(running)).sendall(b"GET ")
        with _connect(running) as connection, suppress(ConnectionResetError):
            assert connection.recv(1) == b""

    def is_served() -> bool:
        with _connect(running) as connection:
            connection.sendall(request % b"/v1/models")
            return _rest(connection).startswith(b"HTTP/1.1 200 ")

    until(is_served)


def test_a_client_that_takes_nothing_is_given_up(start, jpeg) -> None:
    """An answer of some megabytes does not stay in memory for somebody who never reads it."""
    running = start(send_timeout=1, max_pixels=10**7)
    running.client.close()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, _, port = running.url.removeprefix("http://").partition(":")
        connection.connect((host, int(port)))
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        connection.sendall(ask * 200)
        connections = running.server.server_state.connections
        until(lambda: len(connections) == 1)
        until(lambda: not connections, 30)
