"""How a camera is mounted: how high, and how tilted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError
from nearfar.options import option

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import Camera

_STEEPEST_DEG = 80.0


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a camera is above the floor it looks at.

    ``height_m``: of the lens above the floor in metres; None where nobody measured it (lengths then come in
    camera heights, never in metres). ``pitch_deg``: positive looks up, negative down. ``roll_deg``: positive
    is a camera turned clockwise, seen from behind it.

    Example:
        >>> Mount(0.35, pitch_deg=-12).height_m
        0.35
    """

    height_m: float | None = None
    pitch_deg: float = 0.0
    roll_deg: float = 0.0

    def __post_init__(self) -> None:
        height = 1.0 if self.height_m is None else self.height_m
        if not all(isinstance(n, Real) and math.isfinite(n) for n in (height, self.pitch_deg, self.roll_deg)):
            raise ParameterError(f"A mount is {self}, but numbers were expected.", parameter="mount")
        if height <= 0:
            raise ParameterError(
                f"The camera's height is {height:g} m, but more than 0 was expected.", parameter="height"
            )
        if max(abs(self.pitch_deg), abs(self.roll_deg)) > _STEEPEST_DEG:
            raise ParameterError(
                f"The camera is pitched by {self.pitch_deg:g}° and rolled by {self.roll_deg:g}°, but at most "
                f"{_STEEPEST_DEG:g}° either way were expected.",
                parameter="pitch",
            )

    @classmethod
    def of_horizon(
        cls, row: float, camera: Camera, height_m: float | None = None, roll_deg: float = 0.0
    ) -> Mount:
        """The mount of a camera that sees the horizon in a row of pixels, at its principal point's column."""
        down = (row - camera.cy_px) / camera.fy_px
        pitch = math.degrees(math.atan(down * math.cos(math.radians(roll_deg))))
        return cls(height_m, pitch, roll_deg)

    def axes(self) -> npt.NDArray[np.float64]:
        """(3, 3): rows right, down and ahead, level, in the camera's axes (x right, y down, z ahead)."""
        pitch, roll = math.radians(self.pitch_deg), math.radians(self.roll_deg)
        down = np.array(
            [math.sin(roll) * math.cos(pitch), math.cos(roll) * math.cos(pitch), -math.sin(pitch)]
        )
        ahead = np.array([0.0, 0.0, 1.0]) - down[2] * down
        ahead /= np.linalg.norm(ahead)
        return np.stack([np.cross(down, ahead), down, ahead])


@dataclass(frozen=True)  # without slots, so that it can stand beside other bases
class MountOptions:
    """How a camera is mounted, and what it sees, as people tell it; alike on every face."""

    height: float | None = option(
        None, "The camera's height above the floor, in metres.", low=1e-3, high=10_000
    )
    pitch: float | None = option(
        None, "The camera's tilt in degrees: positive looks up, negative down (level: 0)."
    )
    horizon: float | None = option(
        None, "Row of pixels of the horizon, counted from the top, in place of the pitch."
    )
    roll: float = option(0.0, "The camera's lean in degrees, clockwise is positive.")
    fov: float = option(0.0, "Horizontal field of view in degrees; 0 takes the photo's own.", low=0, high=179)

    def check_tilt(self) -> None:
        """Raise ParameterError where neither pitch nor horizon is told, or both are."""
        if (self.pitch is None) == (self.horizon is None):
            raise ParameterError(
                "The camera's tilt is needed, once.",
                "Give pitch (degrees, negative looks down) or horizon (its row of pixels).",
                parameter="pitch",
            )

    def mount(self, camera: Camera) -> Mount:
        """The mount that is told; ``camera``: of pictures in whose rows the horizon is counted.

        Raises:
            ParameterError: the tilt is not told once, or a number cannot be.
        """
        self.check_tilt()
        if self.horizon is not None:
            return Mount.of_horizon(self.horizon, camera, self.height, self.roll)
        return Mount(self.height, self.pitch or 0.0, self.roll)


def slopes(
    camera: Camera, rows: npt.NDArray[np.float64], columns: npt.NDArray[np.float64], axis: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """(h, w): how far the rays through pixels go along an axis for each step along the optical axis.

    ``rows``, ``columns``: of pixel centres. With the axis down and a camera h above a floor the inverse depth
    of the floor is slope / h: a plane in the picture.

    Raises:
        ParameterError: the picture is a panorama.
    """
    if camera.is_equirectangular:
        raise ParameterError(
            "A panorama has no picture plane to find the floor in.", "Give a photo of a pinhole camera."
        )
    x, y, z = np.asarray(axis, np.float64)
    across = (columns - camera.cx_px) / camera.fx_px
    along = (rows - camera.cy_px) / camera.fy_px
    return np.asarray(x * across[None, :] + y * along[:, None] + z)
