"""A photo of a video: with its time, and its place among the others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import ParameterError
from nearfar.types.photo import Photo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a video. ``seconds``: when it is shown, from the video's begin; ``index``: from 0."""

    photo: Photo
    seconds: float
    index: int

    def __post_init__(self) -> None:
        if not math.isfinite(self.seconds) or self.seconds < 0:
            raise ParameterError(
                f"A frame's time is {self.seconds} s, but a number from 0 was expected.",
                "Count seconds from the begin of the video.",
            )
        if self.index < 0:
            raise ParameterError(
                f"A frame's index is {self.index}, but 0 or more was expected.", "Count frames from 0."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of a video as they come, once, and one at a time; checked to come in order.

    ``width``, ``height``: of every frame, in pixels. ``rate``: frames a second, 0 where that is not known or
    differs. ``count``: how many there are, None where that is not known before the end.
    """

    width: int
    height: int
    frames: Iterable[Frame]
    rate: float = 0.0
    count: int | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Each frame.

        Raises:
            ParameterError: one of another size, or before the one that came last.
        """
        last: Frame | None = None
        for frame in self.frames:
            if (frame.photo.width, frame.photo.height) != (self.width, self.height):
                raise ParameterError(
                    f"Frame {frame.index} has {frame.photo.width}×{frame.photo.height} pixels, "
                    f"but {self.width}×{self.height} were expected.",
                    "Scale all frames to one size.",
                )
            if last is not None and (frame.index <= last.index or frame.seconds < last.seconds):
                raise ParameterError(
                    f"Frame {frame.index} at {frame.seconds:g} s comes after frame {last.index} at "
                    f"{last.seconds:g} s.",
                    "Sort frames by their time.",
                )
            last = frame
            yield frame
