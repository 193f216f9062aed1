"""Dots that show the scene to eyes that look through them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.ops.nearness import nearness_rows
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

_BAND_PIXELS, _FEWEST_ROWS = 1 << 22, 256  # every column of a band is a step in Python


@dataclass(frozen=True, slots=True)
class AutostereogramOptions:
    """The pattern and how deep the scene stands in it."""

    period: float = option(
        12.0, "Width of the repeated pattern, in percent of the picture's.", low=2, high=50
    )
    relief: float = option(0.35, "Share of the period by which the nearest pixel is moved.", low=0, high=0.8)
    dot: int = option(0, "Size of a dot in pixels; 0 chooses by the picture's width.", low=0, high=64)
    cross: bool = option(False, "For crossed eyes; otherwise eyes look past the picture.")
    colours: bool = option(True, "Dots in colours, otherwise black and white.")
    seed: int = option(1, "Number that the random dots begin from.", low=0, high=2**31 - 1)


def apply(photo: Photo | None, depth: DepthMap, options: AutostereogramOptions) -> Picture:  # noqa: ARG001 - the seam's shape
    """A random-dot autostereogram as large as the depth map.

    Each point of the scene is one pixel for the left and one for the right eye, which get the same colour; a
    point that something nearer hides from an eye gets none, so there are no echoes beside objects. Source:
    H. Thimbleby, S. Inglis, I. Witten, "Displaying 3D Images", IEEE Computer 27(10), 1994.
    """
    near, (height, width) = nearness_rows(depth), depth.values.shape
    period = max(2, round(width * options.period / 100))
    picture, dots = np.empty((height, width, 3), np.uint8), _dots(height, width, options)
    step = max(_FEWEST_ROWS, _BAND_PIXELS // width)
    for top in range(0, height, step):
        rows = slice(top, min(height, top + step))
        away = 1 - near(rows) if options.cross else near(rows)
        apart = np.clip(np.rint(period * (1 - options.relief * away)), 1, period).astype(np.int32)
        back = _linked(np.ascontiguousarray(apart.T), is_far_smaller=options.cross)
        out, all_rows = dots(rows).swapaxes(0, 1).copy(), np.arange(len(away))
        for x in range(1, width):  # columns are rows here: each is contiguous
            out[x] = out[x - back[x], all_rows]
        picture[rows] = out.swapaxes(0, 1)
    return Picture(picture, depth.text())


def _linked(apart: npt.NDArray[np.int32], *, is_far_smaller: bool) -> npt.NDArray[np.int32]:
    """(W, H): how many pixels to the left a pixel has its like; 0 where it has none.

    ``apart``: (W, H) distance of the two pixels of the point midway between them.
    """
    width, height = apart.shape
    nearest, nothing = (np.maximum, 0) if is_far_smaller else (np.minimum, 2 * width)
    rows = np.arange(height)
    of_right, of_left = (np.full((width, height), nothing, np.int32) for _ in range(2))
    for x in range(width):
        right = x - apart[x] // 2 + apart[x]
        is_in = (right >= apart[x]) & (right < width)
        place = right[is_in], rows[is_in]
        of_right[place] = nearest(of_right[place], apart[x][is_in])
    for x in range(width):
        has = of_right[x] != nothing
        place = x - of_right[x][has], rows[has]
        of_left[place] = nearest(of_left[place], of_right[x][has])
    left = np.arange(width)[:, None] - of_right
    is_seen = (of_right != nothing) & (of_left[np.maximum(left, 0), rows] == of_right)
    return np.where(is_seen, of_right, 0)


def _dots(
    height: int, width: int, options: AutostereogramOptions
) -> Callable[[slice], npt.NDArray[np.uint8]]:
    """What gives rows of the dots, (N, W, 3)."""
    dot = options.dot or max(1, width // 600)
    rng = np.random.default_rng(options.seed)
    shape = (-(-height // dot), -(-width // dot), 3 if options.colours else 1)
    dots = rng.integers(0, 256, shape) if options.colours else rng.integers(0, 2, shape) * 255
    small = dots.astype(np.uint8)

    def rows_of(rows: slice) -> npt.NDArray[np.uint8]:
        lines = small[np.arange(rows.start, rows.stop) // dot]
        large = lines.repeat(dot, axis=1)[:, :width]
        return np.broadcast_to(large, (len(large), width, 3))

    return rows_of


PLUGIN = Effect("autostereogram", "Dots that hide the scene", AutostereogramOptions, apply, needs_photo=False)
