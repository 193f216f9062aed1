"""One scale for a stream: taken from the floor, followed smoothly, kept where no floor is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import NoGroundError
from nearfar.options import check, option
from nearfar.robot.ground import find_ground, with_scale

if TYPE_CHECKING:
    from nearfar.robot.ground import Ground
    from nearfar.robot.mount import Mount
    from nearfar.types import Camera, DepthMap


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """How a scale is followed."""

    share: float = option(
        0.5, "Share of the way to a frame's own scale that the kept one goes.", low=0, high=1
    )
    jump: float = option(0.2, "Relative jump from which a frame's own scale is not believed at once.", low=0)
    after: int = option(5, "Frames in a row that jump alike before the kept scale starts anew.", low=1)

    def __post_init__(self) -> None:
        check(self)


class GroundFollower:
    """Keeps one scale for a stream of maps that are on one scale themselves (steady depth).

    A frame's own scale moves the kept one half of the way, since steady depth drifts while a robot drives
    (a tenth lagged: benchmarks/obstacles.py); one that jumps by more than a fifth is left
    out, until five in a row say the same; where no floor is found the kept scale stays.
    """

    def __init__(
        self, mount: Mount, camera: Camera | None = None, options: FollowOptions | None = None
    ) -> None:
        self._mount = mount
        self._camera = camera
        self._options = options or FollowOptions()
        self._kept: Ground | None = None
        self._strange: list[Ground] = []
        self.frames_without = 0
        """Frames since the last one whose floor was believed."""

    @property
    def ground(self) -> Ground | None:
        """The kept floor; None before the first."""
        return self._kept

    def restart(self) -> None:
        """Forget the scale: after a cut, or where depth is on another scale."""
        self._kept, self._strange, self.frames_without = None, [], 0

    def update(self, depth: DepthMap) -> Ground:
        """The floor with the kept scale, after a look at the next map.

        Raises:
            NoGroundError: no floor is seen, and none was before.
        """
        try:
            found = find_ground(depth, self._camera, self._mount)
        except NoGroundError:
            if self._kept is None:
                raise
            self.frames_without += 1
            return self._kept
        if self._kept is None:
            self._kept = found
        elif _is_near(self._kept, found, depth, self._options.jump):
            self._believe(found)
        else:
            self._doubt(found, depth)
        return self._kept

    def _believe(self, found: Ground) -> None:
        kept = self._kept
        if kept is None:
            raise AssertionError("a floor is kept before others are weighed against it")
        share = self._options.share
        scale = math.exp((1 - share) * math.log(kept.scale) + share * math.log(found.scale))
        shift = (1 - share) * kept.shift + share * found.shift
        self._kept = with_scale(found, scale, shift, max(found.error, (1 - share) * kept.error))
        self._strange, self.frames_without = [], 0

    def _doubt(self, found: Ground, depth: DepthMap) -> None:
        if self._strange and not _is_near(self._strange[-1], found, depth, self._options.jump):
            self._strange = []
        self._strange.append(found)
        self.frames_without += 1
        if len(self._strange) >= self._options.after:
            self._kept, self._strange, self.frames_without = found, [], 0


def _is_near(one: Ground, other: Ground, depth: DepthMap, jump: float) -> bool:
    """Whether two scales put the values of the middle of the map at about the same distance."""
    low, high = depth.value_range
    middle = (low + high) / 2
    first, second = (g.scale * middle + g.shift for g in (one, other))
    return first > 0 and second > 0 and abs(math.log(second / first)) <= math.log1p(jump)
