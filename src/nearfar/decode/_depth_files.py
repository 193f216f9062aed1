"""The numbers in files of depth, of any maker, and what the files themselves say of them."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from nearfar.decode import _tiff as t
from nearfar.decode._exr import check_exr, exr_channel
from nearfar.decode._gate import admit
from nearfar.decode._npy import check_npz, read_npy
from nearfar.decode._plain import open_plain
from nearfar.decode._tiff_pixels import can_read, read_samples, refuse_compression
from nearfar.errors import (
    BrokenImageError,
    NearfarError,
    ParameterError,
    TooLargeError,
    UnsupportedFormatError,
)
from nearfar.machine.texts import parse_json
from nearfar.ops.orientation import upright
from nearfar.types import Camera, PhotoWarning
from nearfar.types.shape import check_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    Numbers = npt.NDArray[Any]
    Record = Mapping[str, Any]

_PREFIX = "nearfar:"
_MOST_NUMBERS = 200_000_000
_MOST_BYTES = 8 * _MOST_NUMBERS  # of an array, or of all arrays of an archive


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """(H, W) numbers as a file has them.

    ``record``: what the file says of them (empty: nothing); then ``numbers`` are its values, NaN where not
    valid. ``stated``: numbers that the file says are none. ``warnings``: what people are told.
    """

    numbers: Numbers
    record: Record = field(default_factory=dict)
    stated: tuple[float, ...] = ()
    camera: Camera | None = None
    warnings: tuple[PhotoWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of a depth file, what messages call it, and which of its arrays is meant."""

    data: bytes
    name: str
    array: str = ""


def find(source: Source) -> Found:
    """The numbers of a depth file.

    Raises:
        UnsupportedFormatError: no depth file, or a picture in colours.
        BrokenImageError: a depth file that is damaged.
        ParameterError: it holds several arrays, and none of a name that says depth.
    """
    for start, reader in _READERS.items():
        if source.data.startswith(start):
            return _read(reader, source)
    for start, called in _FOREIGN.items():
        if source.data.startswith(start):
            raise UnsupportedFormatError(f"{source.name} is {called}, not a depth file.", _HINT)
    raise UnsupportedFormatError(f"{source.name} is no depth file.", _HINT)


_HINT = "Depth is read from 16-bit PNG, TIFF, EXR, PFM, NPY and NPZ."
_PICTURES = ("PNG", "JPEG", "WEBP")


def check_numbers(width: int, height: int, name: str) -> None:
    """TooLargeError where a depth file claims more numbers, or longer sides, than are read."""
    if width * height > _MOST_NUMBERS:
        raise TooLargeError(
            f"{name} claims {width}×{height} numbers, more than {_MOST_NUMBERS / 1e6:g} million.",
            "Scale it down.",
        )
    check_shape(width, height, name)


def _read(reader: Callable[[Source], Found], source: Source) -> Found:
    try:
        return reader(source)
    except NearfarError:
        raise
    except Exception as exc:  # decoders of foreign bytes raise anything
        raise BrokenImageError(f"{source.name} cannot be decoded: {exc}.") from exc


def refuse_colours(name: str) -> NoReturn:
    """UnsupportedFormatError: a heat map or a photo was given for depth."""
    raise UnsupportedFormatError(
        f"{name} is a picture in colours, and colours are not depth: a heat map cannot be turned "
        "back, for its range, its kind and most of its steps are gone.",
        "Keep the values: save depth as .tiff, .npy or 16-bit .png.",
    )


def plane_of(array: Numbers, name: str) -> Numbers:
    """(H, W) of an array that holds one map: (1, H, W), (H, W, 1), or three equal channels.

    Raises:
        UnsupportedFormatError: several maps, colours, or no numbers.
    """
    if array.dtype.kind not in "fiu" or array.size == 0 or array.size > _MOST_NUMBERS:
        raise _unfit(array, name)
    whole = array
    while array.ndim > 2 and 1 in array.shape:
        array = array.squeeze(-1 if array.shape[-1] == 1 else array.shape.index(1))
    if array.ndim == 3 and array.shape[2] in {3, 4}:
        if not (
            np.array_equal(array[..., 0], array[..., 1]) and np.array_equal(array[..., 0], array[..., 2])
        ):
            refuse_colours(name)
        return array[..., 0]
    if array.ndim == 3 and array.shape[2] == 2:
        text = f"{name} holds two numbers a pixel, and does not say which is depth."
        raise UnsupportedFormatError(text, "Save it alone.")
    if array.ndim == 3:
        raise UnsupportedFormatError(
            f"{name} holds {array.shape[0]} maps of {array.shape[2]}×{array.shape[1]}.", "Save one of them."
        )
    if array.ndim != 2:
        raise _unfit(whole, name)
    return array


def _unfit(array: Numbers, name: str) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        f"{name} holds {array.shape} of {array.dtype}, but (H, W) numbers were expected."
    )


