"""Depth files back to depth maps."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from nearfar.errors import (
    BrokenImageError,
    EmptyInputError,
    ParameterError,
    SourceError,
    UnsupportedFormatError,
    did_you_mean,
)
from nearfar.types import Camera, DepthKind, DepthMap, PhotoWarning, Provenance

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from nearfar.types.arrays import FloatMap

    Record = Mapping[str, Any]

_PREFIX = "nearfar:"


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """H×W values, NaN where not valid, and what the file says of them (empty: nothing)."""

    values: FloatMap
    record: Record


def read_depth(
    path: str | os.PathLike[str], *, kind: str | DepthKind | None = None, scale: float = 1.0
) -> DepthMap:
    """The depth map in a file: 16-bit PNG, TIFF, EXR, PFM, NPY or NPZ.

    Args:
        path: the file. What its values mean is taken from the file, or from ``path`` + ``.json``.
        kind: what the values mean, for files that do not say it: ``relative_inverse``, ``affine_depth`` or
            ``metric``.
        scale: what such a file's numbers are multiplied by; 1/1000 for millimetres.

    Raises:
        SourceError: the file cannot be read.
        UnsupportedFormatError: no depth file, or a picture in colours.
        BrokenImageError: a depth file that is damaged.
        ParameterError: the file does not say what its values mean, and ``kind`` is not given.

    Example:
        >>> import nearfar
        >>> depth = nearfar.read_depth("depth.tiff")  # doctest: +SKIP
    """
    name = str(path)
    data = _bytes(Path(path))
    found = _reader(data, name)(data, name)
    record = found.record or _sidecar(Path(f"{name}.json"))
    values = found.values if record or scale == 1.0 else found.values * np.float32(scale)
    if not record and kind is None:
        raise ParameterError(
            f"{name} does not say what its values mean.",
            f"Pass kind (--depth-kind): one of {', '.join(DepthKind)}; or keep its sidecar "
            f"{Path(name).name}.json.",
            parameter="kind",
        )
    return _described(values, record or {"kind": _kind(str(kind))}, name)


def _kind(name: str) -> DepthKind:
    try:
        return DepthKind(name)
    except ValueError as exc:
        raise ParameterError(f"kind is '{name}'.", did_you_mean(name, DepthKind), parameter="kind") from exc


def depth_of_bytes(data: bytes, name: str = "the depth file", record: Record | None = None) -> DepthMap:
    """The depth map in the bytes of a depth file.

    Args:
        data: of a file that says what its values mean, or of any with a ``record``.
        name: what messages call it.
        record: what the values mean, as :meth:`DepthMap.describe` says it; it goes before the file's own.

    Raises:
        UnsupportedFormatError, BrokenImageError, ParameterError: as in :func:`read_depth`.
    """
    if not data:
        raise EmptyInputError(f"{name} is empty.")
    found = _reader(data, name)(data, name)
    return _described(found.values, record or found.record, name)


def _described(values: FloatMap, record: Record, name: str) -> DepthMap:
    """The map of the values as a record describes them; BrokenImageError where it does not."""
    try:
        return _depth_map(values, record)
    except (KeyError, TypeError, ValueError) as exc:
        if isinstance(exc, ParameterError):
            raise
        raise BrokenImageError(f"The description in {name} is damaged: {exc}.") from exc


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise SourceError(f"{path} cannot be read: {exc.strerror or exc}.", "Check the name.") from exc
    if not data:
        raise EmptyInputError(f"{path} is empty.")
    return data


def _sidecar(path: Path) -> Record:
    if not path.is_file():
        return {}
    try:
        record = json.loads(_bytes(path))
    except ValueError as exc:
        raise BrokenImageError(f"The sidecar {path} is not JSON: {exc}.") from exc
    if not isinstance(record, dict):
        raise BrokenImageError(f"The sidecar {path} holds no description.")
    return record


def _depth_map(values: FloatMap, record: Record) -> DepthMap:
    if values.ndim != 2:
        raise ParameterError(f"Depth values are H×W, not {values.shape}.")
    valid = np.isfinite(values)
    camera = record.get("camera")
    provenance = Provenance(
        str(record.get("model", "")),
        str(record.get("weights_sha256", "")),
        (int(record.get("input_width", 0)), int(record.get("input_height", 0))),
        str(record.get("engine", "")),
        int(record.get("tiles", 0)),
    )
    warnings = tuple(PhotoWarning(str(w["code"]), str(w["message"])) for w in record.get("warnings", ()))
    return DepthMap(
        np.ascontiguousarray(values, np.float32),
        DepthKind(record["kind"]),
        None if valid.all() else valid,
        None if camera is None else Camera(**camera),
        provenance,
        warnings,
    )


def _reader(data: bytes, name: str) -> Callable[[bytes, str], _Found]:
    for start, reader in _READERS.items():
        if data.startswith(start):
            return reader
    raise UnsupportedFormatError(
        f"{name} is no depth file.", "Depth is read from 16-bit PNG, TIFF, EXR, PFM, NPY and NPZ."
    )


def _refuse_colours(name: str) -> NoReturn:
    raise UnsupportedFormatError(
        f"{name} is a picture in colours, and colours are not depth: a heat map cannot be turned "
        "back, for its range, its kind and most of its steps are gone.",
        "Keep the values: save depth as .tiff, .npy or 16-bit .png.",
    )


def _image(data: bytes, name: str) -> Any:
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except Exception as exc:  # Pillow raises anything on damaged files
        raise BrokenImageError(f"{name} cannot be decoded: {exc}.") from exc
    return image


def _from_png(data: bytes, name: str) -> _Found:
    image = _image(data, name)
    if image.mode in {"RGB", "RGBA", "P", "LA", "PA"}:
        _refuse_colours(name)
    text = {k.removeprefix(_PREFIX): v for k, v in image.info.items() if str(k).startswith(_PREFIX)}
    numbers = np.asarray(image)
    if image.mode in {"L", "1"}:
        raise UnsupportedFormatError(
            f"{name} has 8 bits: 256 steps are too few for depth.", "Save depth as 16-bit PNG, TIFF or NPY."
        )
    if not text:
        return _Found(np.where(numbers == 0, np.float32("nan"), numbers.astype(np.float32)), {})
    try:
        scale, offset = float(text["scale"]), float(text["offset"])
    except (KeyError, ValueError) as exc:
        raise BrokenImageError(f"{name} has no scale and offset in its text.") from exc
    values = (numbers * scale + offset).astype(np.float32)
    values[numbers == 0] = np.nan
    return _Found(values, _from_text(text))


def _from_text(text: Mapping[str, str]) -> Record:
    record: dict[str, Any] = dict(text)
    record["camera"] = json.loads(text.get("camera", "null"))
    record["warnings"] = json.loads(text.get("warnings", "[]"))
    return record


def _from_tiff(data: bytes, name: str) -> _Found:
    image = _image(data, name)
    if image.mode != "F":
        if image.mode in {"RGB", "RGBA", "CMYK", "P", "LAB", "YCbCr"}:
            _refuse_colours(name)
        raise UnsupportedFormatError(f"{name} is a TIFF of mode {image.mode}, not float32.")
    return _Found(np.array(image, np.float32), _json_or_nothing(str(image.tag_v2.get(270, ""))))


def _json_or_nothing(text: str) -> Record:
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) and "kind" in record else {}


def _from_exr(data: bytes, name: str) -> _Found:
    import OpenEXR

    try:
        file = OpenEXR.File(io.BytesIO(data), separate_channels=True)
        channels = {key: np.array(channel.pixels) for key, channel in file.channels().items()}
        text = str(file.header().get("nearfar", ""))
    except Exception as exc:  # the binding raises what it likes
        raise BrokenImageError(f"{name} cannot be decoded: {exc}.") from exc
    wanted = next((key for key in ("Z", "Y", "depth.Z") if key in channels), None)
    if wanted is None:
        if len(channels) != 1:
            raise UnsupportedFormatError(f"{name} has the channels {', '.join(channels)}, but no Z.")
        wanted = next(iter(channels))
    return _Found(np.asarray(channels[wanted], np.float32), _json_or_nothing(text))


def _from_pfm(data: bytes, name: str) -> _Found:
    if data.startswith(b"PF"):
        _refuse_colours(name)
    try:
        _, size, scale, body = data.split(b"\n", 3)
        width, height = (int(n) for n in size.split())
        order = "<f4" if float(scale) < 0 else ">f4"
        values = np.frombuffer(body, order, width * height).reshape(height, width)[::-1]
    except ValueError as exc:
        raise BrokenImageError(f"{name} is a damaged PFM file: {exc}.") from exc
    return _Found(values.astype(np.float32), {})


def _from_npy(data: bytes, name: str) -> _Found:
    try:
        values = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError) as exc:  # the last: a header that claims too much
        raise BrokenImageError(f"{name} is a damaged NumPy file: {exc}.") from exc
    if values.ndim == 3 and values.shape[2] in {3, 4}:
        _refuse_colours(name)
    if values.ndim != 2 or values.size == 0 or values.dtype.kind not in "fiu":
        raise UnsupportedFormatError(
            f"{name} holds {values.shape} of {values.dtype}, but H×W numbers were expected."
        )
    return _Found(values.astype(np.float32), {})


def _from_npz(data: bytes, name: str) -> _Found:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            fields = dict(archive)
        values = np.where(fields["valid"], fields["values"], np.float32("nan")).astype(np.float32)
        return _Found(values, json.loads(str(fields["record"])))
    except Exception as exc:  # zipfile, zlib and NumPy each have errors of their own
        raise BrokenImageError(f"{name} is no archive that nearfar wrote: {exc}.") from exc


def _from_photo(data: bytes, name: str) -> _Found:  # noqa: ARG001 - the table's shape
    _refuse_colours(name)


_READERS: dict[bytes, Callable[[bytes, str], _Found]] = {
    b"\x89PNG": _from_png,
    b"II*\0": _from_tiff,
    b"MM\0*": _from_tiff,
    b"\x76\x2f\x31\x01": _from_exr,
    b"Pf": _from_pfm,
    b"PF": _from_pfm,
    b"\x93NUMPY": _from_npy,
    b"PK\x03\x04": _from_npz,
    b"\xff\xd8\xff": _from_photo,
    b"RIFF": _from_photo,
}
"""How a file begins, and what reads it."""
