"""Warnings that do not flutter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nearfar.robot.sectors import obstacles
from nearfar.robot.warn import Level, Warner, WarnOptions
from robot.floors import CAMERA, MOUNT, metres, metric

FREE = obstacles(metric(metres(wall_m=1e4)), CAMERA, MOUNT)


def _levels(warner: Warner, distances: list[float]) -> list[Level]:
    frames = [replace(FREE, distances=np.full(72, d, np.float32)) for d in distances]
    return [warner.push(frame).level for frame in frames]


def test_it_is_raised_at_once() -> None:
    """The first frame that is too near says so."""
    assert _levels(Warner(), [9, 1.5, 0.5]) == [Level.CLEAR, Level.CAUTION, Level.STOP]


def test_it_does_not_flutter_about_a_limit() -> None:
    """Just over and just under the limit in turn is one warning."""
    assert set(_levels(Warner(), [0.69, 0.71] * 10)) == {Level.STOP}


def test_it_ends_after_some_better_frames() -> None:
    """Three in a row, beyond the limit with room to spare."""
    levels = _levels(Warner(WarnOptions(hold=3)), [0.5, 9, 9, 0.8, 9, 9, 9, 9])
    assert levels == [Level.STOP] * 6 + [Level.CLEAR] * 2


def test_what_stands_aside_is_not_in_the_way() -> None:
    """A thing half a metre away, but 80 cm to the side of the way, warns nobody."""
    narrow = Warner(WarnOptions(half_width=0.2))
    aside = np.full(72, np.inf, np.float32)
    aside[-4:] = 0.6
    assert narrow.push(replace(FREE, distances=aside)).level is Level.CLEAR


def test_the_time_to_contact_warns_too() -> None:
    """Far away, but fast."""
    frame = replace(FREE, distances=np.full(72, 5.0, np.float32))
    said = Warner(WarnOptions(half_width=1.0)).push(frame, np.full(72, 1.0))
    assert (said.level, said.seconds) == (Level.STOP, 1.0)


def test_not_seeing_calls_for_caution() -> None:
    """A way that nobody knows is not a free one."""
    blind = replace(FREE, distances=np.full(72, np.nan, np.float32))
    said = Warner().push(blind)
    assert (said.level, said.is_blind) == (Level.CAUTION, True)
    assert said.describe() == {"level": "caution", "distance": None, "seconds": None, "is_blind": True}
