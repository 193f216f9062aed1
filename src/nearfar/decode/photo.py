"""Anything that holds a photo to a :class:`~nearfar.types.Photo`: upright, sRGB, within limits."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from nearfar.decode._array import from_array
from nearfar.decode._raster import decode_bytes, from_pil
from nearfar.errors import EmptyInputError, ParameterError, SourceError, TooLargeError
from nearfar.types import Photo
from nearfar.types.shape import check_shape

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from nearfar.decode._raster import Needed

    PhotoSource = str | os.PathLike[str] | bytes | BinaryIO | Image | npt.NDArray[Any] | Photo


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest photo accepted, checked before pixels are allocated.

    Its sides and their ratio are bounded too, for all alike: :mod:`nearfar.types.shape`.
    """

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
        """TooLargeError where a picture has more pixels, longer sides, or is too narrow."""
        if width * height > self.max_pixels:
            raise TooLargeError(
                f"{name} has {width}×{height} pixels, more than {self.max_pixels / 1e6:g} megapixels.",
                "Scale it down, or raise the setting NEARFAR_MAX_PIXELS.",
            )
        check_shape(width, height, name)


def read_photo(
    source: PhotoSource, limits: Limits | None = None, name: str = "", needed: Needed | None = None
) -> Photo:
    """The photo in a path, bytes, a binary file, a PIL image, an array or tensor; a Photo passes through.

    Args:
        source: arrays are (H, W), (H, W, 1), (H, W, 2) (grey and alpha), (H, W, 3) or (H, W, 4) in RGB
            order; uint8, uint16, bool, or floats in 0…1; tensors of other libraries may have their channels
            first (C, H, W).
        limits: of bytes and pixels.
        name: what messages call it; the path, where there is one.
        needed: what gives the (width, height) that is enough for a photo of some (width, height): a JPEG is
            then decoded at half, a quarter or an eighth where that suffices, and says so (``reduced_from``).

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
        return _from_array(source, limits, name or "the array")
    if isinstance(source, (str, os.PathLike)):
        name = name or str(source)
        return _decode(_read_path(source, limits, name), limits, name, needed)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(source, limits, name or "the picture", needed)
    if hasattr(source, "read"):
        name = name or _name_of_file(source)
        return _decode(_read_file(source, limits, name), limits, name, needed)
    if hasattr(source, "__array__") and not hasattr(source, "getexif"):
        return _from_array(_of_tensor(source), limits, name or "the array")
    return _from_image(source, limits, name or "the image")


def _of_tensor(source: Any) -> npt.NDArray[Any]:
    """(H, W, C) of another library's array; channels that stand first, as torch has them, go last."""
    array = np.asarray(source.detach().cpu() if hasattr(source, "detach") else source)
    is_first = array.ndim == 3 and array.shape[0] in {1, 3, 4} and array.shape[2] not in {1, 3, 4}
    return np.moveaxis(array, 0, -1) if is_first else array


def read_bytes(source: Any, limits: Limits, name: str) -> tuple[bytes, str]:
    """The bytes in a path, bytes or a binary file, within the limit, and what messages call them.

    Raises:
        SourceError: a path or file that cannot be read.
        TooLargeError: over the limit.
    """
    if isinstance(source, (str, os.PathLike)):
        name = name or str(source)
        return _read_path(source, limits, name), name
    if isinstance(source, (bytes, bytearray, memoryview)):
        limits.check_bytes(memoryview(source).nbytes, name or "the file")
        return bytes(source), name or "the file"
    name = name or _name_of_file(source)
    return _read_file(source, limits, name), name


def _from_array(source: npt.NDArray[Any], limits: Limits, name: str) -> Photo:
    if source.ndim >= 2:
        limits.check_pixels(source.shape[1], source.shape[0], name)
    return from_array(source, name)


def _from_bytes(
    source: bytes | bytearray | memoryview, limits: Limits, name: str, needed: Needed | None
) -> Photo:
    limits.check_bytes(memoryview(source).nbytes, name)
    return _decode(bytes(source), limits, name, needed)


def _from_image(source: Any, limits: Limits, name: str) -> Photo:
    from PIL import Image as pil  # noqa: N813 - Image is the type here

    if not isinstance(source, pil.Image):
        raise ParameterError(
            f"A photo cannot be read from {type(source).__name__}.",
            "Give a path, bytes, a binary file, a PIL image or a NumPy array.",
        )
    limits.check_pixels(*source.size, name)
    if 0 in source.size:
        raise EmptyInputError(f"{name} has {source.width}×{source.height} pixels.", "Give one with pixels.")
    return from_pil(source, name)


def _decode(data: bytes, limits: Limits, name: str, needed: Needed | None) -> Photo:
    if not data:
        hint = "Give a picture; an open file is read from where it stands."
        raise EmptyInputError(f"{name} is empty.", hint)
    return decode_bytes(data, name, limits.check_pixels, needed)


def _read_path(source: str | os.PathLike[Any], limits: Limits, name: str) -> bytes:
    """The bytes of a regular file: a pipe could hang, a device never ends."""
    try:
        path = Path(os.fsdecode(source))
        _check_regular(path.stat(), limits, name)
        with path.open("rb") as file:
            return _read_file(file, limits, name)
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise SourceError(f"{name} does not exist.", "Check the name.") from exc
    except SourceError:
        raise
    except OSError as exc:
        raise SourceError(f"{name} cannot be read: {exc.strerror or exc}.") from exc
    except TooLargeError:
        raise
    except ValueError as exc:  # a NUL character within the name
        raise SourceError(f"{name!r} cannot be the name of a file.", "Check the name.") from exc


def _check_regular(found: os.stat_result, limits: Limits, name: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise SourceError(f"{name} is a folder.", "Name the pictures in it.")
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"{name} is not a regular file.", "Open it yourself and pass the open file.")
    limits.check_bytes(found.st_size, name)


def _name_of_file(file: Any) -> str:
    name = getattr(file, "name", None)  # a number where it was opened from a descriptor
    return name if isinstance(name, str) and name else "the file"


def _read_file(file: Any, limits: Limits, name: str) -> bytes:
    if isinstance(file, io.TextIOBase):
        raise ParameterError(f"{name} is open as text.", "Open it in binary mode: open(path, 'rb').")
    parts, count = [], 0
    while count <= limits.max_bytes and (part := _read_part(file, limits.max_bytes + 1 - count, name)):
        parts.append(part)
        count += len(part)
    limits.check_bytes(count, name)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_part(file: Any, count: int, name: str) -> bytes:
    """Some of a file's bytes, at most ``count``; none at its end."""
    try:
        part = file.read(count)
    except Exception as exc:  # a file object of someone else's raises anything
        reason = getattr(exc, "strerror", None) or exc
        raise SourceError(f"{name} cannot be read: {reason}.") from exc
    if isinstance(part, str):
        raise ParameterError(f"{name} is open as text.", "Open it in binary mode: open(path, 'rb').")
    return bytes(part or b"")
