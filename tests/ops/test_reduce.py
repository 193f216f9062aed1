"""A smaller copy of a photo and its depth."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.ops.reduce import reduced_depth, reduced_photo, reduced_size
from nearfar.types import Camera, DepthKind, DepthMap, Photo


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((4000, 3000), 1280, (1280, 960)),
        ((3000, 4000), 1280, (960, 1280)),
        ((640, 480), 1280, (640, 480)),
        ((3000, 1), 10, (10, 1)),
        ((7, 5), 1, (1, 1)),
    ],
)
def test_the_shape_stays(size, longest, expected) -> None:
    """The longer side is as long as asked, never longer than it was; no side is lost."""
    assert reduced_size(*size, longest) == expected


def test_values_are_those_of_the_whole_map() -> None:
    """An outline stays an outline: no value between near and far appears."""
    values = np.where(np.arange(90) < 43, 1, 9).astype(np.float32)[None].repeat(60, 0)
    small = reduced_depth(DepthMap(values, DepthKind.METRIC), 30)
    assert small.values.shape == (20, 30)
    assert set(np.unique(small.values)) == {1, 9}
    assert np.array_equal(small.values, values[1::3, 1::3])


def test_what_is_not_valid_stays_so_and_the_camera_fits() -> None:
    """The mask is cut down alike; a focal length in pixels shrinks with the picture."""
    values = np.ones((40, 80), np.float32)
    valid = np.zeros((40, 80), np.bool_)
    valid[:, :40] = True
    depth = DepthMap(values, DepthKind.METRIC, valid, Camera(100, 90, 40, 20, "exif"))
    small = reduced_depth(depth, 20)
    assert np.array_equal(small.valid, np.arange(20)[None].repeat(10, 0) < 10)
    assert small.camera == Camera(25, 22.5, 10, 5, "exif")
    assert reduced_depth(depth, 80) is depth


def test_a_photo_keeps_bits_and_alpha() -> None:
    """16 bits and alpha come along; a photo that is small enough is left alone."""
    photo = Photo(
        np.full((30, 60, 3), 40_000, np.uint16), np.full((30, 60), 7, np.uint16), Camera(60, 60, 30, 15)
    )
    small = reduced_photo(photo, 20)
    assert (small.width, small.height, small.pixels.dtype) == (20, 10, np.uint16)
    assert small.alpha is not None
    assert (small.alpha == 7).all()
    assert small.camera == Camera(20, 20, 10, 5)
    assert reduced_photo(photo, 60) is photo
