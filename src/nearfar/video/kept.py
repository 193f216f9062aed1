"""Side by side and overlay, drawn in the video's own colours: nothing of it is lost on the way."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.video.passthrough import Ink, KeptOptions, painted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nearfar.types.ranges import RangeRule
    from nearfar.video.estimate import EstimatedFrame
    from nearfar.video.passthrough import Planes


class KeptMaker:
    """Makes brightness and colours of frames with their heat maps, and tells as what they are meant."""

    def __init__(self, options: KeptOptions, range: RangeRule = "image") -> None:
        self._options = options
        self._range = range

    def plan(self, found: EstimatedFrame) -> Callable[[], tuple[Planes, Ink]]:
        """What makes this frame's picture, in any thread; it follows nothing."""
        return partial(self._made, found)

    def state(self) -> dict[str, Any]:
        """None."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing."""

    def _made(self, found: EstimatedFrame) -> tuple[Planes, Ink]:
        low, high = self._range if isinstance(self._range, tuple) else found.span
        far, near = (low, high) if found.kind.is_near_large else (high, low)
        depth, valid = found.plane.depth, found.plane.valid
        if valid is not None:
            depth = np.where(valid, depth, np.float32(far)).astype(np.float32, copy=False)
        ink = Ink.of_frame(found.frame)
        return painted(found.frame, (depth, (far, near)), ink, self._options), ink
