"""Depth as phones' AR systems measure it: ARCore's and ARKit's files, with their confidence.

ARCore (``acquireDepthImage16Bits``, ``acquireRawDepthImage16Bits``): 16 bits, millimetres, 0 is none;
``acquireRawDepthConfidenceImage``: 8 bits, 0 to 255. Android's DEPTH16: 13 bits of millimetres, and above
them 3 bits of confidence (0: all; 1: none; 2 to 7: a seventh to six sevenths). ARKit (``ARDepthData``):
float32 metres; ``confidenceMap``: 0 low, 1 medium, 2 high. Programs that save ARKit's depth as PNG write
millimetres.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.decode._depth_files import Source, check_numbers, find
from nearfar.decode.photo import Limits, read_bytes
from nearfar.errors import EmptyInputError, ParameterError, UnsupportedFormatError, did_you_mean
from nearfar.types import DepthKind, DepthMap, PhotoWarning, Provenance

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.decode.depth import DepthSource

    Numbers = npt.NDArray[Any]

SENSORS = ("arcore", "depth16", "arkit")
SENSOR_HELP = (
    "The depth file is an AR system's: arcore (16-bit millimetres), depth16 (Android's, with 3 bits of "
    "confidence) or arkit (float32 metres, or a PNG of millimetres)."
)
CONFIDENCE_HELP = (
    "Confidence file of such a depth file: 0 to 255 of arcore, 0 to 2 of arkit; what is unsure is not valid."
)
LEAST_HELP = "Confidence, 0 to 1, from which such depth is valid; half otherwise (arcore: above 0)."
SIZE_HELP = "Width and height of such a depth file without a header: 160x90."
_MOST_BYTES = 2**31
_MILLIMETRE = np.float32(1e-3)
_RAW = {"arcore": "<u2", "depth16": "<u2", "arkit": "<f4"}
_TOP = {"arcore": 255.0, "depth16": 1.0, "arkit": 2.0}
_LEAST = {"arcore": 1 / 255, "depth16": 0.5, "arkit": 0.5}


@dataclass(frozen=True, slots=True)
class Sensor:
    """How a sensor's depth file is meant.

    ``kind``: ``arcore``, ``depth16`` or ``arkit``. ``confidence``: the file beside it, where there is one.
    ``least``: confidence in 0…1 from which a distance is valid; None for the sensor's usual one. ``size``:
    (width, height) of files that are raw numbers without a header.
    """

    kind: str
    confidence: DepthSource | None = None
    least: float | None = None
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.kind not in SENSORS:
            raise ParameterError(f"sensor is '{self.kind}'.", did_you_mean(self.kind, SENSORS), "sensor")
        if self.least is not None and not 0 <= self.least <= 1:
            raise ParameterError(f"least is {self.least}, but 0 to 1 was expected.", parameter="least")
        if self.kind == "depth16" and self.confidence is not None:
            raise ParameterError(
                "DEPTH16 has its confidence within, and a confidence file was given too.",
                "Leave it out, or name the sensor arcore.",
                "confidence",
            )


def parse_size(text: str) -> tuple[int, int]:
    """Width and height in a text such as ``160x90``.

    Raises:
        ParameterError: anything else.
    """
    found = re.fullmatch(r"(\d{1,6})[x×,](\d{1,6})", text.strip())
    if found is None:
        raise ParameterError(f"The size is '{text}'.", "Give width and height: 160x90.", "size")
    return int(found[1]), int(found[2])


def read_sensor_depth(source: DepthSource, sensor: Sensor | str) -> DepthMap:
    """Metres of an AR system's depth file; what it is not sure of is not valid.

    Args:
        source: a path, bytes or a binary file: PNG, TIFF, NPY, EXR, or raw numbers (little-endian, row by
            row, without padding) whose size the sensor says.
        sensor: what wrote it; a name alone for one without confidence file and raw numbers.

    Raises:
        SourceError: a file cannot be read.
        UnsupportedFormatError, BrokenImageError: it is no depth file, or damaged.
        ParameterError: numbers that this sensor does not write, another count of them than the size says, a
            confidence of another shape, or no distance is left.

    Example:
        >>> import nearfar
        >>> how = nearfar.Sensor("arkit", "confidence.png")  # doctest: +SKIP
        >>> depth = nearfar.read_sensor_depth("depth.png", how)  # doctest: +SKIP
    """
    sensor = Sensor(sensor) if isinstance(sensor, str) else sensor
    numbers, name = _numbers(source, _RAW[sensor.kind], sensor.size)
    metres, sure = _split(numbers, sensor.kind, name)
    if sensor.confidence is not None:
        sure = _confidence(sensor, metres.shape)
    least = _LEAST[sensor.kind] if sensor.least is None else sensor.least
    is_measured = np.isfinite(metres) & (metres > 0)
    valid = is_measured if sure is None else is_measured & (sure >= np.float32(least - 1e-6))
    if not valid.any():
        raise ParameterError(f"{name} holds no distance that is sure enough.", "Lower least.", "least")
    values = np.where(valid, metres, np.float32("nan")).astype(np.float32)
    told = _told(is_measured, valid, least)
    mask = None if valid.all() else valid
    return DepthMap(np.ascontiguousarray(values), DepthKind.METRIC, mask, None, Provenance(), told)


def _numbers(source: DepthSource, raw: str, size: tuple[int, int] | None) -> tuple[Numbers, str]:
    """(H, W) numbers as the file has them, and what messages call it."""
    is_named = isinstance(source, (str, os.PathLike))
    data, name = read_bytes(source, Limits(max_bytes=_MOST_BYTES), "" if is_named else "the depth file")
    if not data:
        raise EmptyInputError(f"{name} is empty.")
    if size is None:
        try:
            return find(Source(data, name)).numbers, name
        except UnsupportedFormatError as exc:
            hint = f"{exc.hint} Of raw numbers say the size: 160x90 (--depth-size)."
            raise UnsupportedFormatError(exc.message, hint) from exc
    width, height = size
    check_numbers(width, height, name)
    wanted = width * height * np.dtype(raw).itemsize
    if min(size) < 1 or len(data) != wanted:
        raise ParameterError(
            f"{name} holds {len(data)} bytes, but {width}×{height} numbers are {wanted}.",
            "Give the size of the depth image, not of the photo; rows without padding.",
            "size",
        )
    return np.frombuffer(data, raw).reshape(height, width), name


def _split(numbers: Numbers, kind: str, name: str) -> tuple[Numbers, Numbers | None]:
    """(H, W) float32 metres, and confidence in 0…1 where it is within them."""
    is_whole = numbers.dtype.kind in "iu"
    if kind == "arkit" and not is_whole:
        return numbers.astype(np.float32), None
    if not is_whole or numbers.dtype.itemsize < 2:
        raise ParameterError(
            f"{name} holds {numbers.dtype}, but {kind} writes 16 bits.",
            "Name the sensor that wrote it, or use nearfar.read_depth.",
            "sensor",
        )
    whole = numbers.astype(np.int64)
    if kind != "depth16":
        return whole.astype(np.float32) * _MILLIMETRE, None
    code = (whole >> 13) & 7
    sure = np.where(code == 0, np.float32(1), (code - 1).astype(np.float32) / np.float32(7))
    return (whole & 0x1FFF).astype(np.float32) * _MILLIMETRE, sure


def _confidence(sensor: Sensor, shape: tuple[int, ...]) -> Numbers:
    """(H, W) in 0…1 of the confidence file, brought to the depth's size by its nearest pixels."""
    assert sensor.confidence is not None  # noqa: S101 - asked before
    found, name = _numbers(sensor.confidence, "u1", sensor.size)
    top = _TOP[sensor.kind]
    if found.dtype.kind not in "iub" or int(found.max()) > top:
        raise ParameterError(
            f"{name} holds {found.dtype} up to {found.max()}, but {sensor.kind} writes 0 to {top:g}.",
            "Give the confidence image of the same sensor.",
            "confidence",
        )
    if found.shape[0] * shape[1] != found.shape[1] * shape[0]:
        raise ParameterError(
            f"{name} is {found.shape[1]}×{found.shape[0]}, the depth {shape[1]}×{shape[0]}: another shape.",
            "Give the confidence of the same frame.",
            "confidence",
        )
    size = shape[1], shape[0]
    large = cv2.resize(found.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(large / np.float32(top), np.float32)


def _told(measured: Numbers, valid: Numbers, least: float) -> tuple[PhotoWarning, ...]:
    """What people are told of what was left out."""
    absent, unsure = int((~measured).sum()), int((measured & ~valid).sum())
    rows = [
        ("depth_invalid", absent, "are no distance"),
        ("depth_unsure", unsure, f"are less sure than {least:.2g} of 1"),
    ]
    return tuple(
        PhotoWarning(code, f"{count:,} of {valid.size:,} values of the sensor {text} and count as not valid.")
        for code, count, text in rows
        if count
    )
