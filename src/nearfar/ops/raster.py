"""A thing of triangles seen by a pinhole camera: drawn with a z-buffer, smoothed at its edges.

Every pixel of a triangle's box is tried (Pineda, "A Parallel Algorithm for Polygon Rasterization", SIGGRAPH
1988: three edge functions); of several triangles the nearest stays; what is seen is then coloured once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.solid import Solid, SolidPart

    Floats = npt.NDArray[np.float32]

_AT_ONCE = 1 << 19  # pixels of boxes tried together
_SHADED_AT_ONCE = 1 << 17
_MOST_SAMPLES = 1_500_000
_LEAST_AHEAD = 1e-3  # of the distance of the thing's middle: what is nearer is behind the lens
_ALPHA_CUT = 0.02


@dataclass(frozen=True, slots=True)
class Lens:
    """A pinhole: focal length and principal point in pixels of a window of ``width`` × ``height``."""

    focal_px: float
    cx_px: float
    cy_px: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shading:
    """Light on a thing. ``towards``: unit vector to the light (x right, y down, z ahead); ``share``: 0…1."""

    towards: tuple[float, float, float]
    share: float = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """``colours`` (h, w, 4) float32, sRGB multiplied by alpha; ``away`` (h, w): distance along the axis."""

    colours: Floats
    away: Floats


def drawn(solid: Solid, lens: Lens, light: Shading) -> Drawn:
    """The thing as the lens sees it. Its points: x right, y down, z ahead, in any unit; z above 0 is seen."""
    fine = _samples(lens)
    seen = Lens(lens.focal_px * fine, lens.cx_px * fine, lens.cy_px * fine,
                max(1, round(lens.width * fine)), max(1, round(lens.height * fine)))  # fmt: skip
    nearest = np.zeros(seen.height * seen.width, np.float32)  # 1/z
    colours = np.zeros((nearest.size, 4), np.float32)
    for part in solid.parts:
        _draw(part, seen, light, nearest, colours)
    colours[:, :3] *= colours[:, 3:]
    size = lens.width, lens.height
    shape = seen.height, seen.width
    covered = colours[:, 3].reshape(shape)
    inverse = _resized(nearest.reshape(shape) * covered, size)
    small = _resized(colours.reshape(*shape, 4), size)
    weight = small[..., 3]
    away = np.where(inverse > 0, weight / np.maximum(inverse, np.float32(1e-12)), np.float32(np.inf))
    return Drawn(small, away.astype(np.float32))


def _samples(lens: Lens) -> float:
    """Samples along a pixel's side: two where there is room, fewer in large windows."""
    return min(2.0, math.sqrt(_MOST_SAMPLES / max(1, lens.width * lens.height)))


def _resized(array: Floats, size: tuple[int, int]) -> Floats:
    is_finer = array.shape[1] >= size[0]
    how = cv2.INTER_AREA if is_finer else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(array, size, interpolation=how), np.float32)


def _draw(part: SolidPart, lens: Lens, light: Shading, nearest: Floats, colours: Floats) -> None:
    """One part into the buffers of all."""
    points = part.points.astype(np.float64)
    least = max(float(np.abs(points[:, 2]).max()) * _LEAST_AHEAD, 1e-9)
    faces = part.faces[(points[part.faces, 2] > least).all(axis=1)]
    if not len(faces):
        return
    inverse = 1 / np.maximum(points[:, 2], least)
    flat = np.stack([points[:, 0], points[:, 1]], axis=1) * (lens.focal_px * inverse)[:, None]
    flat += (lens.cx_px - 0.5, lens.cy_px - 0.5)  # the middle of the first pixel is 0
    owner = np.full(nearest.size, -1, np.int64)
    share = np.zeros((nearest.size, 2), np.float32)
    for chosen, place, at, z in _fragments(flat[faces], inverse[faces], lens):
        np.maximum.at(nearest, place, z)
        wins = nearest[place] == z
        owner[place[wins]] = chosen[wins]
        share[place[wins]] = at[wins]
    hit = np.flatnonzero(owner >= 0)
    for start in range(0, hit.size, _SHADED_AT_ONCE):
        some = hit[start : start + _SHADED_AT_ONCE]
        shaded = _shaded(part, faces[owner[some]], (share[some], inverse), light)
        kept = shaded[:, 3] > _ALPHA_CUT
        colours[some[kept]] = shaded[kept]


