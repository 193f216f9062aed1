"""Messages between a service, its zygote and its workers: a length and bytes on a stream socket."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

MOST = 4 * 2**20
"""Bytes of a message at most; what is larger lies in the shared memory."""
UNKNOWN = -1
"""In place of the wait status of a worker whose zygote has ended too: by whom, nobody tells."""
_AT_ONCE = 2**16
_HEAD = struct.Struct("<I")


def send(line: socket.socket, data: bytes) -> None:
    """Send one message."""
    line.sendall(_HEAD.pack(len(data)) + data)


def receive(line: socket.socket) -> bytes:
    """The next message. EOFError where the other side has ended, ValueError where it is none."""
    message = Message()
    while not message.is_whole:
        message.read(line)
    return message.body


class Message:
    """One message as it arrives. Nothing comes behind it: the other side waits for what is done with it."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._end = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it is here."""
        return 0 < self._end == len(self._data)

    @property
    def body(self) -> bytes:
        """What was sent."""
        return bytes(self._data[_HEAD.size :])

    def read(self, line: socket.socket) -> None:
        """Take what has come. EOFError where the other side has ended, ValueError where it is no message."""
        part = line.recv(_AT_ONCE)
        if not part:
            raise EOFError
        self._data += part
        if not self._end and len(self._data) >= _HEAD.size:
            (count,) = _HEAD.unpack_from(self._data)
            if count > MOST:
                raise ValueError(f"A message of {count} bytes is too long.")
            self._end = _HEAD.size + count
        if self._end and len(self._data) > self._end:
            raise ValueError("There is something behind a message.")
