"""A video and its frames: what is known before any work, and pictures that are made only when asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from nearfar.errors import ParameterError
from nearfar.types.photo import Photo

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import Pixels

HDR_TRANSFERS = ("smpte2084", "arib-std-b67")
"""Transfer curves of high dynamic range, by FFmpeg's names: PQ and HLG."""


@dataclass(frozen=True, slots=True)
class VideoColour:
    """How the numbers of a video mean colours, by FFmpeg's names; ``unknown`` where that is untold."""

    matrix: str = "unknown"
    range: str = "unknown"
    primaries: str = "unknown"
    transfer: str = "unknown"

    @property
    def is_hdr(self) -> bool:
        """Whether it is PQ or HLG."""
        return self.transfer in HDR_TRANSFERS


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream beside the one that is looked at: ``kind`` is audio, subtitle, video, data or attachment."""

    index: int
    kind: str
    codec: str
    language: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named part of a video, in seconds of its own time."""

    start_s: float
    end_s: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a video before its frames are read.

    ``width``, ``height``: of the frames that are given out, upright, in pixels as stored; ``sample_aspect``
    is how wide one of these is beside its height. ``rate``: frames a second on average, 0 where unknown.
    ``time_base``: seconds that one step of a frame's ``pts`` takes. ``duration_s`` and ``count``: as the file
    says, which may be wrong; None where it does not. ``rotation``: degrees clockwise by which the stored
    pictures are turned to stand upright; ``is_mirrored``: left and right are exchanged after that.
    ``bits``: of a channel.
    ``mastering_display``, ``light_level``: of HDR, as x265's options write them.
    ``notes``: what is to be known of the video, in plain words.
    """

    width: int
    height: int
    time_base: Fraction
    rate: Fraction = Fraction(0)
    duration_s: float | None = None
    count: int | None = None
    rotation: int = 0
    is_mirrored: bool = False
    sample_aspect: Fraction = Fraction(1)
    colour: VideoColour = VideoColour()
    bits: int = 8
    is_interlaced: bool = False
    codec: str = ""
    container: str = ""
    streams: tuple[StreamInfo, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    mastering_display: str = ""
    light_level: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1:
            raise ParameterError(f"A video is {self.width}×{self.height}, but at least 1×1 was expected.")
        if self.time_base <= 0 or self.sample_aspect <= 0 or self.rate < 0:
            raise ParameterError(
                f"A video has the time base {self.time_base}, pixels of {self.sample_aspect} and "
                f"{self.rate} frames a second, but numbers above 0 were expected."
            )
        if self.rotation not in {0, 90, 180, 270}:
            raise ParameterError(f"A video is turned by {self.rotation}°, but quarter turns were expected.")

    @property
    def is_hdr(self) -> bool:
        """Whether its colours are PQ or HLG."""
        return self.colour.is_hdr

    @property
    def shown_size(self) -> tuple[int, int]:
        """(width, height) in square pixels: as players show it."""
        return max(1, round(self.width * self.sample_aspect)), self.height


class PixelSource(Protocol):
    """What a frame's pictures are made of."""

    def rgb(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8 sRGB, upright, a picture of that size."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PixelArray:
    """Pictures out of an array: ``pixels`` (H, W, 3) uint8 sRGB."""

    pixels: npt.NDArray[np.uint8]

    def rgb(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8; the array itself where it has that size."""
        if self.pixels.shape[:2] == (height, width):
            return self.pixels
        smaller = width * height < self.pixels.shape[0] * self.pixels.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(self.pixels, (width, height), interpolation=how), np.uint8)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class VideoFrame:
    """One frame of a video.

    ``index``: from 0, among all frames of the source. ``pts``: when it is shown, in steps of ``time_base``;
    ``duration``: for how long, 0 where unknown. ``source``: what its pictures are made of, when asked for.
    """

    width: int
    height: int
    index: int
    pts: int
    time_base: Fraction
    source: PixelSource
    duration: int = 0
    _whole: list[Pixels] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.index < 0:
            raise ParameterError(f"A frame's index is {self.index}, but 0 or more was expected.")
        if self.time_base <= 0:
            raise ParameterError(f"A frame's time base is {self.time_base}, but more than 0 was expected.")
        if min(self.width, self.height) < 1:
            raise ParameterError(f"A frame is {self.width}×{self.height}, but at least 1×1 was expected.")

    @classmethod
    def of(cls, pixels: npt.NDArray[np.uint8], index: int, seconds: float = math.nan) -> VideoFrame:
        """A frame of an array (H, W, 3) uint8 sRGB; without a time it is one of 30 a second."""
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise ParameterError(f"A frame is (H, W, 3) of uint8, not {pixels.shape} of {pixels.dtype}.")
        base = Fraction(1, 90_000)
        pts = index * 3000 if math.isnan(seconds) else round(seconds * 90_000)
        return cls(pixels.shape[1], pixels.shape[0], index, pts, base, PixelArray(pixels))

    @property
    def seconds(self) -> float:
        """When it is shown, in seconds of the video's own time."""
        return float(self.pts * self.time_base)

    @property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """(H, W, 3) uint8 sRGB, upright; HDR is tone-mapped. Made at the first call, then kept."""
        if not self._whole:
            self._whole.append(self.source.rgb(self.width, self.height))
        found: npt.NDArray[np.uint8] = self._whole[0]
        return found

    def small(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8 sRGB, upright: the frame at another size, out of the source."""
        return self.rgb if (width, height) == (self.width, self.height) else self.source.rgb(width, height)

    def photo(self, name: str = "frame") -> Photo:
        """The frame as a photo; its pixels are not copied."""
        return Photo(self.rgb, name=name, format="video")

    def __repr__(self) -> str:
        return f"<VideoFrame {self.index} {self.width}×{self.height} at {self.seconds:.3f} s>"
