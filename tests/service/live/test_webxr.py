"""Distances in the layout of the WebXR Depth Sensing Module."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.service.live.webxr import LONGEST, layout, packed
from nearfar.types import DepthKind, DepthMap


def a_map(
    values: np.ndarray, kind: DepthKind = DepthKind.METRIC, valid: np.ndarray | None = None
) -> DepthMap:
    """A depth map of those values."""
    return DepthMap(values.astype(np.float32), kind, valid)


def test_metres_are_millimetres() -> None:
    """A number times rawValueToMeters is the distance, as a page computes it from the module's formula."""
    values = np.linspace(0.3, 12, 48).reshape(6, 8)
    depth = a_map(values)
    told, numbers = layout(depth), np.frombuffer(packed(depth, "image"), "<u2")
    column, row = 3, 2
    assert told["rawValueToMeters"] == 0.001
    assert told["isMetric"] is True
    assert numbers[column + row * told["width"]] * told["rawValueToMeters"] == pytest.approx(
        values[row, column], abs=6e-4
    )
    assert np.reshape(told["normDepthBufferFromNormView"], (4, 4)).tolist() == np.eye(4).tolist()


def test_far_things_still_fit() -> None:
    """Beyond 65 m the factor grows; nothing is cut off."""
    depth = a_map(np.array([[1.0, 200.0]]))
    numbers = np.frombuffer(packed(depth, "image"), "<u2") * layout(depth)["rawValueToMeters"]
    assert numbers.tolist() == pytest.approx([1.0, 200.0], rel=2e-3)


@pytest.mark.parametrize("kind", DepthKind)
def test_nothing_known_is_0(kind: DepthKind) -> None:
    """And what is known is not."""
    valid = np.array([[True, False, True]])
    depth = a_map(np.array([[1.0, np.nan, 3.0]]), kind, valid)
    numbers = np.frombuffer(packed(depth, "image"), "<u2")
    assert (numbers > 0).tolist() == [True, False, True]


@pytest.mark.parametrize("kind", [DepthKind.RELATIVE_INVERSE, DepthKind.AFFINE_DEPTH])
def test_relative_depth_is_told_to_be_no_metres(kind: DepthKind) -> None:
    """Whoever multiplies by a factor that is absent gets NaN, not a number that looks right."""
    depth = a_map(np.array([[1.0, 2.0, 5.0]]), kind)
    told = layout(depth)
    assert "rawValueToMeters" not in told
    away = np.frombuffer(packed(depth, (1.0, 5.0)), "<u2") * told["rawValueToUnits"]
    ends = [10, 1] if kind is DepthKind.RELATIVE_INVERSE else [1, 10]
    assert away[[0, 2]].tolist() == pytest.approx(ends, abs=1e-3)


def test_large_frames_are_made_smaller() -> None:
    """A buffer has as many numbers as its width and height say."""
    depth = a_map(np.ones((480, 640)) + np.arange(640) / 640)
    told = layout(depth)
    assert (told["width"], told["height"]) == (LONGEST, LONGEST * 3 // 4)
    assert len(packed(depth, "image")) == 2 * told["width"] * told["height"]
