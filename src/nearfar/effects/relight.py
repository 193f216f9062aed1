"""A lamp that was not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.effects._canvas import finished, matching, painted, parse_colour
from nearfar.effects.normals import NormalsOptions, normal_rows
from nearfar.ops.nearness import nearness_rows
from nearfar.options import numbers, option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from nearfar.types.arrays import FloatMap as Floats

_FAR = 4.0  # of the nearest pixel's distance: in deeper scenes the noise of a sky would look like clouds


@dataclass(frozen=True, slots=True)
class RelightOptions:
    """Where the lamp is and how bright."""

    light: tuple[float, float] = option(
        (0.2, 0.2),
        "Place of the lamp in the picture: x,y from 0,0 (left, top) to 1,1.",
        parse=numbers("light", 2),
        form="PLACE",
    )
    height: float = option(0.6, "How far before the scene the lamp is, in picture widths.", low=0.01, high=10)
    strength: float = option(0.8, "Brightness of the lamp.", low=0, high=5)
    ambient: float = option(0.55, "How much of the photo's own light stays.", low=0, high=2)
    colour: str = option("#fff1d6", "Colour of the lamp: a name or #rrggbb.", form="COLOUR")
    relief: float = option(0.35, "Depth of the scene, in picture widths.", low=0.01, high=5)
    smooth: float = option(1.2, "Smoothing of surfaces, in percent of the longer side.", low=0, high=10)


def apply(photo: Photo | None, depth: DepthMap, options: RelightOptions) -> Picture:
    """The photo under a lamp: what faces the lamp is lit, what is turned away keeps the ambient light.

    Raises:
        ParameterError: photo and depth differ in size, or the colour is none.
    """
    photo = matching(photo, depth)
    facing = normal_rows(photo, depth, NormalsOptions(smooth=options.smooth, far=_FAR))
    near, height = nearness_rows(depth), photo.height
    light = np.array(parse_colour(options.colour), np.float32) * np.float32(options.strength)

    def paint(rows: slice, colours: Floats) -> Floats:
        down = options.light[1] * height - np.arange(rows.start, rows.stop, dtype=np.float32)
        factor = _lambert(facing(rows), near(rows), down, options)[..., None] * light
        factor += np.float32(options.ambient)
        np.multiply(colours, colours, out=colours)  # as light, gamma 2
        colours *= factor
        return np.sqrt(colours, out=colours)

    return finished(painted(photo, paint), photo, depth)


def _lambert(facing: np.ndarray, near: np.ndarray, down: np.ndarray, options: RelightOptions) -> np.ndarray:
    """(H, W): cosine of the angle to the lamp, less the farther it is; 1 right below the lamp.

    ``down``: pixels from each row down to the lamp.
    """
    width = near.shape[1]
    x = (options.light[0] * width - np.arange(width, dtype=np.float32)[None, :]) / np.float32(width)
    y = down[:, None] / np.float32(width)
    z = np.float32(options.relief) * (near - 1) - np.float32(options.height)
    squared = x * x + y * y + z * z
    cosine = (facing[..., 0] * x + facing[..., 1] * y + facing[..., 2] * z) / np.sqrt(squared)
    return np.asarray(
        np.maximum(cosine, 0) * np.float32(4 * options.height**2) / (squared + 3 * options.height**2)
    )


PLUGIN = Effect("relight", "A lamp that can be moved", RelightOptions, apply)
