"""The body of a new job, written to the spool while it arrives."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from nearfar.errors import ParameterError
from nearfar.jobs.archive import is_archive
from nearfar.jobs.errors import BadArchiveError
from nearfar.jobs.intake import too_large
from nearfar.outputs import MAX_BYTES as PIPELINE_BYTES
from nearfar.service.errors import ClientLeftError, MalformedRequestError, MediaTypeError, SlowUploadError
from nearfar.service.http.uploads import MOST_PARTS, MULTIPART

if TYPE_CHECKING:
    from collections.abc import Iterator

    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request

    from nearfar.jobs.intake import Intake
    from nearfar.service.http.uploads import UploadRoom

IMAGES, PIPELINE = "images", "pipeline"
ZIP_TYPES = ("application/zip", "application/x-zip-compressed")
LEAST_RATE = 256 * 1024
"""Bytes a second that a body must bring on average, once the time of the setting is over."""
_PIECE = 1024 * 1024  # is handed to the thread that writes
_HEADER_BYTES = 16 * 1024
_ROOM_PER_PART = 1024  # of a multipart body, beside the picture
_HINT = (
    "Send pictures or ZIPs as multipart fields 'images' (curl -F images=@a.jpg -F images=@b.jpg), or one ZIP "
    "as the body with the Content-Type application/zip."
)


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """``job_bytes`` of pictures, ``pictures`` of them, ``timeout_s`` before the least rate counts."""

    job_bytes: int
    pictures: int
    timeout_s: float
    room: UploadRoom

    @property
    def body_bytes(self) -> int:
        """Bytes of the whole body."""
        return self.job_bytes + self.pictures * _ROOM_PER_PART + 2 * PIPELINE_BYTES


class Feeder(Protocol):
    """Takes a body in pieces."""

    def feed(self, data: bytes) -> None:
        """The next bytes."""

    def close(self) -> str:
        """The body is whole; gives the pipeline that came with it, or ""."""


def feeder_of(request: Request, intake: Intake) -> Feeder:
    """What reads a body of the request's Content-Type.

    Raises:
        MediaTypeError: it is neither multipart nor a ZIP, or compressed.
        MalformedRequestError: multipart without a boundary.
    """
    check_type(request)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.decode("latin-1").lower() == MULTIPART:
        return _Form(options.get(b"boundary", b""), intake)
    return _Archive(intake)


def check_type(request: Request) -> None:
    """Raise MediaTypeError for a body that is not taken."""
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise MediaTypeError(
            f"A body of Content-Encoding '{encoding[:40]}' is not taken.", "Send it as it is."
        )
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MULTIPART and kind not in ZIP_TYPES:
        raise MediaTypeError(f"A body of Content-Type '{kind[:60]}' is not taken.", _HINT)


def announced_bytes(request: Request, limits: BodyLimits) -> int:
    """Bytes that the body says it has, 0 where it does not.

    Raises:
        TooLargeError: more than are taken.
    """
    length = request.headers.get("content-length", "")
    count = int(length) if length.isdigit() else 0
    if count > limits.body_bytes:
        raise too_large(limits.job_bytes)
    return count


async def read_body(request: Request, feeder: Feeder, limits: BodyLimits) -> str:
    """Feed the whole body; the pipeline that came with it.

    Raises:
        TooLargeError: over a limit.
        SlowUploadError: it comes too slowly.
        ClientLeftError: the client left.
        MalformedRequestError: multipart that is not.
        StorageFullError: the disk is full.
    """
    begin, received, held = time.monotonic(), 0, bytearray()
    try:
        is_more = True
        while is_more:
            left_s = begin + limits.timeout_s + received / LEAST_RATE - time.monotonic()
            chunk, is_more = await _chunk(request, left_s)
            received += len(chunk)
            if received > limits.body_bytes:
                raise too_large(limits.job_bytes)
            limits.room.take(len(chunk))
            held += chunk
            if len(held) >= _PIECE or not is_more:
                await asyncio.to_thread(feeder.feed, bytes(held))
                limits.room.give_back(len(held))
                held.clear()
    finally:
        limits.room.give_back(len(held))
    return await asyncio.to_thread(feeder.close)


async def _chunk(request: Request, left_s: float) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout(max(left_s, 0.0)):
            message = await request.receive()
    except TimeoutError as exc:
        raise SlowUploadError("The upload came too slowly.", "Send fewer pictures in a job.") from exc
    if message["type"] == "http.disconnect":
        raise ClientLeftError
    return message.get("body", b""), message.get("more_body", False)


class _Archive:
    """A body that is a ZIP."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._head = b""
        intake.begin("job.zip")

    def feed(self, data: bytes) -> None:
        self._head += data[: 4 - len(self._head)]
        if len(self._head) == 4 and not is_archive(self._head):
            raise _no_zip()
        self._intake.write(data)

    def close(self) -> str:
        if not is_archive(self._head):
            raise _no_zip()
        self._intake.end()
        return ""


def _no_zip() -> BadArchiveError:
    return BadArchiveError("The body is no ZIP.", _HINT)


class _Form:
    """A multipart body: pictures and ZIPs as ``images``, the pipeline; other fields are passed over."""

    def __init__(self, boundary: bytes, intake: Intake) -> None:
        if not boundary:
            raise MalformedRequestError("The multipart Content-Type names no boundary.", _HINT)
        self._intake = intake
        self._pipeline: bytearray | None = None
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._field, self._name = "", ""
        self._has_begun = self._is_ended = False
        self._parts, self._most = 0, intake.most_pictures + MOST_PARTS
        with _translated():
            self._parser = MultipartParser(boundary, self._callbacks())

    def feed(self, data: bytes) -> None:
        with _translated():
            self._parser.write(data)

    def close(self) -> str:
        with _translated():
            self._parser.finalize()
        if not self._is_ended:
            raise MalformedRequestError("The multipart body ends early.", _HINT)
        return (self._pipeline or b"").decode("utf-8", "replace")

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._grow(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    @staticmethod
    def _grow(text: bytearray, more: bytes) -> None:
        text += more
        if len(text) > _HEADER_BYTES:
            raise MalformedRequestError("A header of the multipart body is too long.", _HINT)

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > self._most:
            raise MalformedRequestError(f"The multipart body has more than {self._most} parts.", _HINT)
        self._disposition = b""
        self._field = self._name = ""
        self._has_begun = False

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        options = parse_options_header(self._disposition)[1]
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._name = options.get(b"filename", b"").decode("utf-8", "replace")
        if self._field == PIPELINE:
            if self._pipeline is not None:
                raise ParameterError("The pipeline is given twice.", "Give it once.", PIPELINE)
            self._pipeline = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field == IMAGES:
            self._begin_picture()
            self._intake.write(data[start:end])
        elif self._field == PIPELINE and self._pipeline is not None:
            self._pipeline += data[start:end]
            if len(self._pipeline) > PIPELINE_BYTES:
                raise ParameterError(f"The pipeline has more than {PIPELINE_BYTES} bytes.", "", PIPELINE)

    def _part_end(self) -> None:
        if self._field == IMAGES and (self._has_begun or self._name):  # a page's empty file field has no name
            self._begin_picture()
            self._intake.end()

    def _begin_picture(self) -> None:
        if not self._has_begun:
            self._intake.begin(self._name)
            self._has_begun = True

    def _end(self) -> None:
        self._is_ended = True


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Translate what the parser raises."""
    try:
        yield
    except MultipartParseError as exc:
        raise MalformedRequestError("The multipart body is damaged.", _HINT) from exc
