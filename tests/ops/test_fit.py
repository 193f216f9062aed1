"""Depth at another size than its photo."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops.fit import fitted
from nearfar.types import Camera, DepthKind, DepthMap


def a_slope(width: int, height: int, valid: np.ndarray | None = None) -> DepthMap:
    """Depth that grows from left to right by one a pixel."""
    values = np.tile(np.arange(1, width + 1, dtype=np.float32), (height, 1))
    return DepthMap(values, DepthKind.METRIC, valid, Camera(10, 10, width / 2, height / 2))


def test_slope_stays_a_slope() -> None:
    """Twice as many pixels of the same depth, and the camera with them; the map says so."""
    large = fitted(a_slope(8, 6), 16, 12)
    assert (large.width, large.height) == (16, 12)
    assert large.values[5, 1:-1] == pytest.approx(np.arange(1, 15) / 2 + 0.75, abs=1e-5)
    assert large.camera == Camera(20, 20, 8, 6)
    assert [w.code for w in large.warnings] == ["depth_resized"]


def test_holes_mix_into_nothing() -> None:
    """What is not valid stays so, and no value beside it moves towards it."""
    valid = np.ones((6, 8), bool)
    valid[:, 3:5] = False
    large = fitted(a_slope(8, 6, valid), 24, 18)
    assert large.valid is not None
    assert not large.valid[:, 10:14].any()
    assert large.values[9, 8] == pytest.approx(3, abs=0.4)
    assert large.value_range == (1, 8)


def test_sides_that_were_rounded_are_the_same_shape() -> None:
    """A map of 33 rows belongs to a photo of 1000×663 as well as one of 34 would."""
    assert fitted(a_slope(50, 33), 1000, 663).height == 663


def test_another_shape_is_refused() -> None:
    """A map of another shape is of another photo."""
    with pytest.raises(ParameterError, match="another shape"):
        fitted(a_slope(8, 6), 16, 16)


def test_equal_size_is_left_alone() -> None:
    """Nothing is done where nothing is to do."""
    depth = a_slope(8, 6)
    assert fitted(depth, 8, 6) is depth
