"""Changing the size of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.cards import AMPLE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt


_OVERSHOOT = 0.45  # of a neighbourhood's span: by how much cubic interpolation may leave it at most
_MANY = 1 << 20  # values: clipping fewer takes less time than finding which rows need it
_MOST_WHOLE = 16_000_000  # pixels that are shrunk at once
_BAND_ROWS = 256  # of larger pictures, at once
_PLAIN = {"cubic": cv2.INTER_CUBIC, "linear": cv2.INTER_LINEAR}


def shrink(pixels: npt.NDArray[Any], width: int, height: int, *, how: str = "smooth") -> npt.NDArray[Any]:
    """(H, W, C) pixels at (width, height), cubic, without the aliasing that plain cubic has when it shrinks.

    Pictures of many times the goal are halved first, and sides that shrink more than twofold brought to twice
    their goal, by area averages. ``how`` may name what a network was published with instead:
    ``cubic``, ``linear``, ``corners`` (linear, the corner pixels stay in the corners) or ``area`` (averages;
    cubic where it grows).
    """
    if how in _PLAIN:
        return cv2.resize(pixels, (width, height), interpolation=_PLAIN[how])
    if how == "corners":
        return _by_corners(pixels, width, height)
    if how == "area":
        is_smaller = width <= pixels.shape[1] and height <= pixels.shape[0]
        way = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
        return cv2.resize(pixels, (width, height), interpolation=way)
    pixels = _halved(pixels, AMPLE * width, AMPLE * height)
    now_height, now_width = pixels.shape[:2]
    middle = (min(now_width, 2 * width), min(now_height, 2 * height))
    if middle != (now_width, now_height):
        pixels = cv2.resize(pixels, middle, interpolation=cv2.INTER_AREA)
    if (width, height) == middle:
        return pixels
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)


def _halved(pixels: npt.NDArray[Any], width: int, height: int) -> npt.NDArray[Any]:
    """The pixels in means of two by two, as often as they stay so large: six times as fast as others."""
    while pixels.shape[1] >= 2 * width and pixels.shape[0] >= 2 * height:
        halves = pixels.shape[1] // 2, pixels.shape[0] // 2
        even = pixels[: 2 * halves[1], : 2 * halves[0]]
        pixels = cv2.resize(even, halves, interpolation=cv2.INTER_AREA)
    return pixels


def _by_corners(pixels: npt.NDArray[Any], width: int, height: int) -> npt.NDArray[Any]:
    """Linear, with the centres of the corner pixels where they were."""
    across = np.linspace(0, pixels.shape[1] - 1, width, dtype=np.float32)
    down = np.linspace(0, pixels.shape[0] - 1, height, dtype=np.float32)
    places = np.meshgrid(across, down)
    return cv2.remap(pixels, places[0], places[1], cv2.INTER_LINEAR)


def enlarge(
    values: npt.NDArray[np.float32], width: int, height: int, *, is_fast: bool = False
) -> npt.NDArray[np.float32]:
    """(H, W) values at (width, height), cubic (linear where it is to be fast), never beyond the extremes."""
    if values.shape == (height, width):
        return values
    if is_fast:
        return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    large = np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    low, high = values.min(), values.max()
    is_large = large.size > _MANY
    for rows in _overshot(values, float(low), float(high), height) if is_large else [slice(None)]:
        np.clip(large[rows], low, high, out=large[rows])
    return large


def _overshot(values: npt.NDArray[np.float32], low: float, high: float, height: int) -> list[slice]:
    """The rows, of so many, in which values made by cubic interpolation may lie beyond the extremes."""
    around = np.ones((5, 5), np.uint8)
    above = np.asarray(cv2.dilate(values, around), np.float32)
    below = np.asarray(cv2.erode(values, around), np.float32)
    by = np.float32(_OVERSHOOT) * (above - below) + np.float32(1e-6 * max(abs(low), abs(high)))
    is_beyond = ((above + by > high) | (below - by < low)).any(axis=1)
    edges = np.flatnonzero(np.diff(is_beyond.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    scale = height / len(values)
    return [slice(max(0, int((top - 1) * scale)), int((bottom + 1) * scale) + 1) for top, bottom in edges]


def middle(values: npt.NDArray[np.float32], shares: tuple[float, float]) -> npt.NDArray[np.float32]:
    """The middle of an (H, W) map: so large a share of its width and of its height, linear.

    It has as many pixels as it covers, rounded. Where its edges fall between pixels, its values are taken
    between them, so that nothing is shifted; where they do not, it is cut out as it is.
    """
    columns, rows = (_inside(length, share) for length, share in zip(values.shape[::-1], shares, strict=True))
    above, below, share = _beside(rows, values.shape[0])
    lines = values[above] + (values[below] - values[above]) * share[:, None]
    left, right, share = _beside(columns, values.shape[1])
    return np.asarray(lines[:, left] + (lines[:, right] - lines[:, left]) * share, np.float32)


def _inside(length: int, share: float) -> npt.NDArray[np.float64]:
    """Places of the pixels of the middle of a row of that length."""
    count = max(1, round(length * share))
    pixels = (np.arange(count, dtype=np.float64) + 0.5) * (length * share / count)
    return np.asarray(length * (1 - share) / 2 + pixels - 0.5, np.float64)


def enlarged_rows(
    plane: npt.NDArray[np.float32],
    rows: tuple[int, int],
    height: int,
    width: int,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Rows from…to of the (h, w) or (h, w, C) plane (C up to 4) as if enlarged to height × width, linear.

    The rest is not made: a large picture can be finished strip by strip, in ``out`` where it is given.
    """
    above, below, share = _neighbours(plane.shape[0], rows, height)
    share = share.reshape(-1, *(1,) * (plane.ndim - 1))
    lines = plane[above]
    lines += (plane[below] - lines) * share
    large = cv2.resize(lines, (width, len(lines)), out, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.float32)


def shrunk_rows(
    rows_of: Callable[[slice], npt.NDArray[np.float32]],
    shape: tuple[int, int],
    size: tuple[int, int],
) -> npt.NDArray[np.float32]:
    """(h, w, C) of what gives rows, (N, W, C) float32, of an (H, W) picture, brought to (w, h) by averages.

    A picture of many pixels is worked through in bands: rows of theirs are then shared out whole.
    """
    (height, width), (small_width, small_height) = shape, size
    step = small_height if height * width <= _MOST_WHOLE else max(1, _BAND_ROWS * small_height // height)
    parts = []
    for top in range(0, small_height, step):
        bottom = min(small_height, top + step)
        band = rows_of(slice(top * height // small_height, bottom * height // small_height))
        parts.append(cv2.resize(band, (small_width, bottom - top), interpolation=cv2.INTER_AREA))
    return np.asarray(np.concatenate(parts), np.float32)


def _neighbours(
    small_height: int, rows: tuple[int, int], height: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """The rows of the small plane above and below each large row, and how much of the second it takes."""
    place = (np.arange(*rows) + 0.5) * (small_height / height) - 0.5
    return _beside(np.asarray(place, np.float64), small_height)


def _beside(
    place: npt.NDArray[np.float64], length: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """The whole places below and above fractional ones, within a length, and the share of the second."""
    place = np.clip(place, 0, length - 1)
    low = place.astype(np.intp)
    return low, np.minimum(low + 1, length - 1), (place - low).astype(np.float32)
