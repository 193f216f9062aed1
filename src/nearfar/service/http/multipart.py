"""The one reader of multipart bodies: whole or in pieces, each part told to a :class:`Taker`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from nearfar.service.errors import MalformedRequestError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = "multipart/form-data"
MOST_PARTS = 100
"""Parts of a multipart body: each takes the processor's time, also where it is empty and passed over."""
_HEADER_BYTES = 4096


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
    """Reads a body; ``hint`` says in errors how bodies are sent, ``most_parts`` how many parts are taken."""

    def __init__(self, boundary: bytes, taker: Taker, hint: str, most_parts: int = MOST_PARTS) -> None:
        if not boundary:
            raise MalformedRequestError("The multipart Content-Type names no boundary.", hint)
        self._taker, self._hint, self._most = taker, hint, most_parts
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._count = 0
        self._is_ended = False
        self._parser: MultipartParser | None = None
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except (MultipartParseError, ValueError) as exc:
            raise self._damaged() from exc

    def feed(self, data: bytes) -> None:
        """The next bytes of the body.

        Raises:
            MalformedRequestError: it is damaged, or has too many parts.
        """
        assert self._parser is not None  # noqa: S101 - set where it is made
        try:
            self._parser.write(data)
        except MultipartParseError as exc:
            raise self._damaged() from exc

    def close(self) -> None:
        """The body is over; MalformedRequestError where it ends early."""
        assert self._parser is not None  # noqa: S101 - set where it is made
        try:
            self._parser.finalize()
        except MultipartParseError as exc:
            raise self._damaged() from exc
        if not self._is_ended:
            raise MalformedRequestError("The multipart body ends early.", self._hint)

    def _damaged(self) -> MalformedRequestError:
        return MalformedRequestError("The multipart body is damaged.", self._hint)

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._grow(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": lambda data, start, end: self._taker.take(data[start:end]),
            "on_part_end": self._taker.end,
            "on_end": self._end,
        }

    def _grow(self, text: bytearray, more: bytes) -> None:
        text += more
        if len(text) > _HEADER_BYTES:
            raise MalformedRequestError("A header of the multipart body is too long.", self._hint)

    def _part_begin(self) -> None:
        self._count += 1
        if self._count > self._most:
            raise MalformedRequestError(f"The multipart body has more than {self._most} parts.", self._hint)
        self._disposition = b""

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        options = parse_options_header(self._disposition)[1]
        names = (options.get(key, b"").decode("utf-8", "replace") for key in (b"name", b"filename"))
        self._taker.begin(*names)

    def _end(self) -> None:
        self._is_ended = True
