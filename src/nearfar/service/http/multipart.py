"""The one reader of multipart bodies: whole or in pieces, each part told to a :class:`Taker`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from python_multipart.multipart import parse_options_header

from nearfar.service.errors import MalformedRequestError

if TYPE_CHECKING:
    from collections.abc import Callable

MULTIPART = "multipart/form-data"
MOST_PARTS = 100
"""Parts of a multipart body: each takes the processor's time, also where it is empty and passed over."""
_HEADER_BYTES = 4096 + 128  # of one line
_MOST_HEADERS = 8
_BOUNDARY_BYTES = 256
_STEP_BYTES = 1 << 20
"""Bytes that are searched at once, within C: other threads have their turn after each."""
_BLANKS = re.compile(rb"[ \t]*")
_HEADER = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): *([^\r]*)", re.DOTALL)


class Taker(Protocol):
    """Takes the parts of a body, one after the other."""

    def begin(self, field: str, file: str) -> None:
        """A part begins: the name of its field, and of its file, "" where it has none."""

    def take(self, data: bytes) -> None:
        """The next bytes of the part."""

    def end(self) -> None:
        """The part is over."""


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a multipart Content-Type, b"" where it names none; None where it is of another kind."""
    kind, options = parse_options_header(content_type)
    if kind.decode("latin-1").lower() != MULTIPART:
        return None
    return options.get(b"boundary", b"")


class MultipartReader:
    """Reads a body; ``hint`` says in errors how bodies are sent, ``most_parts`` how many parts are taken.

    A part ends where a whole delimiter stands (RFC 2046: CRLF, two hyphens, the boundary, then the end of its
    line or two hyphens). Both are sought within C, so what only looks like one costs no step of Python.
    """

    def __init__(self, boundary: bytes, taker: Taker, hint: str, most_parts: int = MOST_PARTS) -> None:
        if not boundary:
            raise MalformedRequestError("The multipart Content-Type names no boundary.", hint)
        self._taker, self._hint, self._most = taker, hint, most_parts
        if len(boundary) > _BOUNDARY_BYTES:
            raise self._damaged()
        self._delimiter = b"\r\n--" + boundary
        self._whole = re.compile(re.escape(self._delimiter) + rb"(?:--|\r\n|[ \t])")
        self._held = bytearray()  # its front is deleted without moving the rest
        self._disposition, self._headers = b"", 0
        self._count = 0
        self._step: Callable[[], bool] = self._preamble

    def feed(self, data: bytes) -> None:
        """The next bytes of the body.

        Raises:
            MalformedRequestError: it is damaged, or has too many parts.
        """
        for at in range(0, len(data), _STEP_BYTES):
            self._held += data[at : at + _STEP_BYTES]
            while self._step():
                pass

    def close(self) -> None:
        """The body is over; MalformedRequestError where it ends early."""
        if self._step != self._epilogue:
            raise MalformedRequestError("The multipart body ends early.", self._hint)

    def _damaged(self) -> MalformedRequestError:
        return MalformedRequestError("The multipart body is damaged.", self._hint)

    # Each step reads what it can of the bytes that are held, and is False where it needs more of them.

    def _preamble(self) -> bool:
        """What is before the first delimiter: nothing, or lines of which the first is empty."""
        if self._held.startswith((b"\r", b"\n")):
            at = self._held.find(b"-")
            if at < 0:
                del self._held[1:]
                return False
            del self._held[:at]
        first = self._delimiter[2:]
        if not first.startswith(self._held[: len(first)]):
            raise self._damaged()
        after = bytes(self._held[len(first) : len(first) + 2])
        if len(after) < 2:
            return False
        if after not in (b"\r\n", b"--"):
            raise self._damaged()
        self._after(after, len(first) + 2)
        return True

    def _header_lines(self) -> bool:
        """The headers of a part, each a line, and the empty line behind them."""
        end = self._held.find(b"\r\n")
        if (len(self._held) if end < 0 else end) > _HEADER_BYTES:
            raise MalformedRequestError("A header of the multipart body is too long.", self._hint)
        if end < 0:
            return False
        line = bytes(self._held[:end])
        del self._held[: end + 2]
        if line:
            self._header(line)
            return True
        options = parse_options_header(self._disposition)[1]
        names = (options.get(key, b"").decode("utf-8", "replace") for key in (b"name", b"filename"))
        self._taker.begin(*names)
        self._step = self._data
        return True

    def _header(self, line: bytes) -> None:
        found = _HEADER.fullmatch(line)
        self._headers += 1
        if found is None or self._headers > _MOST_HEADERS:
            raise self._damaged()
        if found[1].lower() == b"content-disposition":
            self._disposition = found[2]

    def _data(self) -> bool:
        """The bytes of a part, up to the delimiter or to where one may begin."""
        near = self._held.find(self._delimiter)
        found = self._whole.search(self._held, near) if near >= 0 else None
        if found is None:
            self._take(max(0, len(self._held) - len(self._delimiter) - 1))
            return False
        start, end = found.span()
        mark = bytes(self._held[start + len(self._delimiter) : end])
        self._take(start)
        self._after(mark, end - start)
        return True

    def _take(self, count: int) -> None:
        if count:
            self._taker.take(bytes(self._held[:count]))
            del self._held[:count]

    def _after(self, mark: bytes, count: int) -> None:
        """What comes after a delimiter that ends in ``mark``, the first ``count`` bytes held."""
        del self._held[:count]
        if mark not in (b"\r\n", b"--"):
            self._step = self._padding
            return
        if self._step != self._preamble:
            self._taker.end()
        if mark == b"--":
            self._step = self._epilogue
        else:
            self._begin()

    def _padding(self) -> bool:
        """Blanks behind a delimiter, and the end of its line."""
        blanks = _BLANKS.match(self._held)
        del self._held[: blanks.end() if blanks else 0]
        if not b"\r\n".startswith(self._held[:2]):
            raise self._damaged()
        if len(self._held) < 2:
            return False
        self._after(b"\r\n", 2)
        return True

    def _begin(self) -> None:
        self._count += 1
        if self._count > self._most:
            raise MalformedRequestError(f"The multipart body has more than {self._most} parts.", self._hint)
        self._disposition, self._headers = b"", 0
        self._step = self._header_lines

    def _epilogue(self) -> bool:
        """What is behind the last delimiter is passed over."""
        self._held.clear()
        return False
