"""Messages between a service, its zygote and its workers: a length and bytes on a stream socket."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

MOST = 4 * 2**20
"""Bytes of a message at most; what is larger lies in the shared memory."""
_HEAD = struct.Struct("<I")


def send(line: socket.socket, data: bytes) -> None:
    """Send one message."""
    line.sendall(_HEAD.pack(len(data)) + data)


def receive(line: socket.socket) -> bytes:
    """The next message. EOFError where the other side has ended, ValueError where it is too long."""
    (count,) = _HEAD.unpack(_exactly(line, _HEAD.size))
    if count > MOST:
        raise ValueError(f"A message of {count} bytes is too long.")
    return _exactly(line, count)


def _exactly(line: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = line.recv(min(count - len(parts), 65536))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
