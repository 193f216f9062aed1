"""Frames of a video come in order, of one size."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.types import Frame, Frames, Photo


def frame(index: int, seconds: float, width: int = 4) -> Frame:
    """A small one."""
    return Frame(Photo(np.zeros((3, width, 3), np.uint8)), seconds, index)


def test_frames_come_once_and_in_order() -> None:
    """As they are given; equal times may follow each other."""
    given = [frame(0, 0.0), frame(1, 0.04), frame(3, 0.04)]
    assert list(Frames(4, 3, iter(given), 25.0, 3)) == given


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (frame(0, 0.1), "comes after frame 0"),
        (frame(1, -0.0), "comes after frame 0"),
        (frame(1, 0.2, 5), "5×3"),
    ],
)
def test_what_is_out_of_order_or_size_is_told(second: Frame, words: str) -> None:
    """The frame before it was given."""
    frames = iter(Frames(4, 3, [frame(0, 0.05), second]))
    next(frames)
    with pytest.raises(ParameterError, match=words):
        next(frames)


@pytest.mark.parametrize(("index", "seconds"), [(-1, 0.0), (0, -1.0), (0, float("nan")), (0, float("inf"))])
def test_a_frame_checks_itself(index: int, seconds: float) -> None:
    """No time before the begin, no index below 0."""
    with pytest.raises(ParameterError, match="expected"):
        frame(index, seconds)
