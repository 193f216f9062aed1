"""File formats that several data sets share, and what is said where files are absent."""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.decode.photo import Limits, read_photo
from nearfar.errors import BrokenImageError, NearfarError, ParameterError, SourceError
from nearfar.types import Camera

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.evaluation.samples import Item
    from nearfar.types.arrays import FloatMap, Pixels

_LIMITS = Limits(max_bytes=2**31, max_pixels=2**28)
_PNG = b"\x89PNG\r\n\x1a\n"
_PFM = re.compile(rb"P([fF])\s+(\d+)\s+(\d+)\s+(-?[\d.eE+-]+)\s")


def read_rgb(path: Path) -> Pixels:
    """The picture of a file as uint8 (H, W, 3), as it is stored: depth maps are not turned either."""
    photo = read_photo(path, _LIMITS)
    if photo.orientation == 1:
        return photo.rgb8()
    raw = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if raw is None:
        raise BrokenImageError(f"{path} cannot be read as a picture.", "Fetch the set again.")
    return np.ascontiguousarray(raw[:, :, ::-1])


def read_codes(path: Path) -> npt.NDArray[Any]:
    """The stored whole numbers of a grey PNG of 8 or 16 bits, (H, W)."""
    data = read_bytes(path)
    is_whole = not data.startswith(_PNG) or _is_whole(data)  # a cut one is decoded as far as it goes
    codes = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data and is_whole else None
    if codes is None or codes.ndim != 2:
        raise BrokenImageError(f"{path}: a grey picture of depth was expected.", "Fetch the set again.")
    return codes


