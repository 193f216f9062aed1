"""What is looked for, as people tell it: the camera's mount, directions, and what counts as an obstacle."""

from __future__ import annotations

from dataclasses import dataclass

from nearfar.options import option
from nearfar.robot.mount import MountOptions
from nearfar.robot.sectors import ObstacleOptions


@dataclass(frozen=True)  # without slots, so that it can stand beside other bases
class LookOptions(MountOptions):
    """How a camera is mounted and what counts as an obstacle; alike on every face."""

    sectors: int = option(72, "Directions that are told apart.", low=1, high=720)
    span: float = option(0.0, "Degrees that they cover; 0 is the field of view.", low=0, high=360)
    step: float | None = option(
        None, "Metres above the floor that can be driven over; else 0.12 camera heights.", low=0
    )
    top: float | None = option(
        None, "Metres above the floor that pass over the robot; else 1.25 camera heights.", low=0
    )
    reach: float | None = option(None, "Metres up to which is looked; else 20 camera heights.", low=1e-3)

    def looks(self) -> ObstacleOptions:
        """What counts as an obstacle.

        Raises:
            ParameterError: what is driven over is as high as what passes over the robot.
        """
        return ObstacleOptions(self.sectors, self.span, self.step, self.top, self.reach)
