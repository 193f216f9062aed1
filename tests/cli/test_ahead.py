"""What stands in the way of a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import nearfar
from nearfar.cli._ahead import Ahead
from nearfar.errors import ParameterError
from nearfar.robot.mount import Mount, slopes
from nearfar.types import DepthMap
from nearfar.types.moving import VideoFrame


@dataclass(frozen=True)
class Flags:
    """As the command line gives them."""

    height: float | None = 1.2
    pitch: float | None = -10.0
    roll: float = 0.0
    fov: float = 70.0


@dataclass(frozen=True)
class Seen:
    """A frame of a stream with its depth."""

    frame: VideoFrame
    small_depth: DepthMap
    is_cut: bool = False


def _seen(number: int, wall_m: float) -> Seen:
    """A floor, and a wall ahead, as relative depth."""
    camera = nearfar.Camera.from_fov(70, 128, 96)
    _, down, ahead = (
        slopes(camera, np.arange(96) + 0.5, np.arange(128) + 0.5, axis) for axis in Mount(1.2, -10.0).axes()
    )
    inverse = np.maximum(down / 1.2, ahead / wall_m)
    frame = VideoFrame.of(np.zeros((96, 128, 3), np.uint8), number, seconds=number / 10)
    return Seen(frame, DepthMap((2 * inverse + 0.5).astype(np.float32), "relative_inverse"))


def test_a_wall_that_comes_nearer_stops_the_robot() -> None:
    """Metres, seconds and the alert in each row: one metre a second from four metres."""
    ahead = Ahead(Flags())
    rows = [ahead.look(_seen(number, 4.0 - number / 10)) for number in range(12)]
    assert rows[-1]["nearest"]["distance"] == pytest.approx(2.9, rel=0.03)
    assert min(s for s in rows[-1]["contact_s"] if s) == pytest.approx(2.9, rel=0.15)
    assert (rows[0]["alert"]["level"], rows[-1]["alert"]["level"]) == ("clear", "caution")


def test_without_a_floor_the_row_says_why() -> None:
    """Nothing is made up."""
    assert "floor" in Ahead(Flags()).look(_seen(0, 0.4))["error"]


@pytest.mark.parametrize("flags", [Flags(pitch=None), Flags(fov=0.0)])
def test_tilt_and_field_of_view_are_needed(flags: Flags) -> None:
    """They are not guessed."""
    with pytest.raises(ParameterError, match="tilt and field of view"):
        Ahead(flags)
