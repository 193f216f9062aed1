"""Fog that thickens with distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.effects._canvas import REFINE_HELP, finished, matching, near_rows, painted, parse_colour
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from nearfar.types.arrays import FloatMap as Floats

_FARTHEST = 8.0  # how many times as far as the nearest pixel the farthest is taken to be


@dataclass(frozen=True, slots=True)
class FogOptions:
    """How thick the fog is and what colour."""

    density: float = option(1.5, "Optical thickness at the farthest pixel.", low=0, high=20)
    start: float = option(0.0, "Share of the distance that stays clear.", low=0, high=1)
    colour: str = option("#d5dbe0", "Colour of the fog: a name or #rrggbb.", form="COLOUR")
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: FogOptions) -> Picture:
    """The photo in fog: what is seen falls off exponentially with distance (Koschmieder's law).

    Raises:
        ParameterError: photo and depth differ in size, or the colour is none.
    """
    photo = matching(photo, depth)
    fog = np.array(parse_colour(options.colour), np.float32)
    near = near_rows(photo, depth, is_refined=options.refine)

    def paint(rows: slice, colours: Floats) -> Floats:
        colours -= fog
        colours *= seen_through(near(rows), options.density, options.start)[..., None]
        colours += fog
        return colours

    return finished(painted(photo, paint), photo, depth)


def seen_through(near: Floats, density: float, start: float = 0.0) -> Floats:
    """Share of the light of things at a nearness, 0…1, that comes through fog: 1 before all of it."""
    # Distance from nearness, 0 at the nearest and 1 at the farthest pixel: 1/(a + b·near), scaled.
    away = (1 / (1 + (_FARTHEST - 1) * near) - 1 / _FARTHEST) / (1 - 1 / _FARTHEST)
    away = np.clip((away - start) / max(1 - start, 1e-6), 0, 1)
    return np.asarray(np.exp(-density * away), np.float32)


PLUGIN = Effect("fog", "Fog that thickens with distance", FogOptions, apply)
