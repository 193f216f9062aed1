"""Heat maps as an encoder takes them, against the library's own colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from nearfar.ops.colormap import COLORMAPS, colorize
from nearfar.ops.resize import enlarge
from nearfar.video.drawing import Drawn
from nearfar.video.heat import planes_of

DEPTH = cv2.resize(np.random.default_rng(4).random((7, 9), np.float32) * 5 - 2, (72, 40))


@pytest.mark.parametrize("colormap", COLORMAPS)
def test_colours_are_those_of_the_library(colormap) -> None:
    """Within what 8 bits of YUV and colours of half size lose."""
    ends = float(DEPTH.min()), float(DEPTH.max())
    made = Drawn(planes=planes_of(DEPTH, ends, (288, 160), colormap)).colours()
    large = (enlarge(DEPTH, 288, 160) - ends[0]) / (ends[1] - ends[0])
    wanted = colorize(large.astype(np.float32), colormap)
    assert np.abs(made.astype(int) - wanted).mean() < 3.5


def test_the_near_end_may_be_the_smaller_value() -> None:
    """Of metres: what is near is warm."""
    near_last = planes_of(DEPTH, (-2.0, 3.0), (72, 40), "grey")[0]
    near_first = planes_of(DEPTH, (3.0, -2.0), (72, 40), "grey")[0]
    assert np.abs(near_last.astype(int) + near_first - 16 - 235).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(161, 97), (1, 1), (5, 4)])
def test_odd_sizes_have_colours_for_their_last_row(width, height) -> None:
    """Half the sides, rounded up."""
    y, u, v = planes_of(DEPTH, (-2.0, 3.0), (width, height), "inferno")
    assert y.shape == (height, width)
    assert u.shape == v.shape == ((height + 1) // 2, (width + 1) // 2)


def test_a_flat_map_is_far_everywhere() -> None:
    """No division by nothing."""
    y, _, _ = planes_of(np.full((4, 6), 2.0, np.float32), (2.0, 2.0), (6, 4), "grey")
    assert (y == 16).all()


def test_values_beyond_the_ends_have_their_colours() -> None:
    """They are clipped, not wrapped round."""
    y, _, _ = planes_of(np.array([[-9.0, 9.0]], np.float32), (0.0, 1.0), (2, 1), "grey")
    assert y.tolist() == [[16, 235]]
