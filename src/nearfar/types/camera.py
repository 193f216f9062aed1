"""The camera of a photo."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from numbers import Real

from nearfar.errors import ParameterError

FOCAL_PX = (1e-6, 1e9)
"""Focal lengths of all cameras lie between, in pixels; points in space then stay within float32."""

EQUIRECTANGULAR = "panorama: equirectangular"
"""What :attr:`Camera.source` says of a panorama that goes all the way round."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Pinhole intrinsics in pixels of the photo: focal lengths and principal point.

    ``source``: where they come from.

    Pixel centres are at whole numbers plus one half: the centre of a W-pixel row is W/2.
    """

    fx_px: float
    fy_px: float
    cx_px: float
    cy_px: float
    source: str = "given"

    def __post_init__(self) -> None:
        numbers = (self.fx_px, self.fy_px, self.cx_px, self.cy_px)
        least, most = FOCAL_PX
        if not all(isinstance(n, Real) for n in numbers):
            raise ParameterError(f"Intrinsics are {numbers}, but four numbers in pixels were expected.")
        is_focal = all(least <= focal_px <= most for focal_px in numbers[:2])
        if not is_focal or not all(abs(n) <= most for n in numbers):
            raise ParameterError(
                f"Intrinsics are {numbers}, but focal lengths of {least:g} to {most:g} pixels "
                f"and a principal point within {most:g} were expected."
            )

    @classmethod
    def from_fov(cls, fov_deg: float, width: int, height: int, source: str = "given") -> Camera:
        """The camera whose horizontal field of view is ``fov_deg`` over ``width`` pixels, centred."""
        if not 0 < fov_deg < 180:
            raise ParameterError(f"A field of view is {fov_deg}, but 0 to 180 degrees was expected.")
        half = math.tan(math.radians(fov_deg) / 2)
        if width / 2 > half * FOCAL_PX[1]:
            raise ParameterError(f"A field of view of {fov_deg} degrees is too narrow for a camera.")
        focal_px = width / 2 / half
        return cls(focal_px, focal_px, width / 2, height / 2, source)

    @classmethod
    def equirectangular(cls, width: int, height: int) -> Camera:
        """The camera of a panorama of a whole turn: so many pixels a radian, its middle straight ahead."""
        return cls(width / math.tau, height / math.pi, width / 2, height / 2, EQUIRECTANGULAR)

    @property
    def is_equirectangular(self) -> bool:
        """Columns are angles round the camera, and distances go straight from it: no pinhole."""
        return self.source == EQUIRECTANGULAR

    def scaled(self, across: float, down: float) -> Camera:
        """The camera of the same photo with so many times the pixels across and down."""
        return replace(
            self,
            fx_px=self.fx_px * across,
            fy_px=self.fy_px * down,
            cx_px=self.cx_px * across,
            cy_px=self.cy_px * down,
        )
