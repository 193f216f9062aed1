"""Chunks and frames of a few bytes: what comes in far too many pieces is refused, and nobody waits for it."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from types import SimpleNamespace

import pytest

from nearfar.service.http.pieces import MEAN_BYTES, SPARE, Pieces, TooManyPiecesError
from nearfar.service.live.options import LiveOptions
from nearfar.service.live.stream import Stream

HEAD = b"POST /v1/depth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MASK = b"\0\0\0\0"
PING, TEXT, BINARY = (bytes([kind, 0x81]) + MASK + b"x" for kind in (0x89, 0x81, 0x82))
ON = b"\0\x81" + MASK + b"x"


@pytest.fixture(scope="module")
def running(start):
    """A service."""
    return start()


def _connect(running) -> socket.socket:
    host, _, port = running.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def _rest(connection: socket.socket) -> bytes:
    found = b""
    while part := connection.recv(65536):
        found += part
    return found


def _upgraded(running) -> socket.socket:
    connection = _connect(running)
    key = base64.b64encode(bytes(16))
    connection.sendall(
        b"GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
    )
    seen = b""
    while b'"ready"' not in seen:
        seen += connection.recv(4096)
    return connection


def test_chunks_of_a_few_bytes_are_refused(running) -> None:
    """400 as a problem, before the end of the body; the next request is served."""
    with _connect(running) as connection:
        connection.sendall(CHUNKED + b"1\r\nx\r\n" * 3000)
        head, _, body = _rest(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert "few bytes" in json.loads(body)["detail"]
    assert running.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("size", "count"), [(1, SPARE - 1), (MEAN_BYTES, 1000), (60_000, 4)])
def test_usual_chunks_are_taken(running, size, count) -> None:
    """A few small ones, or many of some size: the body is read to its end, and is no picture."""
    with _connect(running) as connection:
        chunk = f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"
        connection.sendall(CHUNKED + chunk * count + b"0\r\n\r\n")
        assert _rest(connection).startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize("flood", [PING, TEXT, BINARY, b"\x02\x81" + MASK + b"x" + ON * 9], ids=str)
def test_frames_of_a_few_bytes_end_the_stream(running, flood) -> None:
    """Pings, texts, pictures, parts of one: the stream is closed with 1008 (policy), not answered."""
    with _upgraded(running) as connection:
        connection.sendall(flood * 1000)
        try:
            seen = _rest(connection)
        except ConnectionResetError:  # what it sent after its end was not read
            seen = (1008).to_bytes(2, "big")
    assert (1008).to_bytes(2, "big") in seen
    assert running.client.get("/healthz").status_code == 200


def test_some_small_frames_are_answered(running) -> None:
    """Thirty pings at once have their pongs."""
    with _upgraded(running) as connection:
        connection.sendall(PING * 30)
        seen = b""
        while len(seen) < 30 * 3:
            seen += connection.recv(4096)
    assert seen.count(b"\x8a\x01x") == 30


def test_messages_that_are_there_keep_nobody_waiting() -> None:
    """A stream that always has a next message lets others have a turn after each."""
    messages = [{"type": "websocket.receive", "bytes": b"x"}] * 500 + [{"type": "websocket.disconnect"}]
    arriving = iter(messages)

    async def receive() -> dict:
        return next(arriving)

    settings = SimpleNamespace(live_idle=60, live_max_bytes=10, request_timeout=60)
    means = SimpleNamespace(settings=settings, live=SimpleNamespace(dropped=0))
    stream = Stream(SimpleNamespace(receive=receive), means, LiveOptions(), "")

    async def beside() -> int:
        turns, reading = 0, asyncio.create_task(stream._read())
        while not reading.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(beside()) >= 500


def test_pieces_are_counted_anew_each_time() -> None:
    """So many for what has come, and one more is too many."""
    pieces = Pieces()
    for _ in range(2):
        pieces.come(10 * MEAN_BYTES)
        assert len(list(pieces.counted(range(SPARE + 10)))) == SPARE + 10
        with pytest.raises(TooManyPiecesError):
            pieces.take()
