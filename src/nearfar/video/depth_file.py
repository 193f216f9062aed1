"""Depth of a video as numbers in a video: 16 bits without loss, or 10 bits, and back to what they mean."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError, UnsupportedFormatError
from nearfar.types import DepthMap, Provenance
from nearfar.video._about import video_stream
from nearfar.video._av import av
from nearfar.video._source import source_of
from nearfar.video.join import kept_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from nearfar.types.arrays import FloatMap, Mask
    from nearfar.video._source import Given, VideoSource

    Numbers = npt.NDArray[np.uint16]

_MILLIMETRE = 0.001
_ENDS = {16: (1, 65535), 10: (0, 1023)}
"""By bits, the least and the largest number of a value."""
_ROOM = {16: 1.0, 10: 0.25}
"""By bits, the room on each side of the first frame's span, in such spans."""
_MOST_EXACT = 1e6
_MARK = "NEARFAR_DEPTH"
_VERSION = "1"
_NAMES = ("SCALE", "OFFSET", "KIND", "UNIT", "MODEL", "WEIGHTS_SHA256", "TIME_BASE", "BITS", "SIZE")


@dataclass(frozen=True, slots=True)
class DepthScale:
    """How numbers of a depth video mean values: value = number × ``scale`` + ``offset``.

    ``bits``: 16 or 10. Of 16 bits the number 0 marks pixels that are not valid, and is no value.
    """

    scale: float
    offset: float
    bits: int = 16

    def __post_init__(self) -> None:
        if not self.scale > 0 or self.bits not in _ENDS:
            raise ParameterError(
                f"A depth video has the scale {self.scale:g} and {self.bits} bits, "
                "but a scale above 0 and 10 or 16 bits were expected."
            )

    @classmethod
    def of(cls, values: FloatMap, kind: DepthKind, span: tuple[float, float], bits: int = 16) -> DepthScale:
        """The scale for a whole clip, out of its first frame's (h, w) values and the span of its colours.

        Metric depth of 16 bits has millimetres up to 65 m; where the first frame reaches further, twice
        its reach. Other kinds have no bounds that are known before the end: there is room on both sides for
        as much again, of 10 bits for a quarter. What still lies beyond is cut off.
        """
        low, high = min(span[0], float(values.min())), max(span[1], float(values.max()))
        least, top = _ENDS[bits]
        if kind is DepthKind.METRIC:
            reach = 1.5 * max(high, 1.0)
            fine = _MILLIMETRE if bits == 16 and reach <= top * _MILLIMETRE else 2 * max(high, 1.0) / top
            return cls(fine, 0.0, bits)
        width = max(high - low, 1e-6 * max(1.0, abs(high)))
        room = _ROOM[bits] * width
        scale = (width + 2 * room) / (top - least)
        return cls(scale, low - room - least * scale, bits)

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value that there is a number for."""
        least, top = _ENDS[self.bits]
        return least * self.scale + self.offset, top * self.scale + self.offset

    def numbers(self, values: FloatMap, valid: Mask | None = None) -> Numbers:
        """(H, W) uint16 of (H, W) values: the nearest numbers; what lies beyond them is cut off."""
        least, top = _ENDS[self.bits]
        base = -self.offset / self.scale
        if abs(base) < _MOST_EXACT:
            given = cv2.addWeighted(values, 1 / self.scale, values, 0, base, dtype=cv2.CV_16U)
        else:  # the span is narrow beside its place: 32 bits are too few
            given = np.clip(np.rint(values / self.scale + base), 0, _ENDS[16][1]).astype(np.uint16)
        found = np.asarray(np.clip(given, least, top), np.uint16)
        if valid is not None:
            found[~valid] = 0
        return found

    def values(self, numbers: npt.NDArray[np.uint16]) -> tuple[FloatMap, Mask | None]:
        """(H, W) float32 values, and which are valid; None where all are."""
        values = (numbers * np.float64(self.scale) + self.offset).astype(np.float32)
        if self.bits == 10 or numbers.all():
            return values, None
        return values, numbers > 0

    def share_beyond(self, values: FloatMap) -> float:
        """The share of values that are cut off."""
        low, high = self.ends
        return float(((values < low) | (values > high)).mean())


def tags_of(depth: DepthMap, scale: DepthScale, time_base: Fraction) -> dict[str, str]:
    """The words of a depth video that tell what its numbers mean. ``depth``: any frame's, as large."""
    kind, provenance = depth.kind, depth.provenance
    words = (
        repr(scale.scale),
        repr(scale.offset),
        kind.value,
        kind.unit,
        provenance.model,
        provenance.weights_sha256,
        f"{time_base.numerator}/{time_base.denominator}",
        str(scale.bits),
        f"{depth.width}x{depth.height}",
    )
    rows = {f"NEARFAR_{name}": word for name, word in zip(_NAMES, words, strict=True)}
    return {_MARK: _VERSION} | rows


