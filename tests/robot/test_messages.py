"""Free space as flight controllers and robots expect it."""

from __future__ import annotations

import math
import struct
from dataclasses import replace

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.robot.messages import laser_scan, obstacle_distance
from nearfar.robot.sectors import ObstacleOptions, Obstacles, obstacles
from robot.floors import CAMERA, MOUNT, metres, metric

# Fields of OBSTACLE_DISTANCE (330) as MAVLink 2 sends them: larger types first, extensions last.
WIRE = (
    ("time_usec", "Q"),
    ("distances", "72H"),
    ("min_distance", "H"),
    ("max_distance", "H"),
    ("sensor_type", "B"),
    ("increment", "B"),
    ("increment_f", "f"),
    ("angle_offset", "f"),
    ("frame", "B"),
)
LASER_SCAN = {
    "angle_min", "angle_max", "angle_increment", "time_increment", "scan_time", "range_min", "range_max",
    "ranges", "intensities",
}  # fmt: skip
SEEN = obstacles(metric(metres(box_m=3.0)), CAMERA, MOUNT)


def _with(*first: float) -> Obstacles:
    """The first directions as given, the others free."""
    distances = np.full(72, np.inf, np.float32)
    distances[: len(first)] = first
    return replace(SEEN, distances=distances)


def test_the_mavlink_message_fits_its_definition() -> None:
    """Every field is there and fits its type: 167 bytes on the wire."""
    fields = obstacle_distance(SEEN, time_usec=1)
    assert set(fields) == {name for name, _ in WIRE}
    numbers = [n for name, _ in WIRE for n in np.atleast_1d(fields[name]).tolist()]
    assert len(struct.pack("<" + "".join(kind for _, kind in WIRE), *numbers)) == 167


def test_mavlink_sentinels() -> None:
    """Unknown is 65535, free the most plus one; centimetres are rounded down, nearer than least is least."""
    fields = obstacle_distance(_with(math.nan, 1.239, 0.05, 1e6), min_m=0.2)
    free = fields["max_distance"] + 1
    assert fields["distances"][:5] == [65535, 123, 20, free, free]
    assert free < 65535


def test_mavlink_angles_are_the_vehicles() -> None:
    """From left to right, clockwise, from the bearing of the first direction, in the frame FRD (12)."""
    fields = obstacle_distance(SEEN)
    assert fields["angle_offset"] == pytest.approx(SEEN.bearings_deg[0])
    assert fields["angle_offset"] < 0
    assert (fields["frame"], fields["increment_f"]) == (12, pytest.approx(SEEN.increment_deg))


def test_fewer_directions_leave_the_rest_unknown() -> None:
    """The message has 72 places."""
    few = obstacles(metric(metres()), CAMERA, MOUNT, ObstacleOptions(sectors=10))
    assert obstacle_distance(few)["distances"][10:] == [65535] * 62


def test_more_directions_are_refused() -> None:
    """They would not fit."""
    many = obstacles(metric(metres()), CAMERA, MOUNT, ObstacleOptions(sectors=90))
    with pytest.raises(ParameterError, match="holds 72"):
        obstacle_distance(many)


def test_a_laser_scan_has_its_fields() -> None:
    """Those of sensor_msgs/LaserScan without the header; the angles fit the number of ranges."""
    scan = laser_scan(SEEN, scan_time=0.1)
    assert set(scan) == LASER_SCAN
    last = scan["angle_min"] + (len(scan["ranges"]) - 1) * scan["angle_increment"]
    assert last == pytest.approx(scan["angle_max"])


def test_laser_scan_sentinels_and_order() -> None:
    """Right to left; +inf is free, -inf too near, NaN unknown (REP 117)."""
    ranges = laser_scan(_with(math.nan, 0.1, 2.5), range_min=0.2)["ranges"]
    assert math.isnan(ranges[-1])
    assert ranges[-2] == -math.inf
    assert ranges[-3] == 2.5
    assert ranges[0] == math.inf


@pytest.mark.parametrize("message", [obstacle_distance, laser_scan])
def test_camera_heights_are_no_metres(message) -> None:
    """Without metres there is no message."""
    with pytest.raises(ParameterError, match="holds metres"):
        message(replace(SEEN, unit="camera heights"))
