"""The scene cut into slices of like depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.effects._canvas import REFINE_HELP, finished, matching, near_rows, painted
from nearfar.errors import ParameterError
from nearfar.ops.bands import each_band, gathered, kept
from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.effects._canvas import RowsOf
    from nearfar.types.arrays import FloatMap as Floats


@dataclass(frozen=True, slots=True)
class SlicesOptions:
    """How many slices there are and which is shown."""

    count: int = option(5, "Number of slices.", low=2, high=64)
    show: int = option(0, "The slice shown alone, 1 is the nearest; 0 colours all of them.", low=0, high=64)
    equal: bool = option(False, "Slices hold equally many pixels, not equal spans of depth.")
    opacity: float = option(0.5, "How much colour lies over the photo.", low=0, high=1)
    colormap: str = option("turbo", "Colours from far to near.", choices=COLORMAPS)
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: SlicesOptions) -> Picture:
    """Each slice in its colour over the photo, or one slice alone as RGBA.

    Raises:
        ParameterError: photo and depth differ in size, or there is no slice of that number.
    """
    photo = matching(photo, depth)
    if options.show > options.count:
        raise ParameterError(
            f"show is {options.show}, but there are {options.count} slices.", parameter="show"
        )
    near = near_rows(photo, depth, is_refined=options.refine)
    number = _numbers(near, (photo.height, photo.width), options)
    if options.show:
        return _alone(photo, lambda rows: number(rows) == options.count - options.show, depth)
    steps = np.linspace(0, 1, options.count, dtype=np.float32)[None]
    tints = colorize(steps, options.colormap)[0] * np.float32(options.opacity / 255)

    def paint(rows: slice, colours: Floats) -> Floats:
        colours *= np.float32(1 - options.opacity)
        colours += tints[number(rows)]
        return colours

    return finished(painted(photo, paint), photo, depth)


def _numbers(near: RowsOf, shape: tuple[int, int], options: SlicesOptions) -> Callable[[slice], np.ndarray]:
    """What gives rows of whole numbers, from 0 (far) to count - 1."""
    if options.equal:
        shares = np.linspace(0, 100, options.count + 1)[1:-1]
        near = kept(near, *shape)
        limits = np.percentile(gathered(near, *shape), shares, overwrite_input=True)
        return lambda rows: np.searchsorted(limits, near(rows), side="right")
    return lambda rows: np.minimum((near(rows) * options.count).astype(np.int64), options.count - 1)


def _alone(photo: Photo, is_in: Callable[[slice], np.ndarray], depth: DepthMap) -> Picture:
    top = np.iinfo(photo.pixels.dtype).max
    out = np.empty((photo.height, photo.width, 4), photo.pixels.dtype)

    def take(rows: slice) -> None:
        out[rows, :, :3] = photo.pixels[rows]
        out[rows, :, 3] = np.where(is_in(rows), top if photo.alpha is None else photo.alpha[rows], 0)

    each_band(take, photo.height, photo.width)
    return Picture(out, depth.text())


PLUGIN = Effect("depth-slices", "Slices of like depth, coloured or one alone", SlicesOptions, apply)
