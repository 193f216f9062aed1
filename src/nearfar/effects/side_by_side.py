"""Photo and heat map next to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearfar.effects._canvas import matching
from nearfar.effects._colours import colormap_option, range_option
from nearfar.ops.colormap import colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule


@dataclass(frozen=True, slots=True)
class SideBySideOptions:
    """How the two are laid out."""

    layout: str = option("right", "Where the heat map is.", choices=("right", "left", "below", "above"))
    gap: int = option(0, "White pixels between the two.", low=0, high=1000)
    colormap: str = colormap_option()
    range: RangeRule = range_option()


def apply(photo: Photo | None, depth: DepthMap, options: SideBySideOptions) -> Picture:
    """One picture of both; the photo's alpha and 16 bits are kept.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    photo = matching(photo, depth)
    left = photo.pixels
    heat = colorize(depth.near_is_large(options.range), options.colormap)
    right = heat if left.dtype == np.uint8 else heat.astype(np.uint16) * 257
    top = np.iinfo(left.dtype).max
    if photo.alpha is not None:
        left = np.dstack([left, photo.alpha])
        right = np.dstack([right, np.full(right.shape[:2], top, right.dtype)])
    axis = 1 if options.layout in {"right", "left"} else 0
    shape = list(left.shape)
    shape[axis] = options.gap
    parts = [left, np.full(shape, top, left.dtype), right]
    if options.layout in {"left", "above"}:
        parts.reverse()
    return Picture(np.concatenate(parts, axis=axis), depth.text())


PLUGIN = Effect("side-by-side", "Photo and heat map next to each other", SideBySideOptions, apply)
