"""The picture as seen from further left or right, in bands of rows: how large it is decides on time alone.

The same views as :mod:`nearfar.ops.warp` makes, for moves along a row. Rows then do not meet: nearness is
brought to a copy in bands, what may stand behind near things is kept on a small copy, and each band of a view
is made of its own rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.ops.bands import each_band
from nearfar.ops.inpaint import extend
from nearfar.ops.resize import enlarged_rows
from nearfar.ops.steps import EDGE, crisp
from nearfar.ops.warp import View, covering, covering_side, fetched, filled, put_holes, sources, splat

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    RowsOf = Callable[[slice], npt.NDArray[Any]]

_TOP = 65535
_CRISP_ROWS = 4  # that an edge's step may depend on, above and below
_SOLID_ROWS = 64  # of a band at least: those beside it are looked at again
_CLOSED_ROWS = 2  # that closing a crack looks at
_MOST_BEHIND = 3_000_000  # pixels of the small copy


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture ready to be seen from the side: made once by :func:`scene`, used by every view.

    ``rows_of``: rows of the picture, (N, W, C); ``levels``: (H, W) uint16, nearness from 0 to 65535;
    ``low``: the smallest nearness round each square of ``step`` pixels; ``behind``: colours of what may stand
    behind near things on a small copy, or None where nothing is near enough to hide anything.
    """

    rows_of: RowsOf
    levels: npt.NDArray[np.uint16]
    low: Floats
    step: int
    behind: Floats | None

    def near(self, rows: slice) -> Floats:
        """Rows of nearness in 0…1."""
        return np.multiply(self.levels[rows], np.float32(1 / _TOP), dtype=np.float32)


