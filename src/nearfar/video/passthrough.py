"""The video itself beside its heat map, or under it, in its own colours: 10 bits and HDR stay as they are.

Nothing of the video becomes RGB on the way: its brightness and two differences of colour are copied (made
upright, halved where it has more colour than 4:2:0), and the heat map is painted in the same kind of numbers.
Under HDR the heat map's white is a plain picture's, 203 cd/m².
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.colormap import colorize
from nearfar.options import check, option
from nearfar.types.moving import VideoColour, VideoFrame, VideoInfo
from nearfar.video._av import av
from nearfar.video._decoded import RANGES, SCALER_MATRICES, DecodedFrame, Scaler, told
from nearfar.video._turns import Turn
from nearfar.video.hdr import hdr_of
from nearfar.video.look import PLAIN, Look, look_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[Any]
    Planes = tuple[Numbers, Numbers, Numbers]

_STEPS = 1024
_TOP = 65535
# Shares of red and blue in brightness: ITU-R BT.709-6 item 3.2, BT.601-7 item 2.5.1, BT.2020-2 table 4.
_SHARES = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}


@dataclass(frozen=True, slots=True)
class KeptOptions:
    """How the video and its heat map are one picture."""

    layout: str = option(
        "right", "Where the heat map is.", choices=("right", "left", "below", "above", "over")
    )
    opacity: float = option(0.4, "Of a heat map that lies over: 0 shows the video alone.", low=0, high=1)
    colormap: str = option("inferno", "Colours from far to near.")

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Ink:
    """What numbers mean colours: as the video has them. ``bits``: 8 or 10."""

    colour: VideoColour
    bits: int = 8

    @classmethod
    def of(cls, info: VideoInfo) -> Ink:
        """That of a video: its own matrix, range, primaries and curve; more than 8 bits become 10."""
        return cls._taken(told(info.colour, min(info.width, info.height)), info.bits)

    @classmethod
    def of_frame(cls, frame: VideoFrame) -> Ink:
        """The same of a frame; one of an array has the colours of what we draw."""
        source = frame.source
        if not isinstance(source, DecodedFrame):
            return cls(PLAIN)
        bits = max((one.bits for one in source.frame.format.components), default=8)
        return cls._taken(told(source.colour, source.frame.height), bits)

    @classmethod
    def _taken(cls, colour: VideoColour, bits: int) -> Ink:
        if colour.matrix not in _SHARES:
            plain = "bt2020nc" if colour.matrix == "bt2020c" else "bt709"
            colour = replace(colour, matrix=plain)
        return cls(colour, 10 if bits > 8 else 8)

    @property
    def pixels(self) -> str:
        """FFmpeg's name of the pixels."""
        return "yuv420p10le" if self.bits == 10 else "yuv420p"

    @property
    def kind(self) -> type[Any]:
        """Of each number."""
        return np.uint16 if self.bits == 10 else np.uint8


def kept_look(
    info: VideoInfo, size: tuple[int, int], ink: Ink, quality: int = 20, suffix: str = ".mp4"
) -> Look:
    """The settings of an encoder that keeps a video's colours, bits and HDR; errors as of ``look_of``."""
    look = look_of("colour10" if ink.bits == 10 else "colour", info, size, quality, suffix)
    rows = dict(look.options)
    if look.codec == "libx265" and ink.colour.is_hdr:
        more = {"master-display": info.mastering_display, "max-cll": info.light_level}
        rows["x265-params"] += ":hdr10=1:repeat-headers=1"
        rows["x265-params"] += "".join(f":{key}={value}" for key, value in more.items() if value)
    if ink.bits == 10 and look.codec == "libvpx-vp9":
        rows["profile"] = "2"
    return replace(look, pixels=ink.pixels, colour=ink.colour, options=tuple(sorted(rows.items())))


def kept_size(width: int, height: int, layout: str) -> tuple[int, int]:
    """(width, height) of the picture of a layout; sides of the parts are even, so that colours do not mix."""
    width, height = width + width % 2, height + height % 2
    return {"right": (2 * width, height), "left": (2 * width, height)}.get(
        layout, (width, height) if layout == "over" else (width, 2 * height)
    )


