"""The bounds of sides, their ratio and clips."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.errors import TooLargeError
from nearfar.ops.defocus import aperture_kernel
from nearfar.types import DepthKind, DepthMap, Photo
from nearfar.types.shape import MOST_ASPECT, MOST_SIDE, check_clip, check_shape


@pytest.mark.parametrize("size", [(1, 1_000_000), (MOST_SIDE + 1, 4000), (4000, MOST_SIDE + 1)], ids=str)
def test_long_sides_are_refused(size: tuple[int, int]) -> None:
    """The message says the size and the bound."""
    with pytest.raises(TooLargeError, match=rf"{size[0]}×{size[1]} pixels.*{MOST_SIDE}"):
        check_shape(*size, "It")


def test_narrow_pictures_are_refused() -> None:
    """Beyond the free size the ratio is bounded."""
    check_shape(MOST_ASPECT * 10, 10, "It")
    check_shape(1, 2048, "It")
    with pytest.raises(TooLargeError, match=rf"at most {MOST_ASPECT}:1"):
        check_shape(MOST_ASPECT * 10 + 1, 10, "It")


def test_long_clips_are_refused() -> None:
    """By all pixels of all frames."""
    check_clip(1920, 1080, 900, "A video")
    with pytest.raises(TooLargeError, match="3600 frames of 4096×2304"):
        check_clip(4096, 2304, 3600, "A video")


@pytest.mark.parametrize(("noun", "name"), [("effect", "bokeh"), ("effect", "heatmap"), ("export", "npy")])
def test_every_effect_and_export_is_bounded(noun: str, name: str) -> None:
    """Also where the arrays were made by hand, and no reader saw them."""
    photo = Photo(np.zeros((4001, 2, 3), np.uint8))
    depth = DepthMap(np.zeros((4001, 2), np.float32), DepthKind.RELATIVE_INVERSE)
    with pytest.raises(TooLargeError, match="2×4001"):
        getattr(nearfar, noun)(name, *((photo, depth) if noun == "effect" else (depth, photo)))


def test_a_long_video_is_refused_before_a_frame_is_made() -> None:
    """3600 frames of the largest size are more than one request may ask for."""
    photo = Photo(np.zeros((2304, 4096, 3), np.uint8))
    depth = DepthMap(np.zeros((2304, 4096), np.float32), DepthKind.RELATIVE_INVERSE)
    with pytest.raises(TooLargeError, match="3600 frames"):
        nearfar.effect("parallax", photo, depth, frames=3600, size=4096)


def test_arrays_of_a_photo_are_bounded() -> None:
    """The reader of photos refuses them before a network is asked."""
    with pytest.raises(TooLargeError, match="1×70000"):
        nearfar.read(np.zeros((70_000, 1, 3), np.uint8))


def test_a_large_opening_takes_little_memory() -> None:
    """A radius of 800 pixels is drawn once, not 25 times as fine; its share is that of a disc."""
    kernel = aperture_kernel(800.0)
    assert kernel.shape == (1601, 1601)
    assert np.count_nonzero(kernel) == pytest.approx(np.pi * 800**2, rel=0.01)