def _fragments(corners: npt.NDArray[Any], inverse: npt.NDArray[Any], lens: Lens) -> Any:
    """Of each pixel within a triangle: which, the pixel, shares of its first two corners, and 1/z."""
    low = np.maximum(np.ceil(corners.min(axis=1)), 0).clip(max=1e6).astype(np.int64)
    high = np.floor(corners.max(axis=1)).clip(min=-1, max=1e6).astype(np.int64)
    high = np.minimum(high, (lens.width - 1, lens.height - 1))
    sides = high - low + 1
    (ax, ay), (bx, by), (cx, cy) = (corners[:, k].T for k in range(3))
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    alive = np.flatnonzero((sides > 0).all(axis=1) & (np.abs(area) > 1e-9))
    counts = sides[alive].prod(axis=1)
    for part in _parts(counts):
        row = np.repeat(alive[part], counts[part])
        starts = np.repeat(np.cumsum(counts[part]) - counts[part], counts[part])
        local = np.arange(row.size) - starts
        x = low[row, 0] + local % sides[row, 0]
        y = low[row, 1] + local // sides[row, 0]
        first = ((bx[row] - x) * (cy[row] - y) - (cx[row] - x) * (by[row] - y)) / area[row]
        second = ((cx[row] - x) * (ay[row] - y) - (ax[row] - x) * (cy[row] - y)) / area[row]
        third = 1 - first - second
        inside = (first >= 0) & (second >= 0) & (third >= 0)
        row, x, y = row[inside], x[inside], y[inside]
        at = np.stack([first[inside], second[inside]], axis=1)
        z = at[:, 0] * inverse[row, 0] + at[:, 1] * inverse[row, 1] + third[inside] * inverse[row, 2]
        yield row, y * lens.width + x, at.astype(np.float32), z.astype(np.float32)


def _parts(counts: npt.NDArray[Any]) -> list[slice]:
    """Rows of triangles whose boxes together have about so many pixels as are tried at once."""
    if not counts.size:
        return []
    group = np.cumsum(counts) // _AT_ONCE
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return [slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], counts.size], strict=True)]


def _shaded(
    part: SolidPart, corners: npt.NDArray[Any], at: tuple[Floats, npt.NDArray[Any]], light: Shading
) -> Floats:
    """(N, 4) sRGB and alpha of what is seen: corners (N, 3), shares of the first two, and 1/z of points."""
    share, inverse = at
    weights = np.column_stack([share, 1 - share.sum(axis=1)]) * inverse[corners]
    weights /= weights.sum(axis=1, keepdims=True)  # straight in space, not in the picture

    def mixed(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(np.einsum("nk,nkc->nc", weights, rows[corners]))

    colour = np.tile(np.asarray(part.colour, np.float64), (len(corners), 1))
    if part.colours is not None:
        colour *= mixed(part.colours)
    colour[:, :3] = _srgb(colour[:, :3])
    if part.texture is not None and part.uv is not None:
        texture = _texel(part.texture, mixed(part.uv))
        is_opaque = part.colour[3] >= 1 and part.colours is None
        colour[:, :3] *= texture[:, :3]
        colour[:, 3] *= 1 if is_opaque and (texture[:, 3] >= 1).all() else texture[:, 3]
    if not part.is_unlit and light.share > 0:
        colour[:, :3] *= _lambert(part, corners, mixed, light)[:, None]
    return np.clip(colour, 0, 1).astype(np.float32)


def _lambert(part: SolidPart, corners: npt.NDArray[Any], mixed: Any, light: Shading) -> npt.NDArray[Any]:
    """(N,) factors: what faces the light is as bright as it is, what is turned away keeps the rest."""
    middle = part.points[corners].astype(np.float64)
    flat = np.cross(middle[:, 1] - middle[:, 0], middle[:, 2] - middle[:, 0])
    facing = flat if part.normals is None else mixed(part.normals)
    towards_eye = np.einsum("nc,nc->n", flat, middle[:, 0]) > 0  # both sides of a face are seen
    if part.normals is None:
        facing = np.where(towards_eye[:, None], -facing, facing)
    else:
        agrees = np.einsum("nc,nc->n", facing, middle[:, 0]) > 0
        facing = np.where(agrees[:, None], -facing, facing)
    facing = facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)
    cosine = np.maximum(facing @ np.asarray(light.towards, np.float64), 0)
    return np.asarray(np.sqrt(1 - light.share + light.share * cosine))  # as light, gamma 2


def _texel(texture: npt.NDArray[np.uint8], uv: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(N, 4) in 0…1 at places of a texture that repeats, linear between pixels."""
    height, width = texture.shape[:2]
    x, y = (uv[:, 0] * width - 0.5) % width, (uv[:, 1] * height - 0.5) % height
    left, top = np.floor(x).astype(np.int64) % width, np.floor(y).astype(np.int64) % height
    right, below = (left + 1) % width, (top + 1) % height
    by_x, by_y = (x - np.floor(x))[:, None], (y - np.floor(y))[:, None]
    upper = texture[top, left] * (1 - by_x) + texture[top, right] * by_x
    lower = texture[below, left] * (1 - by_x) + texture[below, right] * by_x
    return np.asarray((upper * (1 - by_y) + lower * by_y) / 255)


def _srgb(linear: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Linear light to sRGB (IEC 61966-2-1)."""
    high = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, high)
