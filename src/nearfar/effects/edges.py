"""Where depth jumps, drawn as lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, finished, matching, near_rows, painted, parse_colour
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from nearfar.types.arrays import FloatMap as Floats

_SIDE_OF_WIDTHS = 500  # widths of a line that the longer side is: it is seen on a screen as on paper
_BANDS = 8  # widths of a line that a band is high at least: its neighbours' rows are made again for it


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
    near = near_rows(photo, depth, is_refined=options.refine)
    width = options.width or max(2, round(max(depth.values.shape) / _SIDE_OF_WIDTHS))
    ground = {"black": 0.0, "white": 1.0}.get(options.background)
    colour = np.array(parse_colour(options.colour), np.float32)

    def paint(rows: slice, colours: Floats) -> Floats:
        seen = slice(max(0, rows.start - width), min(photo.height, rows.stop + width))  # lines reach in
        inner = slice(rows.start - seen.start, rows.stop - seen.start)
        if ground is not None:
            colours[:] = ground
        colours += (colour - colours) * _lines(near(seen), width, options.threshold)[inner, :, None]
        return colours

    return finished(painted(photo, paint, _BANDS * width), photo, depth)


def _lines(near: Floats, width: int, threshold: float) -> Floats:
    """(H, W) float32, 1 where a line is drawn, of that width."""
    jump = cv2.dilate(near, np.ones((3, 3), np.uint8)) - cv2.erode(near, np.ones((3, 3), np.uint8))
    line = np.clip(jump / np.float32(threshold) - np.float32(0.5), 0, 1)
    if width > 2:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width - 1, width - 1))
        line = cv2.dilate(line, brush)
    return np.asarray(line, np.float32)


PLUGIN = Effect("edges", "Lines where depth jumps", EdgesOptions, apply)
