"""What stands in the way of a stream: one scale, times to contact and warnings, frame by frame."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from nearfar.errors import NoGroundError, ParameterError
from nearfar.robot.contact import ContactWatch
from nearfar.robot.follow import GroundFollower
from nearfar.robot.mount import Mount
from nearfar.robot.sectors import obstacles
from nearfar.robot.warn import Warner
from nearfar.types import Camera, DepthKind

if TYPE_CHECKING:
    from nearfar.video.estimate import EstimatedFrame


class AheadFlags(Protocol):
    """Flags that say how the camera is mounted."""

    @property
    def height(self) -> float | None: ...
    @property
    def pitch(self) -> float | None: ...
    @property
    def roll(self) -> float: ...
    @property
    def fov(self) -> float: ...


class Ahead:
    """Looks at steady depth, a frame after the other."""

    def __init__(self, flags: AheadFlags) -> None:
        if flags.pitch is None or not flags.fov:
            raise ParameterError(
                "Obstacles need the camera's tilt and field of view.",
                "For example: --obstacles --height 0.4 --pitch -10 --fov 62",
                parameter="pitch" if flags.pitch is None else "fov",
            )
        self._fov = flags.fov
        self._mount = Mount(flags.height, flags.pitch, flags.roll)
        self._follower = GroundFollower(self._mount)
        self._watch = ContactWatch()
        self._warner = Warner()

    def look(self, found: EstimatedFrame) -> dict[str, Any]:
        """The row of a frame: what :meth:`nearfar.Obstacles.describe` says, seconds to contact, the alert.

        Where no floor was seen yet: why.
        """
        if found.is_cut:
            self._follower.restart()
            self._watch.restart()
        depth = found.small_depth
        camera = Camera.from_fov(self._fov, depth.width, depth.height)
        try:
            ground = None
            if depth.kind is not DepthKind.METRIC:
                ground = self._follower.update(replace(depth, camera=camera))
            seen = obstacles(depth, camera, self._mount, ground=ground)
        except NoGroundError as exc:
            return {"error": str(exc)}
        seconds = self._watch.push(seen, found.frame.seconds)
        alert = self._warner.push(seen, seconds)
        times = [round(s, 3) if math.isfinite(s) else None for s in seconds.tolist()]
        return {**seen.describe(), "contact_s": times, "alert": alert.describe()}