def scene(
    rows_of: RowsOf,
    near: Callable[[slice], Floats],
    shape: tuple[int, int],
    reach: float,
    behind: Floats | None = None,
) -> Scene:
    """The scene of that (H, W), for views that move no pixel more than ``reach`` widths.

    ``near`` gives rows of nearness, (N, W) in 0…1. ``behind``: the small copy of what may stand behind near
    things, where that is known already: (h, w, C) float32.
    """
    levels = _solid(near, shape)
    reach_px = max(1, int(np.ceil(reach * levels.shape[1])))
    step = max(1, reach_px // 8)
    low, high = _extremes(levels, step)
    square = np.ones((2 * (reach_px // step + 1) + 1,) * 2, np.uint8)
    low, high = (
        np.asarray(most(grid, square), np.float32) for most, grid in ((cv2.erode, low), (cv2.dilate, high))
    )
    if behind is None:
        behind = _behind(Scene(rows_of, levels, low, step, None), high)
    return Scene(rows_of, levels, low, step, behind)


def each_view(at: Scene, shifts: tuple[float, ...], still: float, take: Callable[..., None]) -> None:
    """Call ``take(rows, view, …)`` for each band, with the rows of a view for each of the ``shifts``.

    A shift is the move to the right of the nearest against the farthest pixel, in widths; what is at the
    nearness ``still`` does not move. Threads call at the same time, each for rows of its own.
    """
    height, width = at.levels.shape

    def work(rows: slice) -> None:
        pixels = at.rows_of(rows)
        back = pixels if at.behind is None else _background(at, at.behind, rows, pixels)
        take(rows, *(_seen(at, View((shift, 0.0), still), rows, (pixels, back)) for shift in shifts))

    each_band(work, height, width)


def _background(at: Scene, behind: Floats, rows: slice, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows of the picture, what may stand behind near things in place of their rims."""
    is_rim = _is_rim(at, rows)
    if not is_rim.any():
        return pixels
    back, rims = pixels.copy(), np.nonzero(is_rim)
    back[rims] = _enlarged(behind, rows, at.levels.shape, pixels.dtype)[rims]
    return back


def _seen(
    at: Scene, view: View, rows: slice, picture: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """Rows of a view, (N, W, C). ``picture``: the same rows of the photo and of its background."""
    seen, inner = _wider(rows, _CLOSED_ROWS, len(at.levels))
    near, known = splat(at.near(seen), view)
    near, known = filled(near, known)[inner], known[inner]
    map_x, map_y = sources(near, view)
    pixels, back = picture
    front = fetched(pixels, map_x, map_y)
    if back is not pixels and not known.all():
        put_holes(front, back, known, (map_x, map_y))
    return front


def _enlarged(small: Floats, rows: slice, size: tuple[int, int], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    colours = enlarged_rows(small, (rows.start, rows.stop), *size)
    return np.clip(colours, 0, np.iinfo(kind).max, out=colours).astype(kind)


def _wider(rows: slice, margin: int, height: int) -> tuple[slice, slice]:
    """Rows with some more above and below, and where the rows lie in them."""
    start = max(0, rows.start - margin)
    seen = slice(start, min(height, rows.stop + margin))
    return seen, slice(rows.start - start, rows.stop - start)


def _solid(near: Callable[[slice], Floats], shape: tuple[int, int]) -> npt.NDArray[np.uint16]:
    """Levels of nearness whose ramps over edges are steps; objects are larger by their mixed rims."""
    out = np.empty(shape, np.uint16)
    side = covering_side(shape)

    def work(rows: slice) -> None:
        seen, inner = _wider(rows, _CRISP_ROWS + side // 2, len(out))
        out[rows] = covering(crisp(near(seen)), side)[inner] * np.float32(_TOP) + np.float32(0.5)

    each_band(work, *shape, _SOLID_ROWS)
    return out


def _extremes(levels: npt.NDArray[np.uint16], step: int) -> tuple[Floats, Floats]:
    """The smallest and the largest nearness about every ``step``-th pixel of every ``step``-th row."""
    height, width = levels.shape
    low: Floats = np.empty((-(-height // step), -(-width // step)), np.float32)
    high = np.empty_like(low)
    square = np.ones((step, step), np.uint8)

    def work(places: slice) -> None:
        rows = slice(places.start * step, min(height, places.stop * step))
        seen, inner = _wider(rows, step, height)
        for out, most in ((low, cv2.erode), (high, cv2.dilate)):
            out[places] = most(levels[seen], square)[inner][::step, ::step] * np.float32(1 / _TOP)

    each_band(work, len(low), width * step)
    return low, high


def _spread(at: Scene, grid: Floats, rows: slice) -> Floats:
    """Rows of a grid of squares, at full size."""
    across = np.repeat(grid[np.arange(rows.start, rows.stop) // at.step], at.step, axis=1)
    return across[:, : at.levels.shape[1]]


def _is_rim(at: Scene, rows: slice) -> npt.NDArray[np.bool_]:
    """Where things are nearer than some of their surroundings by an edge."""
    return np.asarray(at.near(rows) - _spread(at, at.low, rows) > EDGE)


def _behind(at: Scene, high: Floats) -> Floats | None:
    """Colours on a small copy: what lies behind an edge goes on where something near is."""
    height, width = at.levels.shape
    scale = 2
    while height * width > _MOST_BEHIND * scale * scale:
        scale *= 2
    size = max(1, width // scale), max(1, height // scale)
    beside, others = (np.zeros(size[::-1], np.float32) for _ in range(2))
    found = [False]

    def look(places: slice) -> None:
        rows = slice(places.start * scale, height if places.stop == size[1] else places.stop * scale)
        is_rim = _is_rim(at, rows)
        found[0] = found[0] or bool(is_rim.any())
        is_beside = ~is_rim & (_spread(at, high, rows) - at.near(rows) > EDGE)
        for out, where in ((beside, is_beside), (others, ~is_rim)):
            out[places] = _mean(where.astype(np.float32), size[0], places)

    each_band(look, size[1], width * scale)
    if not found[0]:
        return None
    is_any = bool(beside.any())  # only what lies behind an edge may fill: the inside of the thing must not
    return _carried_on(at, high if is_any else None, beside if is_any else others, scale)


def _carried_on(at: Scene, high: Floats | None, weight: Floats, scale: int) -> Floats:
    """Colours of the places that weigh, and their like where none does. ``high``: who stands beside edges."""
    height = len(at.levels)
    channels = at.rows_of(slice(0, 1)).shape[2]
    colours = np.zeros((*weight.shape, channels), np.float32)

    def add(places: slice) -> None:
        rows = slice(places.start * scale, height if places.stop == len(weight) else places.stop * scale)
        where = ~_is_rim(at, rows)
        if high is not None:
            where &= _spread(at, high, rows) - at.near(rows) > EDGE
        seen = np.multiply(at.rows_of(rows), where[..., None], dtype=np.float32)
        colours[places] = _mean(seen, weight.shape[1], places).reshape(-1, weight.shape[1], channels)

    each_band(add, len(weight), at.levels.shape[1] * scale)
    colours /= np.maximum(weight, np.float32(1e-4))[..., None]
    return extend(colours, np.minimum(1, weight))


def _mean(values: npt.NDArray[Any], width: int, places: slice) -> Floats:
    size = width, places.stop - places.start
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
