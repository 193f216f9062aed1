"""What stands in the way of a stream: one scale, times to contact and warnings, frame by frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nearfar.cards import DepthKind
from nearfar.errors import NoGroundError, ParameterError
from nearfar.robot.contact import ContactWatch
from nearfar.robot.follow import GroundFollower
from nearfar.robot.sectors import obstacles
from nearfar.robot.warn import Warner
from nearfar.types import Camera

if TYPE_CHECKING:
    from nearfar.robot.look import LookOptions
    from nearfar.robot.sectors import Obstacles
    from nearfar.types import DepthMap

    Size = tuple[int, int]


class Ahead:
    """Looks at the depth of one stream, a frame after the other.

    ``told``: how the camera is mounted, with its field of view. ``is_steady``: whether the maps are on one
    scale, which is then followed; else the floor of each frame gives its own.

    Raises:
        ParameterError: the tilt or the field of view is lacking, or nothing could be an obstacle.
    """

    def __init__(self, told: LookOptions, *, is_steady: bool = True) -> None:
        if not told.fov:
            raise ParameterError(
                "Obstacles need the camera's field of view.", "Give fov in degrees.", parameter="fov"
            )
        told.check_tilt()
        self._told, self._looks = told, told.looks()
        self._is_steady = is_steady
        self._sizes: tuple[Size, Size] | None = None
        self._seconds = -math.inf
        self._watch, self._warner = ContactWatch(), Warner()

    def look(self, depth: DepthMap, size: Size, seconds: float, *, is_cut: bool = False) -> dict[str, Any]:
        """The row of a frame: what :meth:`nearfar.Obstacles.describe` says, seconds to contact, the alert.

        Where no floor was seen yet: why.

        Args:
            depth: of the frame, smaller than it or as large.
            size: width and height of the frame, in whose rows a horizon is counted.
            seconds: when the frame was taken; where time goes back, speeds are told anew.
            is_cut: whether another scene begins.
        """
        sizes = (size, (depth.width, depth.height))
        if is_cut or sizes != self._sizes:
            self._begin(sizes)
        if not seconds > self._seconds:
            self._watch.restart()
        self._seconds = seconds
        try:
            seen = self._seen(depth)
        except NoGroundError as exc:
            return {"error": str(exc)}
        contact_s = self._watch.push(seen, seconds)
        alert = self._warner.push(seen, contact_s)
        times = [round(s, 3) if math.isfinite(s) else None for s in contact_s.tolist()]
        return {**seen.describe(), "contact_s": times, "alert": alert.describe()}

    def _begin(self, sizes: tuple[Size, Size]) -> None:
        """Frames of another size, or another scene: nothing is known of them."""
        self._sizes, (frame, small) = sizes, sizes
        camera = Camera.from_fov(self._told.fov, *frame)
        self._camera = camera.scaled(small[0] / frame[0], small[1] / frame[1])
        self._mount = self._told.mount(camera)
        self._follower = GroundFollower(self._mount, self._camera)
        self._watch.restart()

    def _seen(self, depth: DepthMap) -> Obstacles:
        is_followed = self._is_steady and depth.kind is not DepthKind.METRIC
        ground = self._follower.update(depth) if is_followed else None
        return obstacles(depth, self._camera, self._mount, self._looks, ground=ground)