def planes_of_depth(numbers: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Numbers of 10 bits as an encoder of colours takes them: brightness, and two planes without colour."""
    half = (-(-numbers.shape[0] // 2), -(-numbers.shape[1] // 2))
    grey = np.full(half, 512, np.uint16)
    return numbers, grey, grey


@dataclass(frozen=True, slots=True, eq=False)
class DepthFrame:
    """A frame of a depth video: ``index`` from 0, ``pts`` in steps of the time base of its source."""

    index: int
    pts: int
    time_base: Fraction
    depth: DepthMap

    @property
    def seconds(self) -> float:
        """When it is shown, in seconds."""
        return float(self.pts * self.time_base)


@dataclass(frozen=True, slots=True)
class DepthVideo:
    """A depth video: going through it gives its frames, again each time.

    ``scale``: what its numbers mean; ``kind``; ``provenance``: of which network and weights; ``time_base``:
    of the video that it was made of; ``width``, ``height`` in pixels.
    """

    source: VideoSource
    scale: DepthScale
    kind: DepthKind
    provenance: Provenance
    time_base: Fraction
    width: int
    height: int

    @property
    def unit(self) -> str:
        """``m`` for metric depth, ``1`` otherwise."""
        return self.kind.unit

    def __iter__(self) -> Iterator[DepthFrame]:
        """Each frame. One that is damaged ends it: what was readable comes."""
        waiting: deque[int] = deque()
        with self.source.open() as container:
            stream = video_stream(container, self.source.name)
            index = 0
            errors = av().FFmpegError
            packets = iter(container.demux(stream))
            while True:
                try:
                    packet = next(packets)
                    if packet.pts is not None and packet.size:
                        waiting.append(self._time(packet))
                    frames = packet.decode()
                except (StopIteration, errors):
                    return
                for frame in frames:
                    yield DepthFrame(index, waiting.popleft(), self.time_base, self._depth(frame))
                    index += 1

    def _time(self, packet: Any) -> int:
        exact = kept_time(packet)
        return round(packet.pts * packet.time_base / self.time_base) if exact is None else exact

    def _depth(self, frame: Any) -> DepthMap:
        plane = frame.planes[0]
        rows = np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[: self.height, : self.width]
        values, valid = self.scale.values(rows)
        return DepthMap(values, self.kind, valid, None, self.provenance)


def read_depth_video(source: Given | VideoSource) -> DepthVideo:
    """A depth video that nearfar wrote, as numbers: each of its frames has a ``depth`` with its meaning.

    Args:
        source: a path, bytes or a binary file.

    Raises:
        UnsupportedFormatError: a video without the words that say what its numbers mean.
        SourceError: it cannot be read.
        MissingExtraError: PyAV is not installed (the extra ``video``).
    """
    found = source_of(source)
    with found.open() as container:
        stream = video_stream(container, found.name)
        words = {key.upper(): value for key, value in container.metadata.items()}
        try:
            _ = {_VERSION: True}[words[_MARK]]
            scale, offset, kind, _, model, weights, base, bits, size = (
                words[f"NEARFAR_{name}"] for name in _NAMES
            )
            read = DepthScale(float(scale), float(offset), int(bits))
            width, _, height = size.partition("x")
            return DepthVideo(
                found,
                read,
                DepthKind(kind),
                Provenance(model=model, weights_sha256=weights),
                Fraction(base),
                min(int(width), stream.width),
                min(int(height), stream.height),
            )
        except (KeyError, ValueError, ParameterError) as exc:
            raise UnsupportedFormatError(
                f"{found.name} does not say what its numbers mean as depth.",
                "Give a depth video that nearfar wrote (.mkv, or .mp4 of 10 bits).",
            ) from exc