def painted(
    frame: VideoFrame,
    heat: tuple[npt.NDArray[np.float32], tuple[float, float]],
    ink: Ink,
    options: KeptOptions,
) -> Planes:
    """Brightness and two differences of a frame and its heat map.

    ``heat``: (h, w) depth, and the values of the farthest and the nearest colour.
    """
    width, height = frame.width + frame.width % 2, frame.height + frame.height % 2
    own = _own_planes(frame, ink, (width, height))
    depth, ends = heat
    warm = _heat_planes(depth, ends, (width, height), _table(options.colormap, ink))
    if options.layout == "over":
        share = options.opacity
        return _three(cv2.addWeighted(a, 1 - share, b, share, 0) for a, b in zip(own, warm, strict=True))
    axis = 1 if options.layout in {"right", "left"} else 0
    first, second = (own, warm) if options.layout in {"right", "below"} else (warm, own)
    return _three(np.concatenate(pair, axis=axis) for pair in zip(first, second, strict=True))


def _three(planes: Any) -> Planes:
    y, u, v = (np.ascontiguousarray(plane) for plane in planes)
    return y, u, v


def _own_planes(frame: VideoFrame, ink: Ink, size: tuple[int, int]) -> Planes:
    """The frame's own planes, upright, at an even size."""
    source = frame.source
    if isinstance(source, DecodedFrame):
        wide, high = source.turn.size(*size)
        made = source.picture(wide, high, ink.pixels, ink.colour)
        return _three(source.turn.applied(plane) for plane in _planes_of(made, ink))
    if ink.colour.is_hdr:
        raise ParameterError("A frame of an array has no HDR.", "Open the video itself.")
    given = av().VideoFrame.from_ndarray(np.ascontiguousarray(frame.small(*size)), format="rgb24")
    made = given.reformat(
        format=ink.pixels,
        dst_colorspace=SCALER_MATRICES[ink.colour.matrix],
        dst_color_range=RANGES[ink.colour.range],
        threads=1,
    )
    return _three(_planes_of(made, ink))


def shown(planes: Planes, ink: Ink) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB of planes; HDR is tone-mapped."""
    height, width = planes[0].shape
    made = av().VideoFrame(width, height, ink.pixels)
    for plane, given in zip(made.planes, planes, strict=True):
        np.frombuffer(plane, ink.kind).reshape(plane.height, -1)[:, : plane.width] = given
    return DecodedFrame(made, Turn(), ink.colour, Scaler()).rgb(width, height)


def _planes_of(made: Any, ink: Ink) -> list[Numbers]:
    return [
        np.frombuffer(plane, ink.kind).reshape(plane.height, -1)[:, : plane.width] for plane in made.planes
    ]


def _heat_planes(
    depth: npt.NDArray[np.float32], ends: tuple[float, float], size: tuple[int, int], table: Planes
) -> Planes:
    far, near = ends
    if far == near:
        places = np.zeros(depth.shape, np.uint16)
    else:
        scale = _TOP / (near - far)
        places = np.asarray(cv2.addWeighted(depth, scale, depth, 0, -far * scale, dtype=cv2.CV_16U))
    sizes = (size, (size[0] // 2, size[1] // 2))
    whole, half = (
        np.asarray(cv2.resize(places, one, interpolation=cv2.INTER_CUBIC), np.uint16) >> 6 for one in sizes
    )
    return _three(np.take(row, index) for row, index in zip(table, (whole, half, half), strict=True))


@cache
def _table(colormap: str, ink: Ink) -> Planes:
    """1024 colours from far to near, as the video has them: three rows of numbers."""
    ramp = np.linspace(0, 1, _STEPS, dtype=np.float32)[None]
    colours = colorize(ramp, colormap)[0]
    if ink.colour.is_hdr:
        signal = hdr_of(colours, ink.colour.transfer).astype(np.float64) / _TOP
    else:
        signal = colours.astype(np.float64) / 255
    red_share, blue_share = _SHARES[ink.colour.matrix]
    red, green, blue = signal.T
    light = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
    differences = (blue - light) / (2 - 2 * blue_share), (red - light) / (2 - 2 * red_share)
    unit = 1 << (ink.bits - 8)
    if ink.colour.range == "pc":
        top = (256 << (ink.bits - 8)) - 1
        rows = [top * light, *(128 * unit + top * one for one in differences)]
    else:
        rows = [unit * (16 + 219 * light), *(unit * (128 + 224 * one) for one in differences)]
    most = (256 << (ink.bits - 8)) - 1
    return _three(np.clip(np.rint(row), 0, most).astype(ink.kind) for row in rows)
