"""What stands in the way, by direction."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import nearfar
from nearfar.errors import NoGroundError, ParameterError
from nearfar.robot.mount import Mount
from nearfar.robot.sectors import ObstacleOptions, Part, obstacles
from nearfar.types import DepthMap
from robot.floors import CAMERA, MOUNT, metres, metric, relative


@pytest.mark.parametrize("kind", [metric, relative])
def test_a_box_is_found_where_it_stands(kind) -> None:
    """Ahead at three metres, half a metre wide; beside it the wall at six."""
    found = obstacles(kind(metres(box_m=3.0)), CAMERA, MOUNT)
    ahead = np.abs(found.bearings_deg) < 4
    assert len(found.distances) == 72
    assert found.distances[ahead] == pytest.approx(3.0, rel=0.02)
    aside = np.abs(found.bearings_deg) > 8
    assert found.distances[aside] == pytest.approx(
        6 / np.cos(np.radians(found.bearings_deg[aside])), rel=0.02
    )
    assert found.nearest is not None
    assert found.nearest.distance == pytest.approx(3.0, rel=0.02)
    assert abs(found.nearest.bearing_deg) < 5


def test_right_is_positive() -> None:
    """A thing in the right half of the picture has a positive bearing."""
    depth = metres(Mount(1.2))
    depth[55:65, 120:130] = 2.0
    found = nearfar.obstacles(metric(depth), CAMERA, Mount(1.2))
    assert found.nearest is not None
    assert found.nearest.bearing_deg > 10
    assert found.nearest.pixel[0] in range(120, 130)


def test_the_floor_alone_is_free() -> None:
    """Up to the reach nothing stands: infinite, and the floor is ground."""
    found = obstacles(metric(metres(wall_m=1e4)), CAMERA, MOUNT)
    assert np.isinf(found.distances).all()
    assert found.nearest is None
    assert (found.parts[-40:] == Part.GROUND).mean() > 0.99


def test_a_ceiling_is_told_apart() -> None:
    """What hangs above the robot stops nobody; with a higher top it does."""
    depth = metres(Mount(1.2), wall_m=1e4)
    depth[:40] = 2.0
    assert obstacles(metric(depth), CAMERA, Mount(1.2)).nearest is None
    assert (obstacles(metric(depth), CAMERA, Mount(1.2)).parts[:30] == Part.OVERHEAD).all()
    assert obstacles(metric(depth), CAMERA, Mount(1.2), ObstacleOptions(top=3.0)).nearest is not None


def test_a_step_can_be_driven_over() -> None:
    """What is lower than the step is floor."""
    low = obstacles(metric(metres(wall_m=1e4, box_m=3.0)), CAMERA, MOUNT, ObstacleOptions(step=0.6))
    assert low.nearest is None


def test_what_is_not_seen_is_unknown() -> None:
    """Directions beyond the picture, and of pixels without depth, are NaN and not free."""
    depth = metric(metres())
    around = obstacles(depth, CAMERA, MOUNT, ObstacleOptions(span_deg=360))
    assert np.isnan(around.distances[np.abs(around.bearings_deg) > 45]).all()
    assert np.isfinite(around.distances[np.abs(around.bearings_deg) < 30]).all()
    valid = np.ones(depth.values.shape, bool)
    valid[:, :40] = False
    half = obstacles(DepthMap(depth.values, "metric", valid), CAMERA, MOUNT)
    assert np.isnan(half.distances[:8]).all()


def test_single_pixels_are_no_things() -> None:
    """Specks of noise do not stop a robot."""
    depth = metres(wall_m=1e4)
    depth[60, 80] = 0.5
    assert obstacles(metric(depth), CAMERA, MOUNT, ObstacleOptions(fewest=0.03)).nearest is None


def test_without_a_height_lengths_are_camera_heights() -> None:
    """Relative depth and a tilt are enough for that, never for metres."""
    found = obstacles(relative(metres(box_m=3.0)), CAMERA, replace(MOUNT, height_m=None))
    assert found.unit == "camera heights"
    assert found.nearest is not None
    assert found.nearest.distance == pytest.approx(3.0 / 1.2, rel=0.02)


def test_metric_depth_tells_the_height_itself() -> None:
    """The floor of a metric map says how high the camera is."""
    found = obstacles(metric(metres(box_m=3.0)), CAMERA, replace(MOUNT, height_m=None))
    assert (found.unit, found.height) == ("m", pytest.approx(1.2, rel=1e-3))


def test_relative_depth_without_a_floor_is_refused() -> None:
    """There is no scale to be had."""
    with pytest.raises(NoGroundError):
        obstacles(relative(metres(wall_m=0.5)), CAMERA, MOUNT)


def test_the_camera_must_be_known() -> None:
    """Without it no direction is."""
    with pytest.raises(ParameterError, match="camera is not known"):
        obstacles(metric(metres()), None, MOUNT)


def test_the_description_is_json() -> None:
    """Free and unknown directions are told apart without infinities."""
    around = obstacles(metric(metres(wall_m=1e4)), CAMERA, MOUNT, ObstacleOptions(span_deg=360))
    row = json.loads(json.dumps(around.describe(), allow_nan=False))
    assert {None, "free"} == set(row["distances"])
    assert row["unit"] == "m"


@pytest.mark.parametrize("options", [{"step": 1.5}, {"top": 0.1}, {"step": 2.0, "top": 1.0}])
def test_a_step_as_high_as_the_top_is_refused(options: dict[str, float]) -> None:
    """Nothing could be an obstacle then, and all would be called free."""
    with pytest.raises(ParameterError, match="nothing between them could be an obstacle"):
        obstacles(metric(metres(box_m=3.0)), CAMERA, MOUNT, ObstacleOptions(**options))
