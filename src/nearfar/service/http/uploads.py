"""Request bodies: counted while they arrive, kept in memory, never on disk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import BusyError, ParameterError, TooLargeError
from nearfar.service.errors import ClientLeftError, MediaTypeError, SlowUploadError
from nearfar.service.http.multipart import MULTIPART, MultipartReader, boundary_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.types import Receive

FIELD = "image"
PROMPT = "prompt"
RAW_TYPES = ("image/*", "application/octet-stream")
_HEADERS = frozenset({b"content-type", b"content-encoding", b"content-length"})
_MULTIPART_ROOM = 64 * 1024  # for boundaries, part headers and small fields beside the image
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

    def files(self, optional: Iterable[str], max_bytes: int) -> dict[str, bytes]:
        """The image, and those of the optional multipart fields that are there, by name.

        The image is the body itself, or the multipart field ``image``.

        Raises:
            MalformedRequestError: multipart that is not.
            ParameterError: multipart without ``image``, or with one of the fields twice.
            TooLargeError: an image of more than ``max_bytes``.
        """
        boundary = boundary_of(self.content_type)
        found = {FIELD: self.body}
        if boundary is not None:
            found = _fields(self.body, boundary, {FIELD, *optional})
        if len(found[FIELD]) > max_bytes:
            raise too_large(max_bytes)
        return found


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
    parts = _Parts(names)
    reader = MultipartReader(boundary, parts, _TYPE_HINT)
    reader.feed(body)
    reader.close()
    for name in sorted(names):
        count = len(parts.found.get(name, ()))
        if count > 1 or (name == FIELD and not count):
            found = "no field" if not count else f"{count} fields"
            raise ParameterError(
                f"The multipart body has {found} named '{name}', but one was expected.", _TYPE_HINT, name
            )
    for name in parts.others:
        raise ParameterError(
            f"The multipart body has a field '{name[:60]}', which is not taken.",
            "Options stand in the query of the address (?name=value); fields are files.",
            name[:60],
        )
    return {name: bytes(values[0]) for name, values in parts.found.items()}


class _Parts:
    """Gathers the parts of some names, and the names of all others."""

    def __init__(self, names: set[str]) -> None:
        self.found: dict[str, list[bytearray]] = {}
        self._names = names
        self._part = bytearray()
        self._is_wanted = False
        self.others: list[str] = []

    def begin(self, field: str, _: str) -> None:
        self._is_wanted = field in self._names
        if not self._is_wanted:
            self.others.append(field)
        if self._is_wanted:
            self._part = bytearray()
            self.found.setdefault(field, []).append(self._part)

    def take(self, data: bytes) -> None:
        if self._is_wanted:
            self._part += data

    def end(self) -> None:
        """The next part says what it is."""
