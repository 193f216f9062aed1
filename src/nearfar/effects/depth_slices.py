"""The scene cut into slices of like depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearfar.effects._canvas import REFINE_HELP, finished, floats, matching, near_of, quantised
from nearfar.errors import ParameterError
from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture


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
    number = _numbers(near_of(photo, depth, is_refined=options.refine), options)
    if options.show:
        return _alone(photo, number == options.count - options.show, depth)
    tints = colorize(np.linspace(0, 1, options.count, dtype=np.float32)[None], options.colormap)[0]
    colours = floats(photo)
    colours *= np.float32(1 - options.opacity)
    colours += (tints * np.float32(options.opacity / 255))[number]
    return finished(quantised(colours, photo), photo, depth)


def _numbers(near: np.ndarray, options: SlicesOptions) -> np.ndarray:
    """(H, W) whole numbers from 0 (far) to count - 1."""
    if options.equal:
        limits = np.percentile(near, np.linspace(0, 100, options.count + 1)[1:-1])
        return np.searchsorted(limits, near, side="right")
    return np.minimum((near * options.count).astype(np.int64), options.count - 1)


def _alone(photo: Photo, is_in: np.ndarray, depth: DepthMap) -> Picture:
    top = np.iinfo(photo.pixels.dtype).max
    alpha = np.where(is_in, top if photo.alpha is None else photo.alpha, 0).astype(photo.pixels.dtype)
    return Picture(np.dstack([photo.pixels, alpha]), depth.text())


PLUGIN = Effect("depth-slices", "Slices of like depth, coloured or one alone", SlicesOptions, apply)
