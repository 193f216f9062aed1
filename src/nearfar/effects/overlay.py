"""The heat map laid over the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects._canvas import finished, matching
from nearfar.effects._colours import colormap_option, range_option
from nearfar.ops.colormap import colorize
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture, RangeRule

if TYPE_CHECKING:
    import numpy.typing as npt


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
    heat: npt.NDArray[Any] = colorize(depth.near_is_large(options.range), options.colormap)
    if photo.pixels.dtype == np.uint16:
        heat = heat.astype(np.uint16) * 257
    mixed = cv2.addWeighted(photo.pixels, 1 - options.opacity, heat, options.opacity, 0)
    return finished(mixed, photo, depth)


PLUGIN = Effect("overlay", "The heat map laid over the photo", OverlayOptions, apply)
