"""When what comes nearer is reached."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.robot.contact import ContactWatch, time_to_contact
from nearfar.robot.sectors import Obstacles, obstacles
from robot.floors import CAMERA, MOUNT, metres, metric, relative

AT_THREE = obstacles(metric(metres(box_m=3.0)), CAMERA, MOUNT)


def _at(distance: float) -> Obstacles:
    return replace(AT_THREE, distances=np.full(72, distance, np.float32))


def test_two_frames_of_relative_depth_tell_the_time() -> None:
    """From 3 m to 2.5 m in half a second: 2.5 s are left. No height, and another scale in each frame."""
    mount = replace(MOUNT, height_m=None)
    before, after = (
        obstacles(relative(metres(wall_m=d + 3, box_m=d), scale, shift), CAMERA, mount)
        for d, scale, shift in ((3.0, 3.0, 0.7), (2.5, 5.0, -0.2))
    )
    ahead = np.abs(after.bearings_deg) < 4
    assert time_to_contact(before, after, 0.5)[ahead] == pytest.approx(2.5, rel=0.03)


def test_what_goes_away_is_never_reached() -> None:
    """Farther, or as far as before: infinite."""
    assert np.isinf(time_to_contact(_at(2.0), _at(3.0), 1.0)).all()
    assert np.isinf(time_to_contact(_at(2.0), _at(2.0), 1.0)).all()
    assert np.isinf(time_to_contact(_at(2.0), _at(np.inf), 1.0)).all()


def test_what_is_not_known_has_no_time() -> None:
    """NaN, not infinite."""
    assert np.isnan(time_to_contact(_at(np.nan), _at(2.0), 1.0)).all()


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_time_must_pass(seconds: float) -> None:
    """Two pictures of one moment show no speed."""
    with pytest.raises(ParameterError, match="more than 0"):
        time_to_contact(_at(2.0), _at(1.0), seconds)


def test_frames_must_be_alike() -> None:
    """Metres and camera heights do not mix."""
    with pytest.raises(ParameterError, match="units"):
        time_to_contact(_at(2.0), replace(_at(1.0), unit="camera heights"), 1.0)


def test_a_stream_bears_a_bad_frame() -> None:
    """One frame at half the distance among six: the time stays right."""
    watch = ContactWatch()
    for number in range(6):
        distance = 1.0 if number == 3 else 4.0 - 0.2 * number
        seconds = watch.push(_at(distance), 0.1 * number)
    assert seconds == pytest.approx(3.0 / 2.0, rel=0.1)


def test_a_stream_begins_with_nothing() -> None:
    """Two frames are too few for it."""
    watch = ContactWatch()
    assert np.isnan(watch.push(_at(3.0), 0.0)).all()
    assert np.isnan(watch.push(_at(2.9), 0.1)).all()
    assert np.isfinite(watch.push(_at(2.8), 0.2)).all()


def test_a_stream_goes_on_in_time() -> None:
    """An older frame is refused; after a restart time begins anew."""
    watch = ContactWatch()
    watch.push(_at(3.0), 5.0)
    with pytest.raises(ParameterError, match="later"):
        watch.push(_at(3.0), 4.0)
    watch.restart()
    assert np.isnan(watch.push(_at(3.0), 4.0)).all()
