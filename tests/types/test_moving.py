"""A video's frames: pictures are made when asked for, and what cannot be is refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.types.moving import PixelArray, VideoColour, VideoFrame, VideoInfo


class Counting:
    """A source that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def rgb(self, width: int, height: int) -> np.ndarray:
        """A black picture."""
        self.asked.append((width, height))
        return np.zeros((height, width, 3), np.uint8)


def frame(source: object, index: int = 0) -> VideoFrame:
    """A frame of 6×4 pixels, 3 s in."""
    return VideoFrame(6, 4, index, 270_000, Fraction(1, 90_000), source)


def test_pixels_are_made_once() -> None:
    """The whole picture is kept; a small one goes straight to the source."""
    source = Counting()
    one = frame(source)
    assert one.rgb is one.rgb
    assert one.small(6, 4) is one.rgb
    assert one.small(3, 2).shape == (2, 3, 3)
    assert source.asked == [(6, 4), (3, 2)]


def test_time_is_exact() -> None:
    """Seconds are steps times their length."""
    assert frame(Counting()).seconds == 3.0


def test_a_photo_shares_the_pixels() -> None:
    """Nothing is copied."""
    one = VideoFrame.of(np.full((4, 6, 3), 9, np.uint8), 2)
    assert np.shares_memory(one.photo().pixels, one.rgb)
    assert (one.index, one.pts) == (2, 6000)


def test_arrays_are_scaled() -> None:
    """By their mean where they become smaller."""
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0] = 200
    assert PixelArray(pixels).rgb(1, 1).tolist() == [[[100, 100, 100]]]
    assert PixelArray(pixels).rgb(4, 4).shape == (4, 4, 3)


@pytest.mark.parametrize(
    "given", [{"index": -1}, {"width": 0}, {"time_base": Fraction(0)}], ids=lambda given: next(iter(given))
)
def test_impossible_frames_are_refused(given: dict) -> None:
    """Each is told with what was expected."""
    fields = {"width": 6, "height": 4, "index": 0, "pts": 0, "time_base": Fraction(1, 25)} | given
    with pytest.raises(ParameterError, match="expected"):
        VideoFrame(**fields, source=Counting())


def test_frames_of_arrays_are_checked() -> None:
    """Grey is no frame."""
    with pytest.raises(ParameterError, match=r"\(H, W, 3\)"):
        VideoFrame.of(np.zeros((4, 4), np.uint8), 0)


@pytest.mark.parametrize(
    "given", [{"width": 0}, {"rotation": 45}, {"time_base": Fraction(0)}], ids=lambda given: next(iter(given))
)
def test_impossible_videos_are_refused(given: dict) -> None:
    """A size, a turn and a time base must be possible."""
    with pytest.raises(ParameterError, match="expected"):
        VideoInfo(**{"width": 6, "height": 4, "time_base": Fraction(1, 25)} | given)


def test_shown_size_has_square_pixels() -> None:
    """As players show it."""
    info = VideoInfo(720, 576, Fraction(1, 25), sample_aspect=Fraction(16, 15))
    assert info.shown_size == (768, 576)


@pytest.mark.parametrize(
    ("transfer", "is_hdr"), [("smpte2084", True), ("arib-std-b67", True), ("bt709", False)]
)
def test_high_dynamic_range_is_known_by_its_curve(transfer: str, *, is_hdr: bool) -> None:
    """PQ and HLG."""
    info = VideoInfo(6, 4, Fraction(1, 25), colour=VideoColour(transfer=transfer))
    assert info.is_hdr == is_hdr
