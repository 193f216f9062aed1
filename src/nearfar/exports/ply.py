"""A cloud of coloured points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.exports._space import SpaceOptions, colours_of, in_space, notes, seen_and_valid
from nearfar.ops.normals import normals
from nearfar.ops.unproject import unproject
from nearfar.options import option
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo

if TYPE_CHECKING:
    import numpy.typing as npt

_FIELDS = [(axis, "<f4") for axis in ("x", "y", "z", "nx", "ny", "nz")]
_FIELDS += [(channel, "u1") for channel in ("red", "green", "blue")]
_WORDS = {"<f4": "float", "u1": "uchar"}


@dataclass(frozen=True, slots=True)
class PlyOptions(SpaceOptions):
    """How pixels become points."""

    points: int = option(
        1_000_000, "Most points; larger photos are thinned out evenly.", low=1, high=1_000_000_000
    )


def write(photo: Photo | None, depth: DepthMap, options: PlyOptions) -> bytes:
    """Binary little-endian PLY: position, normal and colour of each pixel that is valid and not transparent.

    Raises:
        ParameterError: photo and depth differ in size, or not near < far.
    """
    away, camera = in_space(photo, depth, options)
    rows, columns = _places(depth.height, depth.width, options.points)
    part = np.ix_(rows, columns)
    valid = seen_and_valid(photo, depth)
    known = np.ones(away.shape, bool)[part] if valid is None else valid[part]
    table = np.empty(int(known.sum()), np.dtype(_FIELDS))
    facing = (normals(away, camera)[part] * np.array([1, -1, -1], np.float32))[known]
    places = unproject(away, camera, rows, columns)[known]
    colours = colours_of(photo, depth)[part][known]
    for names, values in (("xyz", places), (("nx", "ny", "nz"), facing), (("red", "green", "blue"), colours)):
        for i, name in enumerate(names):
            table[name] = values[:, i]
    return _head(len(table), notes(depth, options)) + table.tobytes()


def _places(height: int, width: int, most: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of at most ``most`` pixels, evenly apart."""
    thinning = max(1.0, float(np.sqrt(height * width / most)))
    wide = max(1, min(int(width / thinning), most))
    high = max(1, min(int(height / thinning), most // wide))
    rows, columns = (
        ((np.arange(count) + 0.5) * side / count).astype(np.intp)
        for side, count in ((height, high), (width, wide))
    )
    return rows, columns


def _head(count: int, comments: list[str]) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", *(f"comment {c}" for c in comments)]
    lines += [f"element vertex {count}", *(f"property {_WORDS[kind]} {name}" for name, kind in _FIELDS)]
    text = "\n".join([*lines, "end_header"]) + "\n"
    return text.replace("°", " degrees").encode("ascii", "replace")


PLUGIN = Export(
    "ply", "Point cloud, binary, with normals and colours", ".ply", "model/ply", PlyOptions, write
)
