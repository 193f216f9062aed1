"""Head and body of an answer leave together, and nothing waits for what does not come."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from nearfar.service.http.gathering import Gathering


class Recorder:
    """A transport that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        """Note the bytes."""
        self.told.append(bytes(data))

    def close(self) -> None:
        """Note the end."""
        self.told.append("closed")

    def get_write_buffer_size(self) -> int:
        """Everything is sent at once."""
        return 0

    def is_closing(self) -> bool:
        """It is not."""
        return False


HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("writes", "told"),
    [
        ([HEAD, b"body", b""], [HEAD + b"body"]),
        ([HEAD, b"a", b"b"], [HEAD + b"a", b"b"]),
        ([HEAD, b""], [HEAD]),
        ([b"no head"], [b"no head"]),
        ([HEAD + b"x" * 9000, b"body"], [HEAD + b"x" * 9000, b"body"]),
    ],
)
def test_what_leaves_together(writes, told) -> None:
    """A head with what follows it at once; alone after one turn; all else as it comes."""

    async def talk() -> list[Any]:
        recorder = Recorder()
        gathering = Gathering(recorder, asyncio.get_running_loop())
        for data in writes:
            gathering.write(data)
        assert not gathering.is_closing()
        await asyncio.sleep(0)
        assert gathering.get_write_buffer_size() == 0
        return recorder.told

    assert asyncio.run(talk()) == told


def test_closing_sends_what_is_left() -> None:
    """A head without a body is not lost."""

    async def talk() -> list[Any]:
        recorder = Recorder()
        gathering = Gathering(recorder, asyncio.get_running_loop())
        gathering.write(HEAD)
        assert gathering.get_write_buffer_size() == len(HEAD)
        gathering.close()
        await asyncio.sleep(0)
        return recorder.told

    assert asyncio.run(talk()) == [HEAD, "closed"]


def test_a_small_answer_is_one_packet(service) -> None:
    """Over a real connection the first read brings head and body."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65536).endswith(b'{"status":"alive"}')
