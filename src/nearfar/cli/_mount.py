"""The flags of how a camera is mounted, alike in the verbs that look for the floor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from nearfar.errors import ParameterError
from nearfar.robot.mount import Mount

if TYPE_CHECKING:
    from nearfar.types import Camera

HEIGHT_HELP = "The camera's height above the floor, in metres."
PITCH_HELP = "The camera's tilt in degrees: positive looks up, negative down (level: 0)."
ROLL_HELP = "The camera's lean in degrees, clockwise is positive."
HORIZON_HELP = "Row of pixels of the horizon, counted from the top, in place of the pitch."


class MountFlags(Protocol):
    """Flags that say how a camera is mounted."""

    @property
    def height(self) -> float | None: ...
    @property
    def pitch(self) -> float | None: ...
    @property
    def roll(self) -> float: ...
    @property
    def horizon(self) -> float | None: ...


def degrees(text: str) -> float:
    """A number that may begin with a minus.

    Raises:
        ParameterError: it is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ParameterError(f"'{text}' is no number.", "Give degrees or pixels, for example --pitch -10.")
    return number


def mount_of(flags: MountFlags, camera: Camera) -> Mount:
    """The mount that the flags tell.

    Raises:
        ParameterError: neither pitch nor horizon is told, or both are.
    """
    if (flags.pitch is None) == (flags.horizon is None):
        raise ParameterError(
            "The camera's tilt is needed, once.",
            "Give --pitch (negative looks down) or --horizon (its row of pixels).",
            parameter="pitch",
        )
    if flags.horizon is not None:
        return Mount.of_horizon(flags.horizon, camera, flags.height, flags.roll)
    return Mount(flags.height, flags.pitch or 0.0, flags.roll)
