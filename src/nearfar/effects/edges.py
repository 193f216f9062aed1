"""Where depth jumps, drawn as lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, finished, floats, matching, near_of, parse_colour, quantised
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

_SIDE_OF_WIDTHS = 500  # widths of a line that the longer side is: it is seen on a screen as on paper


@dataclass(frozen=True, slots=True)
class EdgesOptions:
    """Which jumps are drawn and on what."""

    threshold: float = option(0.04, "Smallest jump drawn, as a share of the depth.", low=0.001, high=1)
    width: int = option(0, "Width of the lines in pixels; 0 chooses by the picture's size.", low=0, high=50)
    colour: str = option("#ffd21f", "Colour of the lines: a name or #rrggbb.", form="COLOUR")
    background: str = option("photo", "What the lines are drawn on.", choices=("photo", "black", "white"))
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: EdgesOptions) -> Picture:
    """The photo (or a plain ground) with lines where depth jumps.

    Raises:
        ParameterError: photo and depth differ in size, or the colour is none.
    """
    photo = matching(photo, depth)
    near = near_of(photo, depth, is_refined=options.refine)
    jump = cv2.dilate(near, np.ones((3, 3), np.uint8)) - cv2.erode(near, np.ones((3, 3), np.uint8))
    line = np.clip(jump / np.float32(options.threshold) - np.float32(0.5), 0, 1)
    width = options.width or max(2, round(max(near.shape) / _SIDE_OF_WIDTHS))
    if width > 2:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width - 1, width - 1))
        line = cv2.dilate(line, brush)
    ground = {"black": 0.0, "white": 1.0}.get(options.background)
    colours = floats(photo)
    if ground is not None:
        colours[:] = ground
    colours += (np.array(parse_colour(options.colour), np.float32) - colours) * line[..., None]
    return finished(quantised(colours, photo), photo, depth)


PLUGIN = Effect("edges", "Lines where depth jumps", EdgesOptions, apply)
