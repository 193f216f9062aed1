"""Photo and heat map next to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearfar.effects._canvas import matching
from nearfar.effects._colours import colormap_option, heat_rows, range_option
from nearfar.ops.bands import each_band
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
    heat = heat_rows(depth, options.colormap, options.range, photo.pixels.dtype)
    height, width, gap = photo.height, photo.width, options.gap
    is_beside = options.layout in {"right", "left"}
    across, down = (width + gap, 0) if is_beside else (0, height + gap)
    shape = (height + down, width + across, 3 if photo.alpha is None else 4)
    out = np.full(shape, np.iinfo(photo.pixels.dtype).max, photo.pixels.dtype)
    first, second = out[:height, :width], out[down:, across:]
    left, right = (second, first) if options.layout in {"left", "above"} else (first, second)

    def lay(rows: slice) -> None:
        left[rows, :, :3], right[rows, :, :3] = photo.pixels[rows], heat(rows)
        if photo.alpha is not None:
            left[rows, :, 3] = photo.alpha[rows]

    each_band(lay, height, width)
    return Picture(out, depth.text())


PLUGIN = Effect("side-by-side", "Photo and heat map next to each other", SideBySideOptions, apply)
