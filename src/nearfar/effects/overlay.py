"""The heat map laid over the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.effects._canvas import finished, matching
from nearfar.effects._colours import colormap_option, heat_rows, range_option
from nearfar.ops.bands import each_band
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How the heat map lies over the photo."""

    opacity: float = option(0.4, "0 shows the photo, 1 shows the heat map.", low=0, high=1)
    colormap: str = colormap_option()
    range: RangeRule = range_option()


def apply(photo: Photo | None, depth: DepthMap, options: OverlayOptions) -> Picture:
    """The photo with its heat map over it; the photo's alpha and its 16 bits are kept.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    photo = matching(photo, depth)
    heat = heat_rows(depth, options.colormap, options.range, photo.pixels.dtype)
    mixed = np.empty(photo.pixels.shape, photo.pixels.dtype)

    def mix(rows: slice) -> None:
        part = np.ascontiguousarray(photo.pixels[rows])
        mixed[rows] = cv2.addWeighted(part, 1 - options.opacity, heat(rows), options.opacity, 0)

    each_band(mix, photo.height, photo.width)
    return finished(mixed, photo, depth)


PLUGIN = Effect("overlay", "The heat map laid over the photo", OverlayOptions, apply)
