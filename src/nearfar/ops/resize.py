"""Changing the size of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def shrink(pixels: npt.NDArray[Any], width: int, height: int) -> npt.NDArray[Any]:
    """H×W×C pixels at (width, height), cubic, without the aliasing that plain cubic has when it shrinks.

    Sides that shrink more than twofold are first brought to twice their goal by area averages.
    """
    now_height, now_width = pixels.shape[:2]
    middle = (min(now_width, 2 * width), min(now_height, 2 * height))
    if middle != (now_width, now_height):
        pixels = cv2.resize(pixels, middle, interpolation=cv2.INTER_AREA)
    if (width, height) == middle:
        return pixels
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)


def enlarge(values: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    """h×w values at (width, height), cubic, never beyond the smallest and largest given value."""
    if values.shape == (height, width):
        return values
    low, high = float(values.min()), float(values.max())
    large = cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(large, low, high, out=np.asarray(large, np.float32))


def enlarged_rows(
    plane: npt.NDArray[np.float32], rows: tuple[int, int], height: int, width: int
) -> npt.NDArray[np.float32]:
    """Rows from…to of the h×w(×C, C up to 4) plane as if enlarged to height × width, linear.

    The rest is not made: a large picture can be finished strip by strip.
    """
    small_height, small_width = plane.shape[:2]
    sx, sy = small_width / width, small_height / height
    matrix = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (rows[0] + 0.5) * sy - 0.5]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (width, rows[1] - rows[0])
    return np.asarray(
        cv2.warpAffine(plane, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