def _is_whole(data: bytes) -> bool:
    """Whether each chunk of a PNG is as its checksum says, up to the last one."""
    place = len(_PNG)
    while place + 12 <= len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        end = place + 8 + length
        if zlib.crc32(data[place + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if data[place + 4 : place + 8] == b"IEND":
            return True
        place = end + 4
    return False


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; SourceError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise SourceError(
            f"{path} cannot be read: {exc.strerror}.", "nearfar eval sets tells the layout that is read."
        ) from exc


def metres(codes: npt.NDArray[Any], per_metre: float) -> FloatMap:
    """Stored numbers as metres, float32; 0 is unknown."""
    known = codes > 0
    return np.where(known, codes / per_metre, np.nan).astype(np.float32)


def known(depth_m: npt.NDArray[Any]) -> FloatMap:
    """float32 metres in which what is not above 0 is unknown; infinite stays infinitely far."""
    values = np.asarray(depth_m, np.float32)
    with np.errstate(invalid="ignore"):
        return np.where(values > 0, values, np.float32(np.nan))


def read_pfm(path: Path) -> FloatMap:
    """The numbers of a PFM file of one channel, (H, W), the upper row first."""
    data = read_bytes(path)
    head = _PFM.match(data)
    if head is None or head[1] != b"f":
        raise BrokenImageError(f"{path}: a PFM file of one channel was expected.", "Fetch the set again.")
    width, height = int(head[2]), int(head[3])
    order = "<f4" if float(head[4]) < 0 else ">f4"
    return np.ascontiguousarray(floats(path, data[head.end() :], order, (height, width))[::-1])


def floats(path: Path, data: bytes, order: str, shape: tuple[int, int]) -> FloatMap:
    """Bytes of four each as float32 of a shape; BrokenImageError where there are more or fewer."""
    if len(data) != 4 * shape[0] * shape[1]:
        raise BrokenImageError(
            f"{path}: {4 * shape[0] * shape[1]} bytes were expected of {shape[1]}×{shape[0]} numbers, not "
            f"{len(data)}.",
            "Fetch the set again.",
        )
    return np.frombuffer(data, order).reshape(shape).astype(np.float32)


def read_json(path: Path) -> Any:
    """What a JSON file holds."""
    try:
        return json.loads(read_bytes(path))
    except ValueError as exc:
        raise BrokenImageError(f"{path} is not JSON: {exc}.", "Fetch the set again.") from exc


def read_matrix(path: Path, rows: int, columns: int) -> npt.NDArray[np.float64]:
    """A matrix of numbers in a text file."""
    try:
        values = np.array(read_bytes(path).split(), np.float64)
    except ValueError as exc:
        raise BrokenImageError(f"{path} holds something else than numbers.", "Fetch the set again.") from exc
    if values.size != rows * columns:
        raise BrokenImageError(
            f"{path}: {rows}×{columns} numbers were expected, not {values.size}.", "Fetch the set again."
        )
    return values.reshape(rows, columns)


def camera_of(matrix: npt.NDArray[np.floating]) -> Camera:
    """The camera of a 3 × 3 (or larger) matrix whose pixel centres are at whole numbers."""
    m = np.asarray(matrix, np.float64)
    return Camera(float(m[0, 0]), float(m[1, 1]), float(m[0, 2]) + 0.5, float(m[1, 2]) + 0.5, "data set")


def read_array(path: Path) -> npt.NDArray[Any]:
    """The array in a ``.npy`` file, without axes of length 1."""
    try:
        return np.asarray(np.squeeze(np.load(path, allow_pickle=False)))
    except FileNotFoundError as exc:
        raise SourceError(f"{path} does not exist.", "nearfar eval sets tells the layout.") from exc
    except (OSError, ValueError, EOFError) as exc:
        raise damaged(path, exc) from exc


def rotation(x: float, y: float, z: float, w: float) -> npt.NDArray[np.float64]:
    """(3, 3) of a quaternion of length 1."""
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def folder_of(root: Path, *candidates: str) -> Path:
    """The first of some folders below the root that is there; ParameterError where none is."""
    for name in candidates:
        folder = root / name if name else root
        if folder.is_dir():
            return folder
    raise ParameterError(
        f"{root} has none of the folders {', '.join(name or '.' for name in candidates)}.",
        "Give the folder of the set with --data; nearfar eval sets tells the layout that is read.",
        parameter="data",
    )


def found(paths: Iterable[Path], root: Path, pattern: str) -> list[Path]:
    """Some paths, sorted; ParameterError where there is none."""
    listed = sorted(paths)
    if not listed:
        raise ParameterError(
            f"{root} holds no {pattern}.",
            "Give the folder of the set with --data; nearfar eval sets tells the layout that is read.",
            parameter="data",
        )
    return listed


def library(name: str, importer: Any, reader: str) -> Any:
    """A library that only one reader needs; MissingExtraError where it is not installed."""
    from nearfar.registry import require_libraries

    require_libraries(f"Reading {reader}", (name,), "eval")
    return importer()


def damaged(path: Path, exc: Exception) -> NearfarError:
    """The error of a file that another library could not read."""
    return BrokenImageError(f"{path} cannot be read: {exc}.", "Fetch the set again.")


def chosen(items: list[Item], listed: tuple[str, ...]) -> list[Item]:
    """The items that a list names, in its order; all where there is no list.

    The first word of a line is the name of a picture, with or without its suffix and leading folders.

    Raises:
        ParameterError: a picture is listed that is not there, or could be several.
    """
    if not listed:
        return items
    by_end: dict[str, list[Item]] = {}
    for item in items:
        parts = item.name.split("/")
        for start in range(len(parts)):
            by_end.setdefault("/".join(parts[start:]), []).append(item)
    return [_one(by_end, line.split()[0]) for line in listed]


def _one(by_end: dict[str, list[Item]], name: str) -> Item:
    plain = re.sub(r"\.(png|jpe?g|npy|dpt)$", "", name.removeprefix("./").strip("/"), flags=re.IGNORECASE)
    parts = plain.split("/")
    for start in range(len(parts)):  # folders above the root are of whoever wrote the list
        found = by_end.get("/".join(parts[start:]), [])
        if len(found) == 1:
            return found[0]
    raise ParameterError(
        f"The list names '{name}', which is not in the folder (or could be several pictures).",
        "Give the list that belongs to this set: nearfar eval sets tells what is expected.",
        parameter="split_file",
    )


def sub_name(path: Path, root: Path) -> str:
    """The name of a picture: its path below the root, without the suffix."""
    return path.relative_to(root).with_suffix("").as_posix()
