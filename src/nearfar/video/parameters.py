"""Parameters of effects that follow a clip: the focus of a lens, the limit of what is cut out.

Each is a small state that takes one frame after the other; it is kept with a run's segments, so that a run
that goes on gives what an uninterrupted one gives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from nearfar.effects.occlude import direction_for, nearness_for
from nearfar.ops.focus import automatic_focus, check_place
from nearfar.ops.nearness import ends_of_nearness, nearness, nearness_rows
from nearfar.types import Photo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.effects.occlude import OccludeOptions
    from nearfar.types import DepthMap
    from nearfar.video.estimate import EstimatedFrame

    State = dict[str, npt.NDArray[Any]]

_SIDE = 320  # pixels of the longer side in which a point is followed
_REACH = 6  # steps of the grid of points around the one that is followed, to each side
_GRID = 3  # pixels between them
_CALM = 0.9  # weight of what was before in what must not jump
_MOST_ERROR = 1.5  # pixels by which a point may miss its own way back
_LEAST = 5  # points that must be found again


class Follower(Protocol):
    """Follows a clip."""

    def follow(self, found: EstimatedFrame) -> dict[str, Any]:
        """Options of the effect for the next frame, by name."""
        ...

    def state(self) -> State:
        """What is known of the frames before."""
        ...

    def restore(self, state: State) -> None:
        """Go on from there."""
        ...


class Focus:
    """The place in focus: it follows what was under it in the first frame, through flow; at a cut it stays.

    Without a place the nearest large object is in focus, and the focus moves there slowly.
    """

    def __init__(self, options: Any) -> None:
        self._is_given = options.focus is not None
        self._is_off = options.focus_range is not None or options.mask is not None
        self._place = np.array(options.focus if self._is_given else (0.0, 0.0), np.float64)
        self._near = np.array(-1.0)
        self._before: npt.NDArray[np.uint8] = np.zeros((0, 0), np.uint8)

    def follow(self, found: EstimatedFrame) -> dict[str, Any]:
        """``focus``: the place, in pixels of the frame; ParameterError if it is outside the first one."""
        if self._is_off:
            return {}
        if self._is_given:
            self._move(found)
        else:
            self._settle(found)
        most = found.frame.width - 1, found.frame.height - 1
        x, y = (float(np.clip(place, 0, end)) for place, end in zip(self._place, most, strict=True))
        return {"focus": (x, y)}

    def state(self) -> State:
        """Place, nearness and the last picture."""
        return {"place": self._place, "near": self._near, "before": self._before}

    def restore(self, state: State) -> None:
        """The same."""
        self._place, self._before = np.array(state["place"]), np.array(state["before"])
        self._near = np.array(state["near"])

    def _move(self, found: EstimatedFrame) -> None:
        """The place, moved as the picture around it moved."""
        scale = min(1.0, _SIDE / max(found.frame.width, found.frame.height))
        width, height = (max(8, round(side * scale)) for side in (found.frame.width, found.frame.height))
        now = np.asarray(cv2.cvtColor(found.frame.small(width, height), cv2.COLOR_RGB2GRAY), np.uint8)
        before, self._before = self._before, now
        if not before.size:
            check_place(float(self._place[0]), float(self._place[1]), found.frame.width, found.frame.height)
        if before.shape != now.shape or found.is_cut:
            return
        share = np.array([width / found.frame.width, height / found.frame.height])
        self._place = self._place + _moved(before, now, self._place * share) / share

    def _settle(self, found: EstimatedFrame) -> None:
        """The place of the nearest large object, its nearness smoothed."""
        near = nearness(_small(found))
        here = automatic_focus(near)
        is_fresh = found.is_cut or float(self._near) < 0
        self._near = np.array(here if is_fresh else _CALM * float(self._near) + (1 - _CALM) * here)
        row, column = np.unravel_index(int(np.abs(near - np.float32(self._near)).argmin()), near.shape)
        scale = found.frame.width / near.shape[1], found.frame.height / near.shape[0]
        self._place = np.array([(column + 0.5) * scale[0], (row + 0.5) * scale[1]])


class Nearest:
    """How near what is cut out must be: the share that was asked for, smoothed within a scene."""

    def __init__(self, options: Any) -> None:
        self._share = float(options.nearest)
        self._is_off = options.range is not None or options.mask is not None or self._share >= 100
        self._limit = np.array(np.nan)

    def follow(self, found: EstimatedFrame) -> dict[str, Any]:
        """``range``: from the limit to the near end, in the map's own unit."""
        if self._is_off:
            return {}
        values, is_near_large = found.plane.depth, found.kind.is_near_large
        if found.plane.valid is not None and found.plane.valid.any():
            values = values[found.plane.valid]
        here = float(np.percentile(values, 100 - self._share if is_near_large else self._share))
        is_fresh = found.is_cut or not np.isfinite(self._limit)
        self._limit = np.array(here if is_fresh else _CALM * float(self._limit) + (1 - _CALM) * here)
        limit, far_beyond = float(self._limit), 4 * (found.span[1] - found.span[0]) + 1.0
        return {"range": (limit, limit + far_beyond) if is_near_large else (limit - far_beyond, limit)}

    def state(self) -> State:
        """The limit."""
        return {"limit": self._limit}

    def restore(self, state: State) -> None:
        """The same."""
        self._limit = np.array(state["limit"])


