"""What stands in the way of a stream."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.robot.ahead import Ahead
from nearfar.robot.look import LookOptions
from nearfar.robot.mount import Mount, slopes
from nearfar.types import DepthMap

SIZE = (128, 96)
CAMERA = nearfar.Camera.from_fov(70, *SIZE)
TOLD = LookOptions(height=1.2, pitch=-10.0, fov=70.0)


def _depth(wall_m: float, scale: float = 2.0, shift: float = 0.5) -> DepthMap:
    """A floor, and a wall ahead, as relative depth."""
    rows, columns = np.arange(96) + 0.5, np.arange(128) + 0.5
    _, down, ahead = (slopes(CAMERA, rows, columns, axis) for axis in Mount(1.2, -10.0).axes())
    inverse = np.maximum(down / 1.2, ahead / wall_m)
    return DepthMap((scale * inverse + shift).astype(np.float32), "relative_inverse")


def _near(row: dict[str, Any]) -> float:
    return float(row["nearest"]["distance"])


def test_a_wall_that_comes_nearer_stops_the_robot() -> None:
    """Metres, seconds and the alert in each row: one metre a second from four metres."""
    ahead = Ahead(TOLD)
    rows = [ahead.look(_depth(4.0 - number / 10), SIZE, number / 10) for number in range(12)]
    assert _near(rows[-1]) == pytest.approx(2.9, rel=0.03)
    assert min(s for s in rows[-1]["contact_s"] if s) == pytest.approx(2.9, rel=0.15)
    assert (rows[0]["alert"]["level"], rows[-1]["alert"]["level"]) == ("clear", "caution")


def test_without_a_floor_the_row_says_why() -> None:
    """Nothing is made up."""
    assert "floor" in Ahead(TOLD).look(_depth(0.4), SIZE, 0.0)["error"]


def test_the_horizon_is_counted_in_rows_of_the_frame() -> None:
    """A frame four times as large as its depth, and its horizon in place of the pitch."""
    row = 4 * (CAMERA.cy_px - CAMERA.fy_px * np.tan(np.radians(10)))
    told = replace(TOLD, pitch=None, horizon=float(row))
    assert _near(Ahead(told).look(_depth(4.0), (512, 384), 0.0)) == pytest.approx(4.0, rel=0.02)


def test_maps_of_other_scales_are_followed_only_where_they_are_steady() -> None:
    """Where each frame has its own scale, each frame's floor tells it."""
    maps = [_depth(4.0), _depth(4.0, scale=5.0, shift=-0.1)]
    ahead = Ahead(TOLD, is_steady=False)
    rows = [ahead.look(one, SIZE, float(number)) for number, one in enumerate(maps)]
    assert [_near(row) for row in rows] == pytest.approx([4.0, 4.0], rel=0.02)


def test_frames_of_another_size_and_older_ones_are_borne() -> None:
    """A camera that was set anew, and a stream that began again."""
    ahead = Ahead(TOLD)
    large = replace(_depth(4.0), values=np.kron(_depth(4.0).values, np.ones((2, 2), np.float32)))
    for depth, size, seconds in (
        (_depth(4.0), SIZE, 5.0),
        (large, (256, 192), 6.0),
        (large, (256, 192), 1.0),
    ):
        assert _near(ahead.look(depth, size, seconds)) == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [({"pitch": None}, "tilt"), ({"fov": 0.0}, "field of view"), ({"horizon": 9.0}, "tilt")],
)
def test_tilt_and_field_of_view_are_needed(lacking: dict[str, Any], said: str) -> None:
    """They are not guessed, and told once."""
    with pytest.raises(ParameterError, match=said):
        Ahead(replace(TOLD, **lacking))
