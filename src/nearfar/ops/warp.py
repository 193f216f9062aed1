"""The picture from another place: pixels move with their nearness, near ones hide far ones.

Every pixel is sent to where the new view sees it, the nearest wins, and colours are then fetched backwards at
fractions of a pixel. What comes into view from behind an edge is fetched from a background in which near
objects were replaced by their surroundings: nothing is stretched over a depth edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.ops.inpaint import extend
from nearfar.ops.steps import EDGE, crisp

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_LEVELS = 65535
_MOST_ROWS = 32_000
_MOST_SIDE = 32_766  # of a picture that remap takes
_AT_ONCE = 2**18  # pixels
_SIDE_OF_RIMS = 900  # widths of an outline's mixed rim that the longer side is
_MOST_ASPECT = 8  # times the shorter side that counts of the longer: time goes by the rim's square


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A picture ready to be seen from elsewhere: made once by :func:`stage`, used by every view.

    ``pixels``: (H, W, C); ``near``: (H, W) in 0…1; ``behind``: like pixels, rims of near objects replaced by
    what may be behind them.
    """

    pixels: npt.NDArray[Any]
    near: Floats
    behind: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class View:
    """Where pixels go: (x, y) → centre + zoom(near) · ((x, y) − centre) + (near − still) · shift · width.

    ``shift``: (right, down) move of the nearest against the farthest pixel, in picture widths; what is at the
    nearness ``still`` does not move. ``zoom``: growth of the nearest pixels (0: none); ``zoom_far``: of the
    farthest.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    still: float = 0.0
    zoom: float = 0.0
    zoom_far: float = 0.0


def stage(pixels: npt.NDArray[Any], near: Floats, reach: float) -> Stage:
    """The picture and what is behind its edges, for views that move no pixel more than ``reach`` widths."""
    near = covering(crisp(near), covering_side(near.shape))
    reach_px = max(1, int(np.ceil(reach * near.shape[1])))
    is_rim = near - _smallest_around(near, reach_px) > EDGE
    if not is_rim.any():
        return Stage(pixels, near, pixels)
    # Only what lies behind an edge may fill: the inside of the object before it must not.
    is_beside = ~is_rim & (-_smallest_around(-near, reach_px) - near > EDGE)
    source = is_beside if is_beside.any() else ~is_rim
    behind = pixels.copy()
    colours = _extended(pixels, source.astype(np.float32))
    behind[is_rim] = np.clip(colours[is_rim], 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    return Stage(pixels, near, behind)


def look(at: Stage, view: View) -> npt.NDArray[Any]:
    """(H, W, C) pixels as seen from the view."""
    near, known = splat(at.near, view)
    near = filled(near, known)
    map_x, map_y = sources(near, view)
    front = fetched(at.pixels, map_x, map_y)
    if at.behind is at.pixels or known.all():
        return front
    put_holes(front, at.behind, known, (map_x, map_y))
    return front


def put_holes(
    front: npt.NDArray[Any],
    behind: npt.NDArray[Any],
    known: npt.NDArray[np.bool_],
    places: tuple[Floats, Floats],
) -> None:
    """Fetch what is not ``known`` of a view from what is behind, into ``front``; ``places``: x and y."""
    holes, (map_x, map_y) = np.nonzero(~known), places
    # As a picture of one column, in parts: remap takes sides of less than 2^15 pixels.
    for start in range(0, len(holes[0]), _MOST_ROWS):
        part = holes[0][start : start + _MOST_ROWS], holes[1][start : start + _MOST_ROWS]
        front[part] = fetched(behind, map_x[part][:, None], map_y[part][:, None])[:, 0]


def fetched(pixels: npt.NDArray[Any], map_x: Floats, map_y: Floats) -> npt.NDArray[Any]:
    """Pixels at places between them, linear; beyond the rim, the rim's."""
    if max(*pixels.shape[:2], *map_x.shape) > _MOST_SIDE:
        return _fetched_by_numpy(pixels, map_x, map_y)
    return cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _fetched_by_numpy(pixels: npt.NDArray[Any], map_x: Floats, map_y: Floats) -> npt.NDArray[Any]:
    """The same for sides that OpenCV's remap does not take, some rows at a time."""
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height, width, -1)
    out = np.empty((*map_x.shape, flat.shape[2]), pixels.dtype)
    step = max(1, _AT_ONCE // map_x.shape[1])
    for start in range(0, len(map_x), step):
        rows = slice(start, start + step)
        x, y = np.clip(map_x[rows], 0, width - 1), np.clip(map_y[rows], 0, height - 1)
        left, top = x.astype(np.intp), y.astype(np.intp)
        right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        by_x, by_y = (x - left)[..., None], (y - top)[..., None]
        upper = flat[top, left] * (1 - by_x) + flat[top, right] * by_x
        lower = flat[below, left] * (1 - by_x) + flat[below, right] * by_x
        out[rows] = np.rint(upper * (1 - by_y) + lower * by_y)
    return out.reshape(*map_x.shape, *pixels.shape[2:])


def covering_side(shape: tuple[int, ...]) -> int:
    """By how much objects of a picture of that shape are made larger: side of a window, in pixels."""
    longer = min(max(shape), _MOST_ASPECT * min(shape))
    return 2 * max(1, round(longer / _SIDE_OF_RIMS)) + 1


def covering(near: Floats, side: int) -> Floats:
    """Nearness in which objects are a little larger: their mixed rim goes with them, no outline is left."""
    grown = cv2.dilate(near, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return np.where(grown - near > EDGE, grown, near)


def _smallest_around(near: Floats, reach_px: int) -> Floats:
    """Smallest value in a square of ``reach_px`` round each pixel, found on a small copy."""
    step = max(1, reach_px // 8)
    height, width = near.shape
    low: Any = cv2.erode(near, np.ones((step, step), np.uint8))[::step, ::step]
    side = 2 * (reach_px // step + 1) + 1
    low = cv2.erode(low, np.ones((side, side), np.uint8))
    return np.asarray(np.repeat(np.repeat(low, step, axis=0), step, axis=1)[:height, :width], np.float32)


def _extended(pixels: npt.NDArray[Any], weight: Floats) -> Floats:
    size = (max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2))
    small_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(pixels * weight[..., None], size, interpolation=cv2.INTER_AREA)
    colours = colours.reshape(*small_weight.shape, -1) / np.maximum(small_weight, np.float32(1e-4))[..., None]
    whole = extend(np.asarray(colours, np.float32), np.minimum(1, small_weight))
    large = cv2.resize(whole, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32).reshape(pixels.shape)


def _growth(near: Floats, view: View) -> Floats | np.float32:
    if view.zoom == 0 and view.zoom_far == 0:
        return np.float32(1)
    if view.zoom == view.zoom_far:
        return np.float32(1 + view.zoom)
    return np.asarray(1 + view.zoom_far + (view.zoom - view.zoom_far) * near, np.float32)


def _targets(near: Floats, view: View) -> tuple[Floats, Floats]:
    height, width = near.shape
    growth = _growth(near, view)
    cx, cy = np.float32((width - 1) / 2), np.float32((height - 1) / 2)
    lift = (near - np.float32(view.still)) * np.float32(width)
    x = (np.arange(width, dtype=np.float32) - cx)[None, :] * growth + cx
    y = (np.arange(height, dtype=np.float32) - cy)[:, None] * growth + cy
    return x + np.float32(view.shift[0]) * lift, y + np.float32(view.shift[1]) * lift


def splat(near: Floats, view: View) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Nearness as the new view sees it, and where it sees any: the nearest pixel wins."""
    height, width = near.shape
    x, y = _targets(near, view)
    # What leaves the picture lands on a rim of one pixel round it.
    place = _whole(y, height)
    place *= np.int32(width + 2)
    place += _whole(x, width)
    seen = np.zeros((height + 2) * (width + 2), np.int32)
    np.maximum.at(seen, place.ravel(), _levels(near).ravel())
    seen = seen.reshape(height + 2, width + 2)[1:-1, 1:-1]
    known = seen > 0
    near_seen = np.subtract(seen, 1, dtype=np.float32)
    near_seen *= np.float32(1 / _LEVELS)
    near_seen, known = _closed(near_seen, known)
    return (_mended(near_seen) if max(view.zoom, view.zoom_far) > 0 else near_seen), known


def _whole(places: Floats, side: int) -> npt.NDArray[np.int32]:
    """Rounded places along an axis, counted from the rim before it; ``places`` is used up."""
    np.clip(places, -1, side, out=places)
    places += np.float32(1.5)
    return places.astype(np.int32)


def _levels(near: Floats) -> npt.NDArray[np.int32]:
    levels = near * np.float32(_LEVELS)
    levels += 1
    return levels.astype(np.int32)


def _closed(near: Floats, known: npt.NDArray[np.bool_]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Cracks of a pixel or two, where a slope was drawn apart, closed; true holes are left."""
    if known.all() or min(near.shape) < 3:
        return near, known
    closed = cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    is_crack = ~known & (closed >= 0)
    return np.where(known, near, closed), known | is_crack


def _mended(near: Floats) -> Floats:
    """Cracks of one pixel, where a near surface grew apart and a far one shows through, closed."""
    pair = np.ones((2, 2), np.uint8)
    closed = cv2.erode(cv2.dilate(near, pair, anchor=(0, 0)), pair, anchor=(1, 1))
    return np.where(closed - near > EDGE, closed, near)


def filled(near: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    """Holes take the farther of the known values left and right of them; whole rows of them, the next row."""
    holes = np.flatnonzero(~known)
    if not holes.size:
        return near
    width, flat = near.shape[1], near.ravel()
    is_first = np.diff(holes, prepend=-2) != 1
    is_first |= holes % width == 0
    first = np.flatnonzero(is_first)
    lengths = np.diff(first, append=holes.size)
    start, stop = holes[first], holes[first] + lengths
    from_left = np.where(start % width > 0, flat[start - 1], np.float32(2))
    from_right = np.where(stop % width > 0, flat[stop % flat.size], np.float32(2))
    best = np.minimum(from_left, from_right)
    out = near.copy()
    out.ravel()[holes] = np.repeat(np.where(best > 1, np.float32(0), best), lengths)
    is_seen = known.any(axis=1)
    if is_seen.any() and not is_seen.all():
        seen, unseen = np.flatnonzero(is_seen), np.flatnonzero(~is_seen)
        out[unseen] = out[seen[np.rint(np.interp(unseen, seen, np.arange(seen.size))).astype(np.intp)]]
    return out


def sources(near: Floats, view: View) -> tuple[Floats, Floats]:
    """Where in the photo each pixel of the view comes from: the targets' rule, undone."""
    height, width = near.shape
    growth = _growth(near, view)
    cx, cy = np.float32((width - 1) / 2), np.float32((height - 1) / 2)
    lift = (near - np.float32(view.still)) * np.float32(width)
    x = (np.arange(width, dtype=np.float32) - cx)[None, :] - np.float32(view.shift[0]) * lift
    y = (np.arange(height, dtype=np.float32) - cy)[:, None] - np.float32(view.shift[1]) * lift
    return np.asarray(x / growth + cx, np.float32), np.asarray(y / growth + cy, np.float32)
