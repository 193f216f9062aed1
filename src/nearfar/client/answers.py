"""Answers of a service to what the library gives."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.client.errors import ServiceError, error_of
from nearfar.client.retries import seconds_of
from nearfar.decode.depth import depth_of_bytes
from nearfar.encode import CLIP_TYPES
from nearfar.encode.metadata import Metadata
from nearfar.errors import InputError
from nearfar.types import Clip, Picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.errors import NearfarError
    from nearfar.types import DepthMap


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    warnings: tuple[str, ...] = ()
    """Every ``Nearfar-Warning`` header."""

    @property
    def media_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ServiceError: it is none.
        """
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise ServiceError(
                f"The answer is no JSON but {self.media_type or 'of no type'}.", "Is this a nearfar service?"
            ) from exc

    def error(self) -> NearfarError:
        """The error that an answer of 400 or more tells of."""
        try:
            problem = json.loads(self.body)
        except ValueError:
            problem = {}
        retry_after_s = seconds_of(self.headers.get("retry-after"))
        return error_of(self.status, problem if isinstance(problem, dict) else {}, int(retry_after_s or 1))


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of a service. ``row`` has everything that the service says of it."""

    name: str
    title: str
    kind: str
    unit: str
    licence: str
    is_commercial_use_allowed: bool
    parameters: int
    speed: str
    is_installed: bool
    summary: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a service; ``default`` is the one used where none is named."""

    default: str
    models: tuple[ModelRow, ...]


def read_depth(answer: Answer) -> DepthMap:
    """The depth map of a JSON, npy or 16-bit PNG answer.

    A JSON answer says everything; an npy answer, whose meaning stands in its headers, has no camera.

    Raises:
        ServiceError: an answer that holds no depth.
    """
    read = {"application/json": _from_json, "application/x-npy": _from_npy, "image/png": _from_png16}
    try:
        return read[answer.media_type](answer)
    except (KeyError, ValueError, TypeError, InputError) as exc:
        raise ServiceError(f"The answer holds no depth: {exc}.", "Is this a nearfar service?") from exc


def _from_json(answer: Answer) -> DepthMap:
    row = answer.json()
    return depth_of_bytes(base64.b64decode(row["parts"]["npy"]["base64"]), "the answer", row)


def _from_npy(answer: Answer) -> DepthMap:
    headers = answer.headers
    width, height = headers["nearfar-input-size"].split("x")
    record = {
        "kind": headers["nearfar-kind"],
        "model": headers["nearfar-model"],
        "weights_sha256": headers["nearfar-weights-sha256"],
        "input_width": width,
        "input_height": height,
        "warnings": [
            dict(zip(("code", "message"), text.split(": ", 1), strict=True)) for text in answer.warnings
        ],
    }
    return depth_of_bytes(answer.body, "the answer", record)


def _from_png16(answer: Answer) -> DepthMap:
    return depth_of_bytes(answer.body, "the answer")


def read_picture(answer: Answer) -> Picture | Clip:
    """The picture of a PNG, JPEG or WebP answer with its texts, or the clip of a GIF, WebP or video.

    Raises:
        ServiceError: neither.
    """
    suffix = {kind: end for end, kind in CLIP_TYPES.items()}.get(answer.media_type)
    if suffix and suffix != ".webp":
        return Clip(answer.body, suffix)
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(answer.body), formats=["PNG", "JPEG", "WEBP"])
        if getattr(image, "is_animated", False):
            return Clip(answer.body, ".webp")
        image.load()
        text = tuple((str(key), str(value)) for key, value in image.info.items() if isinstance(value, str))
        exif = image.info.get("exif", b"").removeprefix(b"Exif\0\0")
        return Picture(np.asarray(image), text, kept=Metadata(exif, image.info.get("dpi")))
    except Exception as exc:  # Pillow raises anything on damaged files
        raise ServiceError(f"The answer is no picture but {answer.media_type}: {exc}.") from exc


def read_models(answer: Answer) -> Models:
    """The catalogue of a service.

    Raises:
        ServiceError: something is missing.
    """
    found = answer.json()
    names = [name for name in ModelRow.__dataclass_fields__ if name != "row"]
    try:
        rows = tuple(ModelRow(**{name: row[name] for name in names}, row=row) for row in found["models"])
        return Models(found["default"], rows)
    except (KeyError, TypeError) as exc:
        raise ServiceError(f"The answer is no list of models: {exc} is missing.") from exc


def read_bytes(answer: Answer) -> bytes:
    """The body as it came."""
    return answer.body


def read_json(answer: Answer) -> dict[str, Any]:
    """The body as a JSON object."""
    return dict(answer.json())
