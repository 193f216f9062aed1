"""What stands in the way, by direction."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import NoGroundError, ParameterError
from nearfar.options import check, option
from nearfar.robot.ground import find_ground
from nearfar.robot.mount import slopes

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.robot.ground import Ground
    from nearfar.robot.mount import Mount
    from nearfar.types import Camera, DepthMap

    Floats = npt.NDArray[np.float32]

_MOST_PIXELS = 400  # along the longer side that are looked at
_STEP, _TOP, _REACH = 0.12, 1.25, 20.0  # camera heights, where nothing is said
_FLOOR_NOISE = 3.0  # residuals of the floor by which it may rise and still be floor


class Part(IntEnum):
    """What a pixel shows."""

    UNKNOWN = 0
    GROUND = 1
    OBSTACLE = 2
    OVERHEAD = 3
    """Ceilings, branches, lamps: above what is driven."""
    UNDER = 4
    """Below the floor: a step down, a mirror, or noise."""


@dataclass(frozen=True, slots=True)
class ObstacleOptions:
    """What counts as an obstacle. Lengths: metres, or camera heights where no height is known."""

    sectors: int = option(72, "Directions that are told apart.", low=1, high=720)
    span_deg: float = option(
        0.0, "Angle that the directions cover, ahead in its middle; 0 is the field of view.", low=0, high=360
    )
    step: float | None = option(
        None, "Height above the floor that can be driven over; else 0.12 camera heights.", low=0
    )
    top: float | None = option(
        None, "Height above the floor that passes over the robot; else 1.25 camera heights.", low=0
    )
    reach: float | None = option(None, "Distance up to which is looked; else 20 camera heights.", low=1e-3)
    fewest: float = option(0.01, "Share of a direction's pixels that makes a thing.", low=0, high=0.5)

    def __post_init__(self) -> None:
        check(self)
        if self.step is not None and self.top is not None:
            _require_between(self.step, self.top, "")

    def heights(self, camera_height: float, unit: str) -> tuple[float, float]:
        """What can be driven over, and what passes over the robot, under a camera of such a height.

        Raises:
            ParameterError: the one that was told is not below the other.
        """
        step = _STEP * camera_height if self.step is None else self.step
        top = _TOP * camera_height if self.top is None else self.top
        _require_between(step, top, unit)
        return step, top


def _require_between(step: float, top: float, unit: str) -> None:
    """ParameterError where nothing could stand between what is driven over and what passes over."""
    if step >= top:
        told = f"{step:g} and {top:g} {unit}".rstrip()
        raise ParameterError(
            f"step and top are {told}: nothing between them could be an obstacle.",
            "Give a top (what passes over the robot) above the step (what it drives over).",
            parameter="step",
        )


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest thing: where it stands (degrees, right is positive), how far, and a pixel (x, y) of it."""

    bearing_deg: float
    distance: float
    pixel: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Obstacles:
    """Free space by direction.

    ``distances``: (N,) float32 over the floor to the nearest thing of each direction, left to right; infinite
    where it is free up to ``reach``, NaN where nothing is known. ``unit``: ``m``, or ``camera heights``.
    ``first_deg``: bearing of the middle of the first direction, right is positive; ``increment_deg``: to the
    next. ``blind``: nearer than that the camera does not see the floor; what stands there is not seen
    whole. ``error``: relative error to be expected of distances, None where the map was metric as it came.
    ``parts``: (h, w) of :class:`Part`, of every ``thinning``-th pixel.
    """

    distances: Floats
    unit: str
    first_deg: float
    increment_deg: float
    reach: float
    blind: float
    height: float
    nearest: Nearest | None
    error: float | None
    parts: npt.NDArray[np.uint8]
    thinning: int
    ground: Ground | None = None

    @property
    def bearings_deg(self) -> npt.NDArray[np.float64]:
        """(N,) of the middles of the directions: 0 is ahead, right is positive."""
        return np.asarray(self.first_deg + self.increment_deg * np.arange(len(self.distances)), np.float64)

    def describe(self) -> dict[str, Any]:
        """Plain values for JSON: a distance, ``"free"`` or None (unknown) for each direction."""
        near = self.nearest
        return {
            "unit": self.unit,
            "error": self.error,
            "first_deg": round(self.first_deg, 4),
            "increment_deg": round(self.increment_deg, 6),
            "reach": round(self.reach, 4),
            "blind": round(self.blind, 4) if math.isfinite(self.blind) else None,
            "camera_height": round(self.height, 4),
            "distances": [_plain(float(d)) for d in self.distances],
            "nearest": None
            if near is None
            else {
                "bearing_deg": round(near.bearing_deg, 2),
                "distance": round(near.distance, 4),
                "pixel": list(near.pixel),
            },
            "shares": {part.name.lower(): round(float((self.parts == part).mean()), 4) for part in Part},
        }


