"""The heat map laid over the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule, parse_range


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How the heat map lies over the photo."""

    opacity: float = option(0.4, "0 shows the photo, 1 shows the heat map.", low=0, high=1)
    colormap: str = option("inferno", "Colours from far to near.", choices=COLORMAPS)
    range: RangeRule = option(
        "image", "Values spanned by the colours: image, percentile, or a,b.", parse=parse_range
    )


def apply(photo: Photo | None, depth: DepthMap, options: OverlayOptions) -> Picture:
    """The photo with its heat map over it; the photo's alpha is kept.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    if photo is None or (photo.height, photo.width) != depth.values.shape:
        size = None if photo is None else (photo.height, photo.width)
        raise ParameterError(f"The overlay needs a photo of the depth map's size, not {size}.")
    heat = colorize(depth.near_is_large(options.range), options.colormap)
    mixed = cv2.addWeighted(photo.rgb8(), 1 - options.opacity, heat, options.opacity, 0)
    alpha = photo.alpha8()
    return Picture(mixed if alpha is None else np.dstack([mixed, alpha]), depth.text())


PLUGIN = Effect("overlay", "The heat map laid over the photo", OverlayOptions, apply)
