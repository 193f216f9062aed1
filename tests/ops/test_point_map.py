"""The camera behind a point map."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.ops.point_map import solve

RNG = np.random.default_rng(4)


def scene(focal: float, shift: float, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """3×h×w: smooth hills seen by a camera, their z less by a shift."""
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    z = 3 + np.sin(columns / 9) + np.cos(rows / 7)
    x = (columns + 0.5 - width / 2) / width * z / focal
    y = (rows + 0.5 - height / 2) / width * z / focal
    return np.stack([x, y, z - shift]).astype(np.float32)


@pytest.mark.parametrize(("focal", "shift"), [(0.5, 0.0), (1.2, 0.7), (2.5, -1.5), (0.9, 2.5)])
def test_focal_length_and_shift_are_found(focal: float, shift: float) -> None:
    """Both at once, also where the points lie behind the camera at first."""
    points = scene(focal, shift)
    found = solve(points, np.ones(points.shape[1:], bool))
    assert found == pytest.approx((focal, shift), rel=1e-3, abs=2e-3)


def test_known_focal_length_is_kept() -> None:
    """Then only the shift is looked for."""
    points = scene(1.2, 0.7)
    assert solve(points, np.ones(points.shape[1:], bool), 1.2) == pytest.approx((1.2, 0.7), abs=2e-3)


def test_unsure_points_do_not_count() -> None:
    """What the mask leaves out may be anything, NaN among it."""
    points = scene(1.2, 0.7)
    sure = RNG.random(points.shape[1:]) > 0.3
    points[:, ~sure] = np.nan
    assert solve(points, sure) == pytest.approx((1.2, 0.7), abs=2e-3)


def test_nothing_to_see() -> None:
    """Without points nothing is shifted."""
    points = scene(1.2, 0.7)
    assert solve(points, np.zeros(points.shape[1:], bool)) == (1.0, 0.0)