def steps_warning(name: str, count: int) -> PhotoWarning:
    """What people are told of a map with few steps."""
    text = f"{name} has {count} steps of depth at most: surfaces will show them. Keep 16 bits or floats."
    return PhotoWarning("depth_steps", text)


def _from_picture(source: Source) -> Found:
    """A PNG, JPEG or WebP of greys."""
    kind = admit(source.data, source.name, check_numbers, _PICTURES, _HINT)
    image = open_plain(source.data, kind)
    image.load()
    pairs = [(str(key), value) for key, value in image.info.items()]
    text = {key.removeprefix(_PREFIX): value for key, value in pairs if key.startswith(_PREFIX)}
    if image.mode in {"I", "I;16", "I;16B", "I;16L", "I;16N"}:
        numbers = np.asarray(image)
        return _described(numbers, text, source.name) if text else Found(_least(numbers))
    if source.data.startswith(b"\x89PNG") and source.data[24] == 16:
        return Found(plane_of(_sixteen_bits(source.data), source.name))
    if image.mode not in {"L", "1"}:
        image = image.convert("RGB")
    grey = plane_of(np.asarray(image.convert("L") if image.mode == "1" else image), source.name)
    return Found(grey, warnings=(steps_warning(source.name, 256),))


def _sixteen_bits(data: bytes) -> Numbers:
    """(H, W, C) uint16 of a PNG of several channels, which Pillow would cut to 8 bits."""
    import cv2

    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("its pixels cannot be decoded")
    return found


def _least(numbers: Numbers) -> Numbers:
    """Sixteen-bit numbers that a decoder gave as 32 bits, as 16 again: their marks are those of 16."""
    fits = numbers.dtype.kind in "iu" and numbers.min() >= 0 and numbers.max() <= 65535
    return numbers.astype(np.uint16) if fits else numbers


def _described(numbers: Numbers, text: dict[str, Any], name: str) -> Found:
    """The values of our own PNG: scale and offset stand in its text, 0 is not valid."""
    try:
        scale, offset = float(text["scale"]), float(text["offset"])
        record = dict(text)
        record["camera"] = parse_json(text.get("camera", "null"))
        record["warnings"] = parse_json(text.get("warnings", "[]"))
    except (KeyError, ValueError) as exc:
        raise BrokenImageError(f"{name} has no scale and offset in its text.") from exc
    values = (numbers * scale + offset).astype(np.float32)
    values[numbers == 0] = np.nan
    return Found(values, record)


def _from_tiff(source: Source) -> Found:
    admit(source.data, source.name, check_numbers, ("TIFF",), _HINT)
    pages = t.read_pages(source.data)
    page = t.largest_page(pages)
    refuse_compression(page, source.name)
    if page.photometric not in {0, 1, 2} or page.width * page.height > _MOST_NUMBERS:
        refuse_colours(source.name)
    if not can_read(page):
        raise UnsupportedFormatError(
            f"{source.name} is a TIFF of {page.bits or 'several'} bits a number, which is not read.",
            "Save it as float32.",
        )
    numbers = plane_of(read_samples(page), source.name)
    turn = page.number(t.ORIENTATION, 1)
    numbers = np.ascontiguousarray(upright(numbers, turn)) if 2 <= turn <= 8 else numbers
    stated = _number(page.text(t.GDAL_NODATA))
    warnings = (steps_warning(source.name, 256),) if numbers.dtype.itemsize == 1 else ()
    record = json_or_nothing(page.text(t.DESCRIPTION))
    return Found(numbers, record, () if stated is None else (stated,), warnings=warnings)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def json_or_nothing(text: str) -> Record:
    """The description in a text; nothing where it is none."""
    try:
        record = parse_json(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) and "kind" in record else {}


def _from_exr(source: Source) -> Found:
    check_exr(source.data, source.name, check_numbers)
    numbers, text = exr_channel(source.data, source.name)
    return Found(numbers, json_or_nothing(text))


_HEAD_BYTES = 65_536
_PFM_HEAD = re.compile(
    rb"(P[Ff])\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(?:#[^\n]*\n\s*)*"
    rb"([-+]?[\d.]{1,20}(?:[eE][-+]?\d{1,3})?)(?:\r\n|[ \t\n\r])"
)


def _from_pfm(source: Source) -> Found:
    head = _PFM_HEAD.match(source.data[:_HEAD_BYTES])
    if head is None:
        raise ValueError("its header says no width, height and scale")
    channels = 3 if head[1] == b"PF" else 1
    width, height, scale, body = int(head[2]), int(head[3]), head[4], source.data[head.end() :]
    if min(width, height) < 1:
        raise ValueError(f"it claims {width}×{height} pixels")
    check_numbers(width, height, source.name)
    order = "<f4" if float(scale) < 0 else ">f4"
    values = np.frombuffer(body, order, width * height * channels).reshape(height, width, channels)[::-1]
    return Found(plane_of(values, source.name).astype(np.float32))


