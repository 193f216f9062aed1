"""Pictures out of a decoded frame: scaled, turned upright and tone-mapped in one go, when asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.types.moving import VideoColour
from nearfar.video.hdr import tone_mapped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av import VideoFrame as Decoded
    from av.video.reformatter import VideoReformatter

    from nearfar.video._turns import Turn

MATRICES = {
    "rgb": 0,
    "bt709": 1,
    "unknown": 2,
    "fcc": 4,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "ycgco": 8,
    "bt2020nc": 9,
    "bt2020c": 10,
}
PRIMARIES = {
    "bt709": 1,
    "unknown": 2,
    "bt470m": 4,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "film": 8,
    "bt2020": 9,
    "smpte428": 10,
    "smpte431": 11,
    "smpte432": 12,
    "ebu3213": 22,
}
TRANSFERS = {
    "bt709": 1,
    "unknown": 2,
    "gamma22": 4,
    "gamma28": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "linear": 8,
    "iec61966-2-4": 11,
    "iec61966-2-1": 13,
    "bt2020-10": 14,
    "bt2020-12": 15,
    "smpte2084": 16,
    "smpte428": 17,
    "arib-std-b67": 18,
}
RANGES = {"unknown": 0, "tv": 1, "pc": 2}
SCALER_MATRICES = {
    "bt709": 1,
    "fcc": 4,
    "bt470bg": 5,
    "smpte170m": 5,
    "smpte240m": 7,
    "bt2020nc": 9,
    "bt2020c": 9,
}
_HIGH_DEFINITION = 720  # rows from which on pictures without a word are BT.709, as players take them


def name_of(number: int, table: dict[str, int]) -> str:
    """FFmpeg's name of one of its numbers; ``unknown`` where it is none of the table."""
    return next((name for name, known in table.items() if known == number), "unknown")


def colour_of(frame: Any) -> VideoColour:
    """How the numbers of a frame, or of a codec, mean colours."""
    range_ = name_of(int(frame.color_range), RANGES)
    if range_ == "unknown" and frame.format is not None and frame.format.name.startswith("yuvj"):
        range_ = "pc"
    return VideoColour(
        name_of(int(frame.colorspace), MATRICES),
        range_,
        name_of(int(frame.color_primaries), PRIMARIES),
        name_of(int(frame.color_trc), TRANSFERS),
    )


def told(colour: VideoColour, height: int) -> VideoColour:
    """The same without unknowns: as players take what a file does not tell."""
    plain = "bt709" if height >= _HIGH_DEFINITION else "smpte170m"
    names = {
        "matrix": plain if colour.matrix in {"unknown", "ycgco"} else colour.matrix,
        "range": "tv" if colour.range == "unknown" else colour.range,
        "primaries": plain if colour.primaries == "unknown" else colour.primaries,
        "transfer": "bt709" if colour.transfer == "unknown" else colour.transfer,
    }
    return VideoColour(**names)


@dataclass(slots=True, eq=False)
class Scaler:
    """libswscale, one context for each way that is asked for: making one costs as much as a small picture."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: dict[Any, list[VideoReformatter]] = field(default_factory=dict)

    def scaled(self, frame: Decoded, key: tuple[Any, ...], how: dict[str, Any]) -> Decoded:
        """The frame as ``how`` says; ``key`` names the way."""
        from av.video.reformatter import VideoReformatter  # the reader of these frames has loaded it

        with self._lock:
            idle = self._idle.setdefault((key, frame.format.name, frame.width, frame.height), [])
            one = idle.pop() if idle else VideoReformatter()
        try:
            return one.reformat(frame, threads=1, **how)
        finally:
            with self._lock:
                idle.append(one)


@dataclass(frozen=True, slots=True, eq=False)
class DecodedFrame:
    """Pictures of a frame as the decoder gave it (``frame``, not turned): a ``PixelSource``."""

    frame: Decoded
    turn: Turn
    colour: VideoColour
    scaler: Scaler
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rgb(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """(height, width, 3) uint8 sRGB, upright, HDR tone-mapped."""
        wide, high = self.turn.size(width, height)
        is_hdr = self.colour.is_hdr
        made = self.picture(wide, high, "rgb48le" if is_hdr else "rgb24", VideoColour("rgb", "pc"))
        pixels = self.turn.applied(made.to_ndarray())
        return tone_mapped(pixels, self.colour.transfer) if is_hdr else pixels

    def picture(self, width: int, height: int, pixel_format: str, colour: VideoColour) -> Decoded:
        """The frame at a size and in a format of pixels, not turned, in ``colour``'s matrix and range."""
        frame, given = self.frame, told(self.colour, self.frame.height)
        is_smaller = width * height < frame.width * frame.height
        how = {
            "width": width,
            "height": height,
            "format": pixel_format,
            "interpolation": "AREA" if is_smaller else "BICUBIC",
            "src_colorspace": SCALER_MATRICES.get(given.matrix),
            "src_color_range": RANGES[given.range],
            "dst_colorspace": SCALER_MATRICES.get(colour.matrix),
            "dst_color_range": RANGES[colour.range],
        }
        with self._lock:  # the library writes into the frame for a moment
            return self.scaler.scaled(frame, (width, height, pixel_format, colour.matrix), how)
