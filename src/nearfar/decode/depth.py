"""Depth files back to depth maps."""

from __future__ import annotations

import numbers
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode._depth_files import Found, Source, find
from nearfar.decode._validity import INVALID_HELP, parse_invalid, validity
from nearfar.decode.own_depth import read_own_depth
from nearfar.decode.photo import Limits, read_bytes
from nearfar.errors import BrokenImageError, EmptyInputError, ParameterError, did_you_mean
from nearfar.machine.texts import parse_json
from nearfar.types import Camera, DepthKind, DepthMap, PhotoWarning, Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

    Record = Mapping[str, Any]
    DepthSource = str | os.PathLike[str] | bytes | BinaryIO

__all__ = ["INVALID_HELP", "depth_of_bytes", "read_depth"]

MOST_BYTES = 2**31
"""Of a depth file."""
_MILLIMETRES = 200.0  # metres: whole numbers beyond are most likely thousandths


def read_depth(
    source: DepthSource,
    *,
    kind: str | DepthKind | None = None,
    scale: float = 1.0,
    invalid: str | float | None = "",
    array: str = "",
) -> DepthMap:
    """The depth map in a file (16-bit PNG, TIFF, EXR, PFM, NPY or NPZ, of any program), or within a photo.

    A photo gives the depth that it carries itself: GDepth, Dynamic Depth, or what Apple's cameras put into
    JPEG and HEIC; of a spatial photo, that between its two pictures.

    Args:
        source: a path, bytes or a binary file. What its values mean is taken from the file, or from the
            path + ``.json``.
        kind: what the values mean, for files that do not say it: ``relative_inverse``, ``affine_depth`` or
            ``metric``.
        scale: what such a file's numbers are multiplied by; 1/1000 for millimetres.
        invalid: numbers of such a file that are no distance (``0,65535``, ``<0``); ``none``: all are.
            Otherwise what is not finite, what the file states, the usual marks, and what is not above 0
            where ``kind`` is metric. A warning of the map tells how many there are.
        array: the name of the array in an NPZ file, where several could be meant.

    Raises:
        SourceError: the file cannot be read.
        UnsupportedFormatError: no depth file, or a picture in colours.
        BrokenImageError: a depth file that is damaged.
        ParameterError: the file does not say what its values mean, and ``kind`` is not given; or they
            cannot be metres.

    """
    name, data, beside = _opened(source)
    own = read_own_depth(data, name)
    if own is not None:
        return own
    found = find(Source(data, name, array))
    record = found.record or (_sidecar(beside) if beside else {})
    if record:
        return _described(np.asarray(found.numbers, np.float32), record, name)
    if kind is None:
        advice = f"; or keep its sidecar {beside.name}" if beside else ""
        raise ParameterError(
            f"{name} does not say what its values mean.",
            f"Pass kind (--depth-kind): one of {', '.join(DepthKind)}{advice}.",
            parameter="kind",
        )
    return _foreign(found, _kind(str(kind)), scale, invalid, name)


def _kind(name: str) -> DepthKind:
    try:
        return DepthKind(name)
    except ValueError as exc:
        raise ParameterError(f"kind is '{name}'.", did_you_mean(name, DepthKind), parameter="kind") from exc


def _foreign(found: Found, kind: DepthKind, scale: float, invalid: str | float | None, name: str) -> DepthMap:
    """The map of a file that does not describe itself."""
    if not isinstance(scale, numbers.Real) or not np.isfinite(float(scale)) or scale <= 0:
        raise ParameterError(f"scale is {scale}, but a number above 0 was expected.", parameter="scale")
    valid, told = validity(found.numbers, kind, found.stated, parse_invalid(invalid), name)
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.where(valid, found.numbers, 0).astype(np.float64) * scale
        values = values.astype(np.float32)
    valid &= np.isfinite(values)
    values[~valid] = np.nan
    warnings = found.warnings + told + _units(found, values[valid], kind, scale)
    mask = None if valid.all() else valid
    return DepthMap(np.ascontiguousarray(values), kind, mask, found.camera, Provenance(), warnings)


def _units(
    found: Found, values: np.ndarray[Any, Any], kind: DepthKind, scale: float
) -> tuple[PhotoWarning, ...]:
    """A word where metres look like millimetres."""
    is_whole = found.numbers.dtype.kind in "iu" and found.numbers.dtype.itemsize > 1
    if kind is not DepthKind.METRIC or not is_whole or scale != 1 or not values.size:
        return ()
    middle = float(np.median(values))
    if middle < _MILLIMETRES:
        return ()
    text = f"Half of the depth is beyond {middle:g} m: if these are millimetres, pass scale 0.001 "
    return (PhotoWarning("depth_scale", text + "(--depth-scale 0.001)."),)


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
    found = find(Source(data, name))
    return _described(np.asarray(found.numbers, np.float32), record or found.record, name)


def _described(values: np.ndarray[Any, Any], record: Record, name: str) -> DepthMap:
    """The map of the values as a record describes them; BrokenImageError where it does not."""
    try:
        return _depth_map(values, record)
    except (KeyError, TypeError, ValueError) as exc:
        if isinstance(exc, ParameterError):
            raise
        raise BrokenImageError(f"The description in {name} is damaged: {exc}.") from exc


def _opened(source: DepthSource) -> tuple[str, bytes, Path | None]:
    """Name, bytes, and where a sidecar would be."""
    is_path = isinstance(source, (str, os.PathLike))
    if not is_path and not isinstance(source, (bytes, bytearray, memoryview)) and not hasattr(source, "read"):
        raise ParameterError(
            f"Depth cannot be read from {type(source).__name__}.",
            "Give a path, bytes or a binary file; an array is nearfar.DepthMap(array, kind).",
        )
    given = getattr(source, "name", "")
    called = "" if is_path or (isinstance(given, str) and given) else "the depth file"
    data, name = read_bytes(source, Limits(max_bytes=MOST_BYTES), called)
    beside = Path(f"{name}.json") if is_path else None
    if not data:
        raise EmptyInputError(f"{name} is empty.")
    return name, data, beside


def _sidecar(path: Path) -> Record:
    if not path.is_file():
        return {}
    try:
        record = parse_json(read_bytes(path, Limits(), "")[0])
    except ValueError as exc:
        raise BrokenImageError(f"The sidecar {path} is not JSON: {exc}.") from exc
    if not isinstance(record, dict):
        raise BrokenImageError(f"The sidecar {path} holds no description.")
    return record


def _depth_map(values: np.ndarray[Any, Any], record: Record) -> DepthMap:
    if values.ndim != 2:
        raise ParameterError(f"Depth values are (H, W), not {values.shape}.")
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
    return replace(
        DepthMap(np.ascontiguousarray(values, np.float32), DepthKind(record["kind"]), _mask(valid)),
        camera=None if camera is None else Camera(**camera),
        provenance=provenance,
        warnings=warnings,
    )


def _mask(valid: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    return None if valid.all() else valid
