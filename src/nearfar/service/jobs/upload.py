"""The body of a new job, written to the spool while it arrives."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nearfar.errors import ParameterError
from nearfar.jobs.archive import is_archive
from nearfar.jobs.errors import BadArchiveError
from nearfar.jobs.intake import too_large
from nearfar.outputs import MAX_BYTES as PIPELINE_BYTES
from nearfar.outputs import file_options
from nearfar.service.errors import (
    ClientLeftError,
    CrowdingError,
    MalformedRequestError,
    MediaTypeError,
    SlowUploadError,
)
from nearfar.service.http.multipart import MOST_PARTS, MULTIPART, MultipartReader, boundary_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from nearfar.jobs.intake import Intake
    from nearfar.service.http.uploads import UploadRoom

IMAGES, PIPELINE = "images", "pipeline"
ZIP_TYPES = ("application/zip", "application/x-zip-compressed")
LEAST_RATE = 256 * 1024
"""Bytes a second that a body must bring on average, once the time of the setting is over."""
_PIECE = 1024 * 1024  # is handed to the thread that writes
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


def too_many_uploads(most: int) -> CrowdingError:
    """The error of one more than a caller may send at once."""
    return CrowdingError(
        f"{most} jobs of this caller are arriving, as many as may be at once.",
        "Wait until one of them is accepted, or raise the setting NEARFAR_JOB_UPLOADS of the service.",
    )


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
    boundary = boundary_of(request.headers.get("content-type", ""))
    return _Archive(intake) if boundary is None else _Form(boundary, intake)


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
    """A multipart body: pictures and ZIPs as ``images``, the pipeline, files of options; nothing else."""

    def __init__(self, boundary: bytes, intake: Intake) -> None:
        self._intake = intake
        self._pipeline: bytearray | None = None
        self._field, self._name = "", ""
        self._has_begun = False
        self._reader = MultipartReader(boundary, self, _HINT, intake.most_pictures + MOST_PARTS)

    def feed(self, data: bytes) -> None:
        self._reader.feed(data)

    def close(self) -> str:
        self._reader.close()
        return (self._pipeline or b"").decode("utf-8", "replace")

    def begin(self, field: str, file: str) -> None:
        self._field, self._name, self._has_begun = field, file, False
        if field == PIPELINE:
            if self._pipeline is not None:
                raise ParameterError("The pipeline is given twice.", "Give it once.", PIPELINE)
            self._pipeline = bytearray()
        elif not field:
            raise MalformedRequestError("A part of the multipart body has no name.", _HINT)
        elif field != IMAGES and field not in file_options():
            raise ParameterError(
                f"The multipart body has a field '{field[:60]}', which is not taken.",
                f"Send pictures as '{IMAGES}', and what is made of them as '{PIPELINE}'.",
                field[:60],
            )

    def take(self, data: bytes) -> None:
        if self._field != PIPELINE:
            self._begin_picture()
            self._intake.write(data)
        elif self._pipeline is not None:
            self._pipeline += data
            if len(self._pipeline) > PIPELINE_BYTES:
                raise ParameterError(f"The pipeline has more than {PIPELINE_BYTES} bytes.", "", PIPELINE)

    def end(self) -> None:
        if self._field != PIPELINE and (
            self._has_begun or self._name
        ):  # a page's empty file field has no name
            self._begin_picture()
            self._intake.end()

    def _begin_picture(self) -> None:
        if not self._has_begun:
            self._intake.begin(self._name, "" if self._field == IMAGES else self._field)
            self._has_begun = True
