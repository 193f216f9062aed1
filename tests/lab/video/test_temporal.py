"""What holds together over time, against true depth and cameras."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar_lab.metrics.temporal import (
    View,
    alignment_error,
    clip_depth,
    flicker,
    largest_step,
    still_pixels,
)

HEIGHT, WIDTH, FOCAL_PX, CAP_M = 24, 32, 30.0, 80.0


def view(ahead_m: float = 0.0, *, wall_m: float = 4.0) -> View:
    """A wall across the view, seen from a camera that came nearer by so much."""
    pose = np.eye(3, 4)
    pose[2, 3] = -ahead_m
    return View(np.full((HEIGHT, WIDTH), 1 / (wall_m - ahead_m), np.float32), pose, FOCAL_PX)


def depths(views: list[View]) -> list[np.ndarray]:
    """The true ones."""
    return [1 / v.inverse_m for v in views]


def test_truth_has_no_error() -> None:
    """Depth that falls as the camera nears a wall is what the cameras say."""
    views = [view(0.1 * k) for k in range(5)]
    assert alignment_error(depths(views), views, CAP_M) == pytest.approx(0, abs=1e-4)


def test_one_frame_that_is_a_tenth_off_is_told() -> None:
    """Of two neighbours one in another scale: a tenth, whichever way it is asked."""
    views = [view(), view()]
    one, two = depths(views)
    found = alignment_error([one, np.asarray(1.1 * two)], views, CAP_M)
    assert found == pytest.approx(100 * (0.1 / 1.1 + 0.1) / 2, abs=0.01)


def test_depth_that_stands_still_while_the_camera_walks_is_wrong() -> None:
    """What a smoothing that lags would do."""
    views = [view(), view(0.4)]
    same = [depths(views)[0]] * 2
    assert alignment_error(same, views, CAP_M) == pytest.approx(10, abs=2)


def test_sky_and_what_nobody_measured_are_not_asked() -> None:
    """Whatever depth says of them."""
    views = [view(), view()]
    views[0].inverse_m[:4] = views[1].inverse_m[:4] = 0
    views[0].inverse_m[-4:] = views[1].inverse_m[-4:] = np.nan
    one, two = np.full((HEIGHT, WIDTH), 4.0), np.full((HEIGHT, WIDTH), 4.0)
    two[:4] = two[-4:] = 9.0
    assert alignment_error([one, two], views, CAP_M) == 0
    assert alignment_error([one, np.full_like(one, 9.0)], views, CAP_M) > 50


def test_a_clip_has_one_scale_and_shift() -> None:
    """Relative values of all frames are fitted at once."""
    views = [view(0.5 * k) for k in range(3)]
    found = clip_depth([np.asarray(3 * v.inverse_m - 1) for v in views], views, CAP_M)
    for mine, true in zip(found, depths(views), strict=True):
        assert mine == pytest.approx(true, rel=1e-4)


def test_still_pixels_need_a_still_camera() -> None:
    """And a surface that stays."""
    moved = view()
    moved.inverse_m[:, :8] = 1.0
    assert still_pixels([view(), moved]).sum() == HEIGHT * (WIDTH - 8)
    assert not still_pixels([view(), view(0.1)]).any()


def test_flicker_and_steps_are_in_255ths() -> None:
    """Half of the frames a fifth brighter: a deviation of 25.5, a step of 51."""
    still = np.ones((2, 2), np.bool_)
    levels = [np.full((2, 2), level, np.float32) for level in (0.2, 0.4, 0.2, 0.4)]
    assert flicker(levels, still) == pytest.approx(25.5)
    drawn = [np.round(255 * level).astype(np.uint8) for level in levels]
    assert largest_step(drawn, still) == 51
    assert largest_step(drawn, ~still) == 0
