"""What an encoded video is like: codec, pixels, size, time and colours, before its first frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from nearfar.errors import OutputError, ParameterError, did_you_mean
from nearfar.types.moving import VideoColour
from nearfar.video._av import av

if TYPE_CHECKING:
    from nearfar.types.moving import VideoInfo

PLAIN = VideoColour("bt709", "tv", "bt709", "bt709")
"""The colours of what we draw: sRGB, as every player shows BT.709."""
GREY = VideoColour("unknown", "pc", "unknown", "unknown")
THREADS = 2
"""Of every encoder: with more or fewer the bytes would be others."""
SUFFIXES = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""Suffixes of the videos that are written, and FFmpeg's name of the container."""
_SECONDS_OF_KEYS = 2
_LEAST = 16  # pixels a side that some encoders take

_CODECS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    # cpu-independent: without it the same frames give other bytes on other machines.
    "h264": (
        ("libx264", {"preset": "veryfast", "x264-params": "cpu-independent=1"}),
        ("libopenh264", {}),
        ("mpeg4", {}),
    ),
    "hevc": (("libx265", {"preset": "veryfast"}),),
    "vp9": (("libvpx-vp9", {"b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"}),),
    "ffv1": (
        ("ffv1", {"level": "3", "coder": "1", "context": "0", "g": "1", "slices": "4", "slicecrc": "1"}),
    ),
}
"""By the kind of stream: encoders, the first that the build of FFmpeg has is taken, with their options."""
KINDS = {
    "colour": ("h264", "yuv420p"),
    "colour10": ("hevc", "yuv420p10le"),
    "depth16": ("ffv1", "gray16le"),
    "depth10": ("hevc", "yuv420p10le"),
}
"""What is written: kind of stream, and pixels."""


@dataclass(frozen=True, slots=True)
class Look:
    """An encoder's settings. ``width``, ``height``: of the pictures given; ``options``: the encoder's own."""

    codec: str
    pixels: str
    width: int
    height: int
    time_base: Fraction
    rate: Fraction = Fraction(0)
    colour: VideoColour = PLAIN
    aspect: Fraction = Fraction(1)
    options: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 1 or self.time_base <= 0:
            raise ParameterError(
                f"A video of {self.width}×{self.height} pixels, time base {self.time_base}, makes no sense."
            )

    @property
    def coded_size(self) -> tuple[int, int]:
        """(width, height) of what is encoded: even for halved colours, 16 at least for HEVC."""
        if self.is_grey:
            return self.width, self.height
        least = _LEAST if self.codec in {"libx265", "libopenh264"} else 2
        return max(least, self.width + self.width % 2), max(least, self.height + self.height % 2)

    @property
    def is_grey(self) -> bool:
        """Whether pictures are numbers of 16 bits, kept as they are."""
        return self.pixels.startswith("gray")

    @property
    def bits(self) -> int:
        """Of a channel: 8, 10 or 16."""
        return 16 if self.is_grey else 10 if "10" in self.pixels else 8


def look_of(
    kind: str, info: VideoInfo, size: tuple[int, int], quality: int = 20, suffix: str = ".mp4"
) -> Look:
    """The settings for a kind of output of a video.

    Args:
        kind: ``colour``, ``colour10`` (HEVC of 10 bits), ``depth16`` (FFV1, lossless) or ``depth10``.
        info: the video that it is made of: its time base, rate and aspect of pixels stay.
        size: (width, height) of the pictures.
        quality: 0 (best) to 51, of the codecs that lose something; a step of 6 halves the bytes.
        suffix: of the file in the end; ``.webm`` takes VP9.

    Raises:
        ParameterError: no such kind or suffix, a quality out of range, or 10 bits below 16 pixels.
        OutputError: this build of FFmpeg has no encoder for it.
        MissingExtraError: PyAV is not installed.
    """
    if kind not in KINDS:
        raise ParameterError(f"'{kind}' is no kind of video.", did_you_mean(kind, KINDS), "kind")
    if not 0 <= quality <= 51:
        raise ParameterError(f"quality is {quality}, but 0 to 51 was expected.", parameter="quality")
    if kind == "colour10" and min(size) < _LEAST:
        raise ParameterError(
            f"The pictures are {size[0]}×{size[1]}, but HEVC of 10 bits takes {_LEAST} pixels a side at "
            "least.",
            "Take the heat map alone.",
        )
    stream, pixels = KINDS[kind]
    stream = _for_suffix(stream, suffix.lower())
    codec, options = _encoder(stream)
    options = options | _quality(codec, quality)
    if stream != "ffv1":
        options |= {"bf": "0", "g": str(max(1, round(_SECONDS_OF_KEYS * (info.rate or 30))))}
    colour = {"depth16": GREY, "depth10": VideoColour("bt709", "pc", "bt709", "bt709")}.get(kind, PLAIN)
    rows = tuple(sorted(options.items()))
    return Look(codec, pixels, *size, info.time_base, info.rate, colour, info.sample_aspect, rows)


def _for_suffix(stream: str, suffix: str) -> str:
    """The kind of stream that a file of that suffix takes."""
    if suffix not in SUFFIXES:
        raise ParameterError(
            f"Videos are not written as '{suffix}'.", did_you_mean(suffix, SUFFIXES), "format"
        )
    if suffix == ".webm":
        if stream == "ffv1":
            raise ParameterError("'.webm' holds no lossless depth.", "Write it as .mkv.", "format")
        return "vp9"
    return stream


def _encoder(stream: str) -> tuple[str, dict[str, str]]:
    known = av().codecs_available
    for name, options in _CODECS[stream]:
        if name in known:
            return name, dict(options)
    raise OutputError(
        f"This build of FFmpeg has no encoder for {stream}.", "Install PyAV's own wheel, or write .webm."
    )


def _quality(codec: str, quality: int) -> dict[str, str]:
    if codec == "libx265":
        # One pool and one frame at a time: the bytes do not depend on how busy the machine is.
        return {
            "crf": str(quality),
            "x265-params": f"log-level=none:pools={THREADS}:frame-threads=1:bframes=0",
        }
    if codec == "libvpx-vp9":
        return {"crf": str(min(63, quality + 12))}
    if codec in {"mpeg4", "libopenh264"}:
        return {"qscale": str(max(1, quality // 2))} if codec == "mpeg4" else {}
    return {} if codec == "ffv1" else {"crf": str(quality)}