class Standing:
    """Where a thing stands in a scene: its depth, of the scene's first frame, stays; its light moves slowly.

    The depth is kept as a value of the clip's own, so that it stays where it is as the range of depth moves.
    """

    def __init__(self, options: OccludeOptions) -> None:
        self._options = options
        self._is_metres = options.distance_m is not None
        self._value = np.array(np.nan)
        self._light = np.full(3, np.nan)

    def follow(self, found: EstimatedFrame) -> dict[str, Any]:
        """``nearness`` on the frame's scale, and ``sun``."""
        is_fresh = found.is_cut or not np.isfinite(self._light).all()
        small = _small(found)
        small_photo = Photo(found.frame.small(small.width, small.height))
        wanted = (
            {} if self._options.sun is not None else {"sun": self._sun(small_photo, small, is_fresh=is_fresh)}
        )
        if self._options.sun is not None:
            self._light = np.zeros(3)
        if self._is_metres:
            return wanted
        low, high = ends_of_nearness(small)
        if is_fresh or not np.isfinite(self._value):
            here = nearness_for(small_photo, small, nearness_rows(small), self._options)
            self._value = np.array(low + here * (high - low))
        share = (float(self._value) - low) / (high - low) if high > low else 0.0
        return wanted | {"nearness": share}

    def _sun(self, photo: Photo, depth: DepthMap, *, is_fresh: bool) -> tuple[float, float]:
        """The lamp before the picture from which that light comes."""
        light = np.array(direction_for(photo, depth, self._options))
        self._light = light if is_fresh else _CALM * self._light + (1 - _CALM) * light
        x, y, _ = self._light / min(float(self._light[2]), -0.05)
        return float(0.5 - x / 2), float(0.5 - y / 2 * photo.width / photo.height)

    def state(self) -> State:
        """The depth and the light."""
        return {"value": self._value, "light": self._light}

    def restore(self, state: State) -> None:
        """The same."""
        self._value, self._light = np.array(state["value"]), np.array(state["light"])


FOLLOWERS: dict[str, Callable[[Any], Follower]] = {"bokeh": Focus, "cutout": Nearest, "occlude": Standing}
"""By the name of the effect."""


def _small(found: EstimatedFrame) -> DepthMap:
    low, high = found.span
    return replace(found.small_depth, shared_span=(low, high) if high > low else None)


def _moved(
    before: npt.NDArray[np.uint8], now: npt.NDArray[np.uint8], place: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(x, y) by which the points round a place moved, the median of those that find back; else no way."""
    steps = np.arange(-_REACH, _REACH + 1) * _GRID
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 1, 2) + place
    height, width = now.shape
    is_inside = (grid >= 0).all(axis=2) & (grid[..., 0] < width) & (grid[..., 1] < height)
    points = grid[is_inside].reshape(-1, 1, 2).astype(np.float32)
    if len(points) < _LEAST:
        return np.zeros(2)
    there, status, _ = cv2.calcOpticalFlowPyrLK(before, now, points, points.copy())
    back, found, _ = cv2.calcOpticalFlowPyrLK(now, before, there, there.copy())
    misses = np.linalg.norm(back - points, axis=2)[:, 0]
    is_sure = (status[:, 0] == 1) & (found[:, 0] == 1) & (misses < _MOST_ERROR)
    if is_sure.sum() < _LEAST:
        return np.zeros(2)
    return np.asarray(np.median((there - points)[is_sure, 0], axis=0), np.float64)
