"""Free space as a picture: floor and things over the photo, directions as a fan seen from above."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.robot.sectors import Part
from nearfar.types import Picture

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.robot.sectors import Obstacles

    Pixels = npt.NDArray[np.uint8]

_TINTS = {Part.GROUND: (60, 190, 110), Part.OVERHEAD: (90, 130, 220), Part.UNDER: (150, 90, 200)}
_NEAR, _FAR, _FREE, _DARK, _LIGHT = (
    (230, 70, 50),
    (240, 200, 90),
    (70, 160, 110),
    (28, 30, 36),
    (235, 235, 235),
)
_OPACITY = 0.45
_RINGS = 4
_SHOWN = 8.0  # camera heights that the fan reaches


def drawn(rgb: Pixels, found: Obstacles) -> Picture:
    """The photo with floor green, things from red (near) to yellow, and beside it the fan.

    Args:
        rgb: (H, W, 3) uint8 sRGB, the photo.
        found: of depth of the photo's size.
    """
    shown = min(found.reach, _SHOWN * found.height)
    return Picture(np.hstack([_over(rgb, found, shown), _fan(rgb.shape[0], found, shown)]))


def _colour(distance: float, shown: float) -> tuple[int, int, int]:
    share = min(1.0, distance / shown)
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(_NEAR, _FAR, strict=True))
    return red, green, blue


def _over(rgb: Pixels, found: Obstacles, shown: float) -> Pixels:
    """The photo, each part in its tint; a thing has the colour of its direction's distance."""
    height, width = rgb.shape[:2]
    parts = cv2.resize(found.parts, (width, height), interpolation=cv2.INTER_NEAREST)
    tint = rgb.astype(np.float32)
    for part, colour in _TINTS.items():
        tint[parts == part] = colour
    tint[parts == Part.OBSTACLE] = _FAR
    mixed = (1 - _OPACITY) * rgb + _OPACITY * tint
    pixels = np.ascontiguousarray(mixed.astype(np.uint8))
    if found.nearest is not None:
        thick = max(2, height // 160)
        colour = _colour(found.nearest.distance, shown)
        cv2.circle(pixels, found.nearest.pixel, 6 * thick, colour, thick, cv2.LINE_AA)
    return pixels


def _fan(side: int, found: Obstacles, shown: float) -> Pixels:
    """(side, side, 3): the robot at the bottom, ahead is up; grey is not known."""
    pixels = np.full((side, side, 3), _DARK, np.uint8)
    foot = (side / 2, 0.92 * side)
    scale = 0.84 * side / shown
    half = found.increment_deg / 2
    for bearing, distance in zip(found.bearings_deg.tolist(), found.distances.tolist(), strict=True):
        if math.isnan(distance):
            _wedge(pixels, foot, (bearing - half, bearing + half, 0.0, scale * shown), (60, 62, 68))
            continue
        free = min(distance, shown)
        _wedge(pixels, foot, (bearing - half, bearing + half, 0.0, scale * free), _FREE)
        if distance < shown:
            thing = (bearing - half, bearing + half, scale * free, scale * free + side / 40)
            _wedge(pixels, foot, thing, _colour(distance, shown))
    unit = "m" if found.unit == "m" else "h"
    centre = (round(foot[0]), round(foot[1]))
    for ring in range(1, _RINGS + 1):
        radius = shown * ring / _RINGS
        cv2.circle(pixels, centre, round(scale * radius), (110, 112, 118), 1, cv2.LINE_AA)
        place = (centre[0] + 4, round(foot[1] - scale * radius) + 14)
        cv2.putText(pixels, f"{radius:.2g} {unit}", place, _FONT, side / 900, _LIGHT, 1, cv2.LINE_AA)
    return pixels


_FONT = cv2.FONT_HERSHEY_SIMPLEX


def _wedge(
    pixels: Pixels,
    foot: tuple[float, float],
    ring: tuple[float, float, float, float],
    colour: tuple[int, int, int],
) -> None:
    """A piece of a ring: from and to which bearing in degrees, from and to which radius in pixels."""
    left, right, inner, outer = ring
    turns = np.radians(np.linspace(left, right, 5))
    edge = [(outer, turn) for turn in turns] + [(inner, turn) for turn in turns[::-1]]
    points = [(foot[0] + radius * math.sin(turn), foot[1] - radius * math.cos(turn)) for radius, turn in edge]
    cv2.fillConvexPoly(pixels, np.round(points).astype(np.int32), colour, cv2.LINE_AA)
