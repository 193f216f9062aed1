"""One scale for a stream."""

from __future__ import annotations

import pytest

from nearfar.errors import NoGroundError
from nearfar.robot.follow import FollowOptions, GroundFollower
from robot.floors import CAMERA, MOUNT, metres, relative

FLOOR, WALL = metres(), metres(wall_m=0.5)


@pytest.mark.parametrize(("options", "share"), [(None, 0.5), (FollowOptions(share=0.1), 0.1)])
def test_the_scale_is_followed_smoothly(options: FollowOptions | None, share: float) -> None:
    """A frame that is off by a tenth moves it by half of that, or by the share that is wanted."""
    follower = GroundFollower(MOUNT, CAMERA, options)
    first = follower.update(relative(FLOOR)).scale
    second = follower.update(relative(FLOOR / 1.1)).scale
    assert second / first == pytest.approx(1.1**-share, rel=1e-3)


def test_where_no_floor_is_seen_the_scale_stays() -> None:
    """And it is counted for how long."""
    follower = GroundFollower(MOUNT, CAMERA)
    kept = follower.update(relative(FLOOR))
    assert follower.update(relative(WALL)) is kept
    assert follower.frames_without == 1


def test_without_any_floor_there_is_none() -> None:
    """The first frame must show one."""
    with pytest.raises(NoGroundError):
        GroundFollower(MOUNT, CAMERA).update(relative(WALL))


def test_a_jump_is_believed_only_when_it_lasts() -> None:
    """Twice the scale: left out four times, taken at the fifth."""
    follower = GroundFollower(MOUNT, CAMERA, FollowOptions(after=5))
    kept = follower.update(relative(FLOOR)).scale
    scales = [follower.update(relative(FLOOR, scale=6.0)).scale for _ in range(5)]
    assert scales[:4] == [kept] * 4
    assert scales[4] == pytest.approx(kept / 2, rel=1e-3)


def test_a_cut_starts_anew() -> None:
    """What was kept is forgotten."""
    follower = GroundFollower(MOUNT, CAMERA)
    follower.update(relative(FLOOR))
    follower.restart()
    assert follower.ground is None
