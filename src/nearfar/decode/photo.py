"""Anything that holds a photo to a :class:`~nearfar.types.Photo`: upright, sRGB, within limits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from nearfar.decode._array import from_array
from nearfar.decode._raster import decode_bytes, from_pil
from nearfar.errors import EmptyInputError, ParameterError, SourceError, TooLargeError
from nearfar.types import Photo

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    PhotoSource = str | os.PathLike[str] | bytes | BinaryIO | Image | npt.NDArray[Any] | Photo


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest photo accepted, checked before pixels are allocated."""

    max_bytes: int = 64 * 2**20
    max_pixels: int = 100_000_000

    def check_bytes(self, count: int, name: str) -> None:
        """TooLargeError where a file holds more bytes."""
        if count > self.max_bytes:
            raise TooLargeError(
                f"{name} holds more than {self.max_bytes / 2**20:g} MiB.",
                "Make the file smaller, or raise the setting NEARFAR_MAX_BYTES.",
            )

    def check_pixels(self, width: int, height: int, name: str) -> None:
        """TooLargeError where a picture has more pixels."""
        if width * height > self.max_pixels:
            raise TooLargeError(
                f"{name} has {width}×{height} pixels, more than {self.max_pixels / 1e6:g} megapixels.",
                "Scale it down, or raise the setting NEARFAR_MAX_PIXELS.",
            )


def read_photo(source: PhotoSource, limits: Limits | None = None, name: str = "") -> Photo:
    """The photo in a path, bytes, a binary file, a PIL image or an array; a Photo passes through.

    Args:
        source: arrays are H×W, H×W×1, H×W×2 (grey and alpha), H×W×3 or H×W×4 in RGB order; uint8, uint16,
            bool, or floats in 0…1.
        limits: of bytes and pixels.
        name: what messages call it; the path, where there is one.

    Raises:
        SourceError: a path or file that cannot be read.
        EmptyInputError: no bytes.
        UnsupportedFormatError: bytes that are no picture we read.
        BrokenImageError: a picture that is damaged.
        TooLargeError: over a limit.
        ParameterError: an array of the wrong shape, type or range, or a source of another kind.
    """
    limits = limits or Limits()
    if isinstance(source, Photo):
        limits.check_pixels(source.width, source.height, source.name)
        return source
    if isinstance(source, np.ndarray):
        name = name or "the array"
        if source.ndim >= 2:
            limits.check_pixels(source.shape[1], source.shape[0], name)
        return from_array(source, name)
    if isinstance(source, (str, os.PathLike)):
        return _decode(_read_path(Path(source), limits), limits, name or str(source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _decode(bytes(source), limits, name or "the picture")
    if hasattr(source, "read"):
        name = name or str(getattr(source, "name", "the file"))
        return _decode(_read_file(source, limits, name), limits, name)
    return _from_image(source, limits, name or "the image")


def _from_image(source: Any, limits: Limits, name: str) -> Photo:
    from PIL import Image as pil  # noqa: N813 - Image is the type here

    if not isinstance(source, pil.Image):
        raise ParameterError(
            f"A photo cannot be read from {type(source).__name__}.",
            "Give a path, bytes, a binary file, a PIL image or a NumPy array.",
        )
    limits.check_pixels(*source.size, name)
    return from_pil(source, name)


def _decode(data: bytes, limits: Limits, name: str) -> Photo:
    if not data:
        raise EmptyInputError(f"{name} is empty.", "Give a picture file.")
    limits.check_bytes(len(data), name)
    return decode_bytes(data, name, limits.check_pixels)


def _read_path(path: Path, limits: Limits) -> bytes:
    if path.is_dir():
        raise SourceError(f"{path} is a folder.", "Name the pictures in it.")
    try:
        with path.open("rb") as file:
            return _read_file(file, limits, str(path))
    except FileNotFoundError as exc:
        raise SourceError(f"{path} does not exist.", "Check the name.") from exc
    except SourceError:
        raise
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.") from exc
    except ValueError as exc:  # a NUL character within the name
        raise SourceError(f"{str(path)!r} is not a file name.") from exc


def _read_file(file: Any, limits: Limits, name: str) -> bytes:
    try:
        data = file.read(limits.max_bytes + 1)
    except OSError as exc:
        raise SourceError(f"{name} cannot be read: {exc.strerror or exc}.") from exc
    if not isinstance(data, bytes):
        raise ParameterError(f"{name} is open as text.", "Open it in binary mode: open(path, 'rb').")
    limits.check_bytes(len(data), name)
    return data
