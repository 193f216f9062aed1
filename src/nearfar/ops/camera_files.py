"""The camera in files of other programs: ROS camera_info, COLMAP cameras.txt, Open3D JSON, NumPy."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError, SourceError
from nearfar.machine.texts import parse_json

if TYPE_CHECKING:
    import os

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST_BYTES = 65_536
_NPY = b"\x93NUMPY"
_NAMES = ("fx", "fy", "cx", "cy")
_K = re.compile(r"^[ \t]*[Kk][ \t]*:(.*)$", re.MULTILINE)
_MATRIX = re.compile(r"^[ \t]*camera_matrix[ \t]*:", re.MULTILINE)
_DATA = re.compile(r"\bdata[ \t]*:")
_COLMAP = re.compile(
    r"^[ \t]*(\d{1,9})[ \t]+([A-Z_]{1,40})[ \t]+(\d{1,9})[ \t]+(\d{1,9})[ \t]+(.+)$", re.MULTILINE
)
_ONE_FOCAL = {"SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE"}


def camera_text(path: str | os.PathLike[str]) -> str:
    """What a file says of a camera, as a text that :func:`nearfar.ops.intrinsics.read_intrinsics` takes.

    Raises:
        SourceError: the file cannot be read.
        ParameterError: it holds no camera.
    """
    try:
        data = Path(path).read_bytes()[: _MOST_BYTES + 1]
    except (OSError, ValueError) as exc:
        raise SourceError(f"{path} cannot be read: {getattr(exc, 'strerror', None) or exc}.") from exc
    if len(data) > _MOST_BYTES:
        raise ParameterError(f"{path} is too large for a few numbers.", parameter="intrinsics")
    if not data.startswith(_NPY):
        return data.decode("utf-8", "replace")
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
        return ",".join(repr(float(number)) for number in array.ravel().tolist())
    except (ValueError, OSError, EOFError, TypeError, MemoryError) as exc:
        raise ParameterError(f"{path} holds no numbers: {exc}.", parameter="intrinsics") from exc


def numbers_of_text(text: str) -> Floats | None:
    """fx, fy, cx, cy, or the nine numbers of a matrix, that a file of another program holds; None: no such.

    Raises:
        ParameterError: COLMAP's cameras are several.
        ValueError, KeyError, TypeError: numbers that are none.
    """
    if text.lstrip().startswith("{"):
        return _of_json(parse_json(text))
    if len(text) > _MOST_BYTES:
        raise ParameterError(
            f"{len(text):,} characters are too many for a few numbers.",
            "Give fx,fy,cx,cy in pixels.",
            parameter="intrinsics",
        )
    found = _K.search(text)
    if found:
        return _split(_listed(found[1] + text[found.end() :]))
    matrix = _MATRIX.search(text)
    data = _DATA.search(text, matrix.end()) if matrix else None
    if data:
        return _split(_listed(text[data.end() :]))
    return _of_colmap(text)


def _listed(text: str) -> str:
    """What stands between brackets, or in nine lines that each begin with a dash."""
    if text.lstrip().startswith("["):
        return text.partition("[")[2].partition("]")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()][:9]
    return " ".join(line[1:] for line in lines if line.startswith("-"))


def _split(text: str) -> Floats:
    return np.array([float(word) for word in re.split(r"[\s,;]+", text) if word])


def _of_json(row: Any) -> Floats:
    """Nearfar's own names, or Open3D's matrix, whose numbers go down the columns."""
    row = row.get("intrinsic", row)
    if "intrinsic_matrix" in row:
        return np.array(row["intrinsic_matrix"], np.float64).reshape(3, 3).T.ravel()
    return np.array([float(row[name] if name in row else row[f"{name}_px"]) for name in _NAMES])


def _of_colmap(text: str) -> Floats | None:
    rows = [row for row in _COLMAP.findall(text) if not row[0].startswith("#")]
    if not rows:
        return None
    if len(rows) > 1:
        raise ParameterError(
            f"The file holds {len(rows)} cameras: {', '.join(f'{row[0]} ({row[1]})' for row in rows[:10])}.",
            "Keep the one that took the photo.",
            parameter="intrinsics",
        )
    _, model, _, _, words = rows[0]
    numbers = _split(words)
    return numbers[[0, 0, 1, 2]] if model in _ONE_FOCAL else numbers[:4]
