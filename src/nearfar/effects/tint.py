"""Warm near, cold far."""

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


@dataclass(frozen=True, slots=True)
class TintOptions:
    """The two tints and how strong they are."""

    strength: float = option(0.5, "0 leaves the photo, 1 tints fully.", low=0, high=1)
    near: str = option("#ffb060", "Tint of what is near: a name or #rrggbb.", form="COLOUR")
    far: str = option("#5090ff", "Tint of what is far: a name or #rrggbb.", form="COLOUR")
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: TintOptions) -> Picture:
    """The photo tinted by depth, its brightness kept.

    Raises:
        ParameterError: photo and depth differ in size, or a colour is none.
    """
    photo = matching(photo, depth)
    warm, cold = (_even(parse_colour(c)) for c in (options.near, options.far))
    near = near_rows(photo, depth, is_refined=options.refine)

    def paint(rows: slice, colours: Floats) -> Floats:
        factor = cold + (warm - cold) * near(rows)[..., None]
        factor -= 1
        factor *= np.float32(options.strength)
        factor += 1
        colours *= factor
        return colours

    return finished(painted(photo, paint), photo, depth)


def _even(colour: tuple[float, float, float]) -> np.ndarray:
    """The colour as factors that leave the brightness (Rec. 709 luma) as it is."""
    factors = np.array(colour, np.float32)
    luma = float(factors @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    return factors / np.float32(max(luma, 0.05))


PLUGIN = Effect("tint", "Warm near, cold far", TintOptions, apply)
