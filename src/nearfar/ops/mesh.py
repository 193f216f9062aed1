"""A surface through the points of a depth map, cut where depth jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.ops.normals import normals
from nearfar.ops.unproject import unproject

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import Camera
    from nearfar.types.arrays import FloatMap

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles with what a 3D program wants of their corners.

    ``points`` (V, 3) (x right, y up, z towards the viewer), ``normals`` (V, 3), ``uv`` (V, 2) in 0…1 (0, 0 is
    the top left of the photo), ``places`` (V, 2) (row, column) of the pixels, ``faces`` (F, 3),
    counter-clockwise as seen. Where a panorama closes, its first column stands once more, with u beyond 1.
    """

    points: FloatMap
    normals: FloatMap
    uv: FloatMap
    places: npt.NDArray[np.intp]
    faces: npt.NDArray[np.uint32]


def mesh(distance: FloatMap, valid: Mask | None, camera: Camera, *, most_faces: int, edge: float) -> Mesh:
    """The mesh of a distance map.

    Args:
        distance: (H, W) along the optical axis, above 0.
        valid: (H, W), or None where all are.
        camera: of the picture.
        most_faces: budget; the grid of vertices is made coarser until it is kept.
        edge: relative jump of distance between vertices at which the surface is cut.
    """
    rows, columns = _grid(distance.shape, most_faces)
    if camera.is_equirectangular and len(columns) > 2:
        columns = np.append(columns, 0)  # the first column again, behind the last: no seam
    away = distance[np.ix_(rows, columns)]
    known = np.ones(away.shape, bool) if valid is None else valid[np.ix_(rows, columns)]
    faces = _faces(away, known, edge)
    used, index = np.unique(faces, return_inverse=True)
    points = unproject(distance, camera, rows, columns).reshape(-1, 3)[used]
    row, column = rows[used // len(columns)], columns[used % len(columns)]
    turns = (column == 0) & (used % len(columns) > 0)
    facing = normals(distance, camera)[row, column] * np.array([1, -1, -1], np.float32)
    height, width = distance.shape
    uv = np.stack([(column + 0.5) / width + turns, (row + 0.5) / height], axis=1).astype(np.float32)
    return Mesh(points, facing, uv, np.stack([row, column], axis=1), index.reshape(-1, 3).astype(np.uint32))


def _grid(shape: tuple[int, ...], most_faces: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    height, width = shape
    step = max(1.0, float(np.sqrt(2 * height * width / most_faces)))
    counts = [max(2, int(side // step)) if side > 1 else 1 for side in (height, width)]
    rows, columns = (
        np.rint(np.linspace(0, side - 1, count)).astype(np.intp)
        for side, count in zip(shape, counts, strict=True)
    )
    return rows, columns


def _faces(away: FloatMap, known: Mask, edge: float) -> npt.NDArray[np.intp]:
    """(F, 3) indices of vertices; two faces a cell save where it is cut or not valid."""
    height, width = away.shape
    if min(height, width) < 2:
        return np.zeros((0, 3), np.intp)
    across, down = jumps(away, 1, edge), jumps(away, 0, edge)
    number = np.arange(height * width).reshape(height, width)
    tl, tr, bl, br = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    k_tl, k_tr, k_bl, k_br = known[:-1, :-1], known[:-1, 1:], known[1:, :-1], known[1:, 1:]
    upper = k_tl & k_tr & k_bl & ~across[:-1] & ~down[:, :-1]
    lower = k_tr & k_bl & k_br & ~across[1:] & ~down[:, 1:]
    first = np.stack([tl, bl, tr], axis=-1)[upper]
    second = np.stack([tr, bl, br], axis=-1)[lower]
    return np.concatenate([first, second])


def jumps(away: FloatMap, axis: int, edge: float) -> Mask:
    """Where neighbours along an axis belong to different surfaces; one shorter along the axis.

    Inverse distance is linear on a plane, so a step counts only where it is also much larger than its
    neighbours' (a floor near the horizon is steep, yet whole); a very large one always does.
    """
    ratio = np.abs(np.diff(np.log(away), axis=axis))
    step = np.abs(np.diff(1 / away, axis=axis))
    if step.shape[axis] < 3:
        return np.asarray(ratio > edge)
    first, last = np.take(step, [0], axis=axis), np.take(step, [-1], axis=axis)
    inner = [slice(None)] * 2
    inner[axis] = slice(0, -1)
    before = np.concatenate([first * 0 + np.inf, step[tuple(inner)]], axis=axis)
    inner[axis] = slice(1, None)
    after = np.concatenate([step[tuple(inner)], last * 0 + np.inf], axis=axis)
    is_odd = step > 2 * np.minimum(before, after)
    return np.asarray(((ratio > edge) & is_odd) | (ratio > 6 * edge))