def _plain(distance: float) -> float | str | None:
    return None if math.isnan(distance) else "free" if math.isinf(distance) else round(distance, 4)


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Of thinned pixels: distance over the floor, bearing in degrees, height above the floor; (h, w)."""

    away: Floats
    bearing_deg: Floats
    above: Floats
    known: npt.NDArray[np.bool_]
    thinning: int


def obstacles(
    depth: DepthMap,
    camera: Camera | None,
    mount: Mount,
    options: ObstacleOptions | None = None,
    ground: Ground | None = None,
) -> Obstacles:
    """Free space in each direction, and the nearest thing.

    Metric depth is taken as it comes. Of relative depth the floor gives the scale: metres where the mount has
    a height, camera heights otherwise.

    Args:
        depth: (H, W), metric or relative inverse.
        camera: of pictures of the map's size; the map's own where None.
        mount: the camera's height, pitch and roll.
        options: directions, and what counts as an obstacle.
        ground: the floor with a scale that is kept (of :class:`GroundFollower`); else it is looked for.

    Raises:
        NoGroundError: the map is relative, and no floor is seen.
        ParameterError: no camera is known.

    Example:
        >>> import numpy as np, nearfar
        >>> camera = nearfar.Camera.from_fov(90, 64, 48)
        >>> wall = nearfar.DepthMap(np.full((48, 64), 2.0), "metric")
        >>> nearfar.obstacles(wall, camera, nearfar.Mount(height_m=1.0)).nearest.distance
        2.0
    """
    options = options or ObstacleOptions()
    lens = camera or depth.camera
    if lens is None:
        raise ParameterError(
            "The camera is not known, and with it no direction in the picture.",
            "Give it: nearfar.Camera.from_fov(fov_deg, depth.width, depth.height).",
            parameter="camera",
        )
    ground = ground or _ground_of(depth, lens, mount)
    height, unit = _height(ground, mount)
    options.heights(height, unit)  # what is wrong with them is told before the work
    points = _points(depth, lens, mount, ground)
    error = None if ground is None or depth.kind is DepthKind.METRIC else ground.error
    return replace(_found(points, (height, unit), ground, options), error=error, ground=ground)


def _found(
    points: _Points, height_unit: tuple[float, str], ground: Ground | None, options: ObstacleOptions
) -> Obstacles:
    """What the points say, without what is known of the floor."""
    height, unit = height_unit
    parts = _parts(points, height, ground, options)
    span = options.span_deg or _view_deg(points)
    distances, nearest = _by_direction(points, parts, span, options, height)
    floor = points.away[parts == Part.GROUND]
    return Obstacles(
        distances,
        unit,
        span * (0.5 / options.sectors - 0.5),
        span / options.sectors,
        options.reach or _REACH * height,
        float(floor.min()) if floor.size else math.inf,
        height,
        None if nearest is None else _at(nearest, points),
        None,
        parts,
        points.thinning,
    )


def _ground_of(depth: DepthMap, camera: Camera, mount: Mount) -> Ground | None:
    """The floor; metric depth does without where the height is known."""
    if depth.kind is not DepthKind.METRIC:
        return find_ground(depth, camera, mount)
    if mount.height_m is not None:
        return None
    try:
        return find_ground(depth, camera, mount)
    except NoGroundError as exc:
        raise NoGroundError(
            exc.message, "Give the mount its height_m: metric depth then needs no floor."
        ) from exc


def _height(ground: Ground | None, mount: Mount) -> tuple[float, str]:
    """Of the camera, and the unit. Metric depth that shows the floor tells the height itself."""
    if ground is None:
        return float(mount.height_m or 1.0), "m"
    if ground.kind is DepthKind.METRIC and mount.height_m is None:
        return 1 / ground.scale, "m"
    return ground.height, ground.unit


def _points(depth: DepthMap, camera: Camera, mount: Mount, ground: Ground | None) -> _Points:
    thinning = max(1, min(max(depth.values.shape) // _MOST_PIXELS, *depth.values.shape))
    rows = np.arange(thinning // 2, depth.height, thinning)
    columns = np.arange(thinning // 2, depth.width, thinning)
    values = depth.values[np.ix_(rows, columns)]
    is_metric = depth.kind is DepthKind.METRIC
    distance = values if ground is None or is_metric else ground.distances(values)
    known = np.ones(values.shape, bool) if depth.valid is None else depth.valid[np.ix_(rows, columns)]
    known = known & (distance > 0)
    y, x = np.asarray(rows + 0.5, np.float64), np.asarray(columns + 0.5, np.float64)
    right, down, ahead = (slopes(camera, y, x, axis) for axis in mount.axes())
    height, _ = _height(ground, mount)
    far = np.where(np.isfinite(distance) & known, distance, 1e6 * height)
    return _Points(
        (far * np.hypot(right, ahead)).astype(np.float32),
        np.degrees(np.arctan2(right, ahead)).astype(np.float32),
        (height - far * down).astype(np.float32),
        known,
        thinning,
    )


def _parts(
    points: _Points, height: float, ground: Ground | None, options: ObstacleOptions
) -> npt.NDArray[np.uint8]:
    """(h, w) of :class:`Part`."""
    step, top = options.heights(height, "")
    noise = 0.0 if ground is None else _FLOOR_NOISE * ground.residual * height
    low = max(step, noise)
    parts = np.full(points.above.shape, Part.OBSTACLE, np.uint8)
    parts[points.above > max(top, low)] = Part.OVERHEAD
    parts[points.above < low] = Part.GROUND
    # As much lower as the floor may be, and farther down the farther away it is: noise grows with distance.
    parts[points.above < -low - 0.15 * points.away] = Part.UNDER
    parts[~points.known] = Part.UNKNOWN
    return parts


def _view_deg(points: _Points) -> float:
    """Twice the smaller angle, from ahead to a side, that the middle row sees."""
    middle = points.bearing_deg[len(points.bearing_deg) // 2]
    return float(2 * min(abs(middle[0]), abs(middle[-1])))


def _by_direction(
    points: _Points, parts: npt.NDArray[np.uint8], span: float, options: ObstacleOptions, height: float
) -> tuple[Floats, tuple[float, int, int] | None]:
    """Distance of each direction, and distance, row and column of the nearest thing."""
    count = options.sectors
    reach = options.reach or _REACH * height
    number = np.floor((points.bearing_deg + span / 2) / span * count).astype(np.intp)
    number[(points.bearing_deg < -span / 2) | (points.bearing_deg > span / 2)] = -1
    number = np.minimum(number, count - 1)  # the right end itself
    found = np.full(count, np.nan, np.float32)
    best: tuple[float, int, int] | None = None
    order = np.argsort(number.ravel(), kind="stable")
    ends = np.searchsorted(number.ravel()[order], np.arange(count + 1))
    away, part = points.away.ravel(), parts.ravel()
    for index in range(count):
        inside = order[ends[index] : ends[index + 1]]
        seen = inside[part[inside] != Part.UNKNOWN]
        if len(seen) < max(1, len(inside) // 4):
            continue
        things = seen[part[seen] == Part.OBSTACLE]
        place = max(0, math.ceil(options.fewest * len(inside)) - 1)
        found[index] = np.inf
        if len(things) > place:
            chosen = things[np.argpartition(away[things], place)[place]]
            if away[chosen] <= reach:
                found[index] = away[chosen]
                if best is None or away[chosen] < best[0]:
                    row, column = divmod(int(chosen), parts.shape[1])
                    best = float(away[chosen]), row, column
    return found, best


def _at(nearest: tuple[float, int, int], points: _Points) -> Nearest:
    distance, row, column = nearest
    thinning = points.thinning
    pixel = (column * thinning + thinning // 2, row * thinning + thinning // 2)
    return Nearest(float(points.bearing_deg[row, column]), distance, pixel)
