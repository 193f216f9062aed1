"""Free space as flight controllers and robots expect it: the fields of two messages, as plain values.

Sources: MAVLink common.xml, OBSTACLE_DISTANCE (330); sensor_msgs/LaserScan with REP 117 and REP 103. The
libraries of either are not needed: give the fields to pymavlink's ``obstacle_distance_send`` or to the
message's constructor.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from nearfar.robot.sectors import Obstacles

MAVLINK_SECTORS = 72
UNKNOWN_CM = 0xFFFF
"""UINT16_MAX: a direction of which nothing is known."""
SENSOR_UNKNOWN = 4
"""MAV_DISTANCE_SENSOR_UNKNOWN: the list has no camera in it."""
FRAME_BODY_FRD = 12
"""MAV_FRAME_BODY_FRD: angles are the vehicle's own, clockwise from its front."""
_MOST_CM = UNKNOWN_CM - 2  # one more says that a direction is free


def obstacle_distance(found: Obstacles, time_usec: int = 0, min_m: float = 0.2) -> dict[str, Any]:
    """The fields of MAVLink's OBSTACLE_DISTANCE; what is nearer than ``min_m`` stands at ``min_m``.

    Distances are whole centimetres, rounded down; ``max_distance`` + 1 is free, 65535 unknown.

    Raises:
        ParameterError: the distances are no metres, there are more than 72 directions, or the time is none.
    """
    _require_metres(found)
    count = len(found.distances)
    if count > MAVLINK_SECTORS:
        raise ParameterError(
            f"There are {count} directions, and the message holds {MAVLINK_SECTORS}.",
            f"Look with ObstacleOptions(sectors={MAVLINK_SECTORS}).",
        )
    if not 0 <= time_usec < 1 << 64:
        raise ParameterError(f"The time is {time_usec}, but 0 to 2**64 - 1 microseconds were expected.")
    furthest = min(_MOST_CM, int(100 * found.reach))
    least = min(furthest, round(100 * min_m))
    distances = np.full(MAVLINK_SECTORS, UNKNOWN_CM, np.uint16)
    for index, distance in enumerate(found.distances.tolist()):
        if not math.isnan(distance):
            is_free = math.isinf(distance) or 100 * distance > furthest
            distances[index] = furthest + 1 if is_free else max(least, int(100 * distance))
    return {
        "time_usec": time_usec,
        "sensor_type": SENSOR_UNKNOWN,
        "distances": distances.tolist(),
        "increment": min(255, max(1, round(found.increment_deg))),
        "min_distance": least,
        "max_distance": furthest,
        "increment_f": float(found.increment_deg),
        "angle_offset": float(found.first_deg),
        "frame": FRAME_BODY_FRD,
    }


def laser_scan(found: Obstacles, range_min: float = 0.2, scan_time: float = 0.0) -> dict[str, Any]:
    """The fields of a sensor_msgs/LaserScan, without its header: from right to left, angles to the left.

    +inf is free, -inf nearer than ``range_min``, NaN unknown (REP 117).

    Raises:
        ParameterError: the distances are no metres.
    """
    _require_metres(found)
    distances = found.distances[::-1].astype(np.float32)
    with np.errstate(invalid="ignore"):
        ranges = np.where(distances < range_min, -np.inf, distances)
        ranges = np.where(ranges > found.reach, np.inf, ranges)
    bearings = np.radians(found.bearings_deg)
    return {
        "angle_min": float(-bearings[-1]),
        "angle_max": float(-bearings[0]),
        "angle_increment": math.radians(found.increment_deg),
        "time_increment": 0.0,
        "scan_time": float(scan_time),
        "range_min": float(range_min),
        "range_max": float(found.reach),
        "ranges": [float(r) for r in ranges],
        "intensities": [],
    }


def _require_metres(found: Obstacles) -> None:
    if found.unit != "m":
        raise ParameterError(
            f"The distances are in {found.unit}, and the message holds metres.",
            "Give the mount its height_m, or a metric depth map.",
        )
