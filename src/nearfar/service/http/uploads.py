"""Request bodies: counted while they arrive, kept in memory, never on disk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from nearfar.errors import BusyError, ParameterError, TooLargeError
from nearfar.service.errors import ClientLeftError, MalformedRequestError, MediaTypeError, SlowUploadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request
    from starlette.types import Receive

MULTIPART = "multipart/form-data"
FIELD = "image"
RAW_TYPES = ("image/*", "application/octet-stream")
_HEADERS = frozenset({b"content-type", b"content-encoding", b"content-length"})
_MULTIPART_ROOM = 64 * 1024  # for boundaries, part headers and small fields beside the image
MOST_PARTS = 100
"""Parts of a multipart body: each takes the processor's time, also where it is empty and passed over."""
_TYPE_HINT = (
    "Send the file as the multipart field 'image' (curl -F image=@photo.jpg), or as the body with a "
    "Content-Type of image/* or application/octet-stream."
)


@dataclass(slots=True)
class UploadRoom:
    """Bytes of all bodies that are arriving now: many slow clients must not fill the memory."""

    limit: int
    used: int = 0

    def take(self, count: int) -> None:
        """BusyError where the bytes do not fit."""
        if self.used + count > self.limit:
            raise BusyError("Too many uploads are under way.", "Try again in a moment.", 2)
        self.used += count

    def give_back(self, count: int) -> None:
        """The bytes are done with."""
        self.used -= count


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """``max_bytes`` of the image, ``timeout_s`` for the whole body, ``room`` shared by all uploads."""

    max_bytes: int
    timeout_s: float
    room: UploadRoom

    def check(self, count: int, *, is_multipart: bool) -> None:
        """TooLargeError where a body of ``count`` bytes holds more than the largest image."""
        if count > self.max_bytes + (_MULTIPART_ROOM if is_multipart else 0):
            raise too_large(self.max_bytes)


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A whole body and its Content-Type."""

    body: bytes
    content_type: str

    def image(self, max_bytes: int) -> bytes:
        """The bytes of the image in it: the body itself, or the multipart field ``image``.

        Raises:
            MalformedRequestError: multipart that is not.
            ParameterError: multipart without that field, or with several.
            TooLargeError: more than ``max_bytes``.
        """
        data = self.files(())[FIELD]
        if len(data) > max_bytes:
            raise too_large(max_bytes)
        return data

    def files(self, optional: Iterable[str]) -> dict[str, bytes]:
        """The image and those of the optional multipart fields that are there, by name.

        Raises:
            MalformedRequestError: multipart that is not.
            ParameterError: multipart without ``image``, or with one of the fields twice.
        """
        kind, options = parse_options_header(self.content_type)
        if kind.decode("latin-1").lower() != MULTIPART:
            return {FIELD: self.body}
        return _fields(self.body, options.get(b"boundary", b""), {FIELD, *optional})


def too_large(max_bytes: int) -> TooLargeError:
    """The error of an image with more bytes than that."""
    return TooLargeError(
        f"The image holds more than {max_bytes / 2**20:g} MiB.",
        "Make the file smaller, or raise the setting NEARFAR_MAX_BYTES of the service.",
    )


async def read_upload(request: Request, limits: UploadLimits) -> Upload:
    """The body of a request, whole.

    Raises:
        MediaTypeError: it is compressed, or neither multipart nor an image.
        TooLargeError: by its Content-Length before anything is read, or as soon as more has arrived.
        SlowUploadError: it did not arrive in time.
        BusyError: too many bytes of other uploads are on their way.
        ClientLeftError: the client left.
    """
    headers = {name: value.decode("latin-1") for name, value in request.scope["headers"] if name in _HEADERS}
    content_type = headers.get(b"content-type", "")
    is_multipart = _check_type(headers.get(b"content-encoding", "identity"), content_type)
    length = headers.get(b"content-length", "")
    if length.isdigit():
        limits.check(int(length), is_multipart=is_multipart)
    try:
        async with asyncio.timeout(limits.timeout_s):
            body = await _collect(request.receive, limits, is_multipart=is_multipart)
    except TimeoutError as exc:
        raise SlowUploadError(
            f"The upload was not complete after {limits.timeout_s:g} s.", "Send a smaller image."
        ) from exc
    return Upload(body, content_type)


def _check_type(encoding: str, content_type: str) -> bool:
    """True for multipart, False for a raw image; MediaTypeError for what is neither."""
    if encoding.lower() != "identity":
        raise MediaTypeError(
            f"A body of Content-Encoding '{encoding[:40]}' is not taken.", "Send it as it is."
        )
    kind = content_type.partition(";")[0].strip().lower()
    if kind == MULTIPART:
        return True
    if kind and not kind.startswith("image/") and kind != "application/octet-stream":
        raise MediaTypeError(f"A body of Content-Type '{kind[:60]}' is not taken.", _TYPE_HINT)
    return False


async def _collect(receive: Receive, limits: UploadLimits, *, is_multipart: bool) -> bytes:
    body = bytearray()
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError
            chunk = message.get("body", b"")
            limits.check(len(body) + len(chunk), is_multipart=is_multipart)
            limits.room.take(len(chunk))
            body += chunk
            if not message.get("more_body", False):
                return bytes(body)
    finally:
        limits.room.give_back(len(body))


def _fields(body: bytes, boundary: bytes, names: set[str]) -> dict[str, bytes]:
    """The parts of those names of a multipart body, each at most once; ``image`` must be there."""
    if not boundary:
        raise MalformedRequestError("The multipart Content-Type names no boundary.", _TYPE_HINT)
    parts = _Parts(names)
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
    except MalformedRequestError:
        raise
    except (MultipartParseError, ValueError) as exc:
        raise MalformedRequestError("The multipart body is damaged.", _TYPE_HINT) from exc
    if not parts.is_ended:
        raise MalformedRequestError("The multipart body ends early.", _TYPE_HINT)
    for name in sorted(names):
        count = len(parts.found.get(name, ()))
        if count > 1 or (name == FIELD and not count):
            found = "no field" if not count else f"{count} fields"
            raise ParameterError(
                f"The multipart body has {found} named '{name}', but one was expected.", _TYPE_HINT, name
            )
    return {name: bytes(values[0]) for name, values in parts.found.items()}


class _Parts:
    """Gathers the parts of some names; everything else is passed over."""

    def __init__(self, names: set[str]) -> None:
        self.found: dict[str, list[bytearray]] = {}
        self._wanted = {name.encode(): name for name in names}
        self.is_ended = False
        self._header = bytearray()
        self._value = bytearray()
        self._name: bytes | None = None
        self._count = 0

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._name = None
        self._count += 1
        if self._count > MOST_PARTS:
            raise MalformedRequestError(f"The multipart body has more than {MOST_PARTS} parts.", _TYPE_HINT)

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._name = parse_options_header(bytes(self._value))[1].get(b"name")
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        if self._name in self._wanted:
            self.found.setdefault(self._wanted[self._name], []).append(bytearray())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._name in self._wanted:
            self.found[self._wanted[self._name]][-1] += data[start:end]

    def _end(self) -> None:
        self.is_ended = True
