"""The heat map laid over the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects._canvas import finished, matching
from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule, parse_range

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How the heat map lies over the photo."""

    opacity: float = option(0.4, "0 shows the photo, 1 shows the heat map.", low=0, high=1)
    colormap: str = option("inferno", "Colours from far to near.", choices=COLORMAPS)
    range: RangeRule = option(
        "image",
        "Values spanned by the colours: image, percentile, or a,b.",
        parse=parse_range,
        form="image|percentile|SPAN",
    )


def apply(photo: Photo | None, depth: DepthMap, options: OverlayOptions) -> Picture:
    """The photo with its heat map over it; the photo's alpha and its 16 bits are kept.

    Raises:
        ParameterError: photo and depth differ in size.
    """
    photo = matching(photo, depth)
    heat: npt.NDArray[Any] = colorize(depth.near_is_large(options.range), options.colormap)
    if photo.pixels.dtype == np.uint16:
        heat = heat.astype(np.uint16) * 257
    mixed = cv2.addWeighted(photo.pixels, 1 - options.opacity, heat, options.opacity, 0)
    return finished(mixed, photo, depth)


PLUGIN = Effect("overlay", "The heat map laid over the photo", OverlayOptions, apply)
