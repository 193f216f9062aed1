"""Messages between a service, its zygote and its workers: a length and bytes on a stream socket."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 4 * 2**20
"""Bytes of a message at most; what is larger lies in the shared memory."""
UNKNOWN = -1
"""In place of the wait status of a worker whose zygote has ended too: by whom, nobody tells."""
MOST_LENT = 4
"""Descriptors that may come with a message."""
_AT_ONCE = 2**16
_HEAD = struct.Struct("<I")


def send(line: socket.socket, data: bytes, lent: Sequence[int] = ()) -> None:
    """Send one message; ``lent``: descriptors that the other side may have with it."""
    head = _HEAD.pack(len(data))
    if not lent:
        line.sendall(head + data)
        return
    socket.send_fds(line, [head], list(lent))
    line.sendall(data)


def receive(line: socket.socket, lent: list[int] | None = None) -> bytes:
    """The next message. EOFError where the other side has ended, ValueError where it is none.

    ``lent``: takes the descriptors that come with it; without a list none are taken.
    """
    message = Message()
    while not message.is_whole:
        message.read(line, lent)
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

    def read(self, line: socket.socket, lent: list[int] | None = None) -> None:
        """Take what has come. EOFError where the other side has ended, ValueError where it is no message."""
        if lent is None:
            part = line.recv(_AT_ONCE)
        else:
            part, passed, _, _ = socket.recv_fds(line, _AT_ONCE, MOST_LENT)
            lent += passed
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
