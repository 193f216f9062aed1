"""What is asked of a service, as plain data: both clients send the same calls."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from nearfar.client import answers
from nearfar.decode.photo import Limits, read_photo
from nearfar.encode import encode
from nearfar.errors import EmptyInputError, ParameterError, SourceError
from nearfar.types import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nearfar.client.answers import Answer, Models
    from nearfar.decode.photo import PhotoSource
    from nearfar.types import Clip, DepthMap, RangeRule

    Part = tuple[str, tuple[str | None, Any]]
    """Name of a field; (name of its file, or None, and bytes or a binary file)."""
    Form = Literal["json", "npy", "png16"]

T = TypeVar("T")
_FORMS: dict[str, dict[str, str]] = {
    "json": {"format": "json", "parts": "npy"},
    "npy": {"format": "npy"},
    "png16": {"format": "png16"},
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a client sends and takes at most, in bytes."""

    photo_bytes: int = 64 * 2**20
    answer_bytes: int = 2**30
    job_bytes: int = 2**30
    """Of all photos of a job."""
    results_bytes: int = 16 * 2**30
    """Of the results of a job, which go to the disk."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, and what reads its answer.

    ``parts`` (in their order), or ``files``, are fields of a multipart body, else ``body``. ``sink`` takes
    the body of a good answer as it comes; it is not kept.
    """

    method: str
    path: str
    read: Callable[[Answer], T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    sink: Callable[[bytes], object] | None = None


def depth(photo: PhotoSource, bounds: Bounds, form: Form, options: Mapping[str, Any]) -> Call[DepthMap]:
    """``POST /v1/depth`` for the values."""
    if form not in _FORMS:
        raise ParameterError(f"form is '{form}'.", f"Give one of {', '.join(_FORMS)}.", "form")
    query = _FORMS[form] | texts(options)
    return Call("POST", "/v1/depth", answers.read_depth, query, **_photo(photo, bounds))


def heatmap(photo: PhotoSource, bounds: Bounds, options: Mapping[str, Any]) -> Call[Picture]:
    """``POST /v1/depth`` for the colours."""
    query = {"format": "png"} | texts(options)
    return Call("POST", "/v1/depth", _as_picture, query, **_photo(photo, bounds))


def effect(name: str, photo: PhotoSource, bounds: Bounds, options: Mapping[str, Any]) -> Call[Picture | Clip]:
    """``POST /v1/effects/NAME``."""
    return _plugin("effects", name, photo, bounds, options, answers.read_picture)


def export(name: str, photo: PhotoSource, bounds: Bounds, options: Mapping[str, Any]) -> Call[bytes]:
    """``POST /v1/exports/NAME``."""
    return _plugin("exports", name, photo, bounds, options, answers.read_bytes)


def models() -> Call[Models]:
    """``GET /v1/models``."""
    return Call("GET", "/v1/models", answers.read_models)


def status(path: str) -> Call[dict[str, Any]]:
    """``GET /healthz`` and ``GET /readyz``."""
    return Call("GET", path, answers.read_json)


def _plugin(
    noun: str,
    name: str,
    photo: PhotoSource,
    bounds: Bounds,
    options: Mapping[str, Any],
    read: Callable[[Answer], T],
) -> Call[T]:
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ParameterError(f"'{name}' is no name of anything in {noun}.", parameter="name")
    files = {key: upload(value, bounds) for key, value in options.items() if _is_file(value)}
    query = texts({key: value for key, value in options.items() if key not in files})
    path = f"/v1/{noun}/{name.replace('_', '-') if noun == 'effects' else name}"
    if not files:
        return Call("POST", path, read, query, **_photo(photo, bounds))
    return Call("POST", path, read, query, files={"image": upload(photo, bounds), **files})


def _as_picture(answer: Answer) -> Picture:
    return cast("Picture", answers.read_picture(answer))


def _photo(photo: PhotoSource, bounds: Bounds) -> dict[str, Any]:
    headers = {"Content-Type": "application/octet-stream"}
    return {"body": upload(photo, bounds), "headers": headers}


def upload(photo: PhotoSource, bounds: Bounds) -> bytes:
    """The bytes to send: files as they are; arrays and decoded pictures as PNG, which loses nothing.

    Raises:
        SourceError: the file cannot be read.
        EmptyInputError: it holds nothing.
        TooLargeError: more bytes than the bounds allow; they are not read.
    """
    data = _bytes(photo, bounds)
    if not data:
        raise EmptyInputError("The photo holds no bytes.")
    Limits(max_bytes=bounds.photo_bytes).check_bytes(len(data), "The photo")
    return data


def _bytes(photo: PhotoSource, bounds: Bounds) -> bytes:
    if isinstance(photo, (bytes, bytearray, memoryview)):
        return bytes(photo)
    if isinstance(photo, (str, os.PathLike)):
        return _file(Path(photo), bounds)
    if hasattr(photo, "read"):
        return cast("bytes", photo.read(bounds.photo_bytes + 1))
    decoded = read_photo(photo)
    pixels = decoded.pixels
    if decoded.alpha is not None:
        import numpy as np

        pixels = np.dstack([pixels, decoded.alpha])
    return encode(pixels, ".png")


def _file(path: Path, bounds: Bounds) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(bounds.photo_bytes + 1)
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc


def _is_file(value: object) -> bool:
    """True for what is sent as a file: a text is never taken for a path here, for an option may be one."""
    if isinstance(value, (str, Number)):
        return False
    return isinstance(value, (bytes, bytearray, os.PathLike)) or any(
        hasattr(value, name) for name in ("read", "pixels", "tobytes")
    )


def texts(options: Mapping[str, Any]) -> dict[str, str]:
    """Options as a query; None is left out."""
    return {name: _text(value) for name, value in options.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(_text, value)) if isinstance(value, (tuple, list)) else str(value)


def shown(colormap: str, range: RangeRule, overlay: float | None) -> dict[str, Any]:
    """The options of a heat map."""
    return {"colormap": colormap, "range": range, "overlay": overlay}