def _from_npy(source: Source) -> Found:
    return Found(plane_of(read_npy(source.data, source.name, _MOST_BYTES), source.name))


DEPTH_NAMES = (
    "depth", "depth_m", "metric_depth", "depth_map", "predicted_depth", "pred_depth", "depths", "pred",
    "arr_0", "inverse_depth", "inverse", "disparity", "disp",
)  # fmt: skip
"""Names under which others save depth, the surest first."""


def _from_npz(source: Source) -> Found:
    check_npz(source.data, source.name, _MOST_BYTES)
    with np.load(io.BytesIO(source.data), allow_pickle=False) as archive:
        names = archive.files
        if {"values", "valid", "record"} <= set(names):
            values = np.where(archive["valid"], archive["values"], np.float32("nan")).astype(np.float32)
            return Found(values, parse_json(str(archive["record"])))
        if not names:
            raise ValueError("it is empty")
        arrays = {name: array for name in names if (array := _array_of(archive, name)) is not None}
    if not arrays:
        raise ValueError("it holds Python objects, which may run code, and no arrays")
    name = _chosen(arrays, source)
    numbers = plane_of(arrays[name], f"{source.name} ({name})")
    return Found(numbers, camera=_camera_beside(arrays, numbers.shape))


def _array_of(archive: Any, name: str) -> Numbers | None:
    """An array of an archive; None where it holds Python objects."""
    try:
        return np.asarray(archive[name])
    except ValueError as exc:
        if "pickle" not in str(exc):
            raise
        return None


def _chosen(arrays: dict[str, Numbers], source: Source) -> str:
    """The name of the array that is depth."""
    there = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
    if source.array:
        if source.array in arrays:
            return source.array
        raise ParameterError(
            f"{source.name} has no array '{source.array}'.", f"It holds: {there}.", parameter="array"
        )
    maps = [name for name, array in arrays.items() if array.ndim >= 2 and min(array.shape[-2:]) > 4]
    flat = {name.lower(): name for name, array in reversed(arrays.items()) if array.ndim >= 2}
    known = [flat[name] for name in DEPTH_NAMES if name in flat]
    if known:
        return known[0]
    if len(maps) == 1:
        return maps[0]
    raise ParameterError(
        f"{source.name} holds several arrays, and no name says which is depth: {there}.",
        "Name it: array='NAME' (--depth-array NAME).",
        parameter="array",
    )


def _camera_beside(arrays: dict[str, Numbers], shape: tuple[int, ...]) -> Camera | None:
    """The camera that an archive holds beside its depth: a 3×3 matrix, or a focal length in pixels."""
    height, width = shape
    for name in ("intrinsics", "K", "intrinsic"):
        matrix = np.asarray(arrays.get(name, ()))
        if matrix.size == 9 and matrix.dtype.kind in "fiu":
            (fx, _, cx), (_, fy, cy), _ = matrix.reshape(3, 3).astype(np.float64).tolist()
            return Camera(fx, fy, cx, cy, "depth file")
    for name in ("focallength_px", "focal_length_px", "focal_px"):
        focal = np.asarray(arrays.get(name, ()))
        if focal.size == 1 and focal.dtype.kind in "fiu" and math.isfinite(float(focal.reshape(()))):
            focal_px = float(focal.reshape(()))
            return Camera(focal_px, focal_px, width / 2, height / 2, "depth file")
    return None


_READERS: dict[bytes, Callable[[Source], Found]] = {
    b"\x89PNG": _from_picture,
    b"II*\0": _from_tiff,
    b"MM\0*": _from_tiff,
    b"II+\0": _from_tiff,
    b"MM\0+": _from_tiff,
    b"\x76\x2f\x31\x01": _from_exr,
    b"Pf": _from_pfm,
    b"PF": _from_pfm,
    b"\x93NUMPY": _from_npy,
    b"PK\x03\x04": _from_npz,
    b"PK\x05\x06": _from_npz,
    b"\xff\xd8\xff": _from_picture,
    b"RIFF": _from_picture,
}
"""How a file begins, and what reads it."""
_FOREIGN = {
    b"PIEH": "an optical flow file (.flo) or Sintel depth (.dpt)",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB 5.0": "a MATLAB file",
    b"\x80\x02": "a Python pickle, which may run code",
    b"\x80\x03": "a Python pickle, which may run code",
    b"\x80\x04": "a Python pickle, which may run code",
    b"\x80\x05": "a Python pickle, which may run code",
    b"ply": "a point cloud (PLY)",
    b"glTF": "a mesh (GLB)",
    b"VERSION": "a point cloud (PCD)",
    b"# .PCD": "a point cloud (PCD)",
}
"""How files begin that are taken for depth and are something else."""
