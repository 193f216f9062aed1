"""Pictures of what went wrong: photo, truth, what was found and by how much it is off, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.encode import encode
from nearfar.ops.colormap import colorize

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types.arrays import Mask, Pixels

    Floats = npt.NDArray[np.float64]

WIDTH = 256
"""Pixels of each picture; the height follows the photo's shape."""
GAP = 4
MOST_OFF = 0.5
"""Errors of this share of the true depth, and larger ones, have the brightest colour."""
_PAPER = 235
_QUALITY = 82
_WRONG, _RIGHT = (230, 40, 40), (60, 200, 90)


def depth_strip(rgb: Pixels, true_m: Floats, found_m: Floats) -> bytes:
    """A JPEG of four pictures in a row: photo, truth, found, |z - z*| / z* up to half.

    Truth and found have one scale of colours, linear in inverse depth, near is bright. Grey: unknown.
    """
    height = max(1, round(WIDTH * rgb.shape[0] / rgb.shape[1]))
    is_known = np.isfinite(true_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        truth, found = 1 / true_m, 1 / np.maximum(found_m, 1e-6)
        off = np.abs(found_m - true_m) / true_m / MOST_OFF
    small_truth, has_truth = _shrunk(truth, is_known, height)
    small_found, has_found = _shrunk(found, np.isfinite(found), height)
    low, high = np.percentile(truth[is_known], (2, 98)) if is_known.any() else (0.0, 1.0)
    span = max(float(high - low), 1e-9)
    pictures = [
        cv2.resize(rgb, (WIDTH, height), interpolation=cv2.INTER_AREA),
        _coloured((small_truth - low) / span, has_truth),
        _coloured((small_found - low) / span, has_found),
        _coloured(*_shrunk(off, is_known, height), "magma"),
    ]
    return _strip(pictures)


def pairs_strip(rgb: Pixels, near: Floats, pairs: Floats) -> bytes:
    """A JPEG of two pictures: the photo with its pairs (red: told wrong) and the map.

    A line goes from the nearer point (a disk) to the farther one.
    """
    height = max(1, round(WIDTH * rgb.shape[0] / rgb.shape[1]))
    photo = np.ascontiguousarray(cv2.resize(rgb, (WIDTH, height), interpolation=cv2.INTER_AREA))
    small, is_known = _shrunk(near, np.isfinite(near), height)
    low, high = np.percentile(small, (1, 99))
    for x1, y1, x2, y2 in pairs * (WIDTH, height, WIDTH, height):
        first, second = (int(x1), int(y1)), (int(x2), int(y2))
        values = [small[min(y, height - 1), min(x, WIDTH - 1)] for x, y in (first, second)]
        colour = _RIGHT if values[0] > values[1] else _WRONG
        cv2.line(photo, first, second, colour, 1, cv2.LINE_AA)
        cv2.circle(photo, first, 4, colour, -1, cv2.LINE_AA)
    return _strip([photo, _coloured((small - low) / max(float(high - low), 1e-9), is_known)])


def _shrunk(values: Floats, is_known: Mask, height: int) -> tuple[Floats, Mask]:
    """Means over the known pixels of each pixel of the small picture, and where there are any."""
    size = (WIDTH, height)
    share = cv2.resize(is_known.astype(np.float64), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(np.where(is_known, values, 0.0), size, interpolation=cv2.INTER_AREA)
    return np.asarray(total / np.maximum(share, 1e-9), np.float64), np.asarray(share > 1e-6, np.bool_)


def _coloured(shares: Floats, is_known: Mask, colormap: str = "inferno") -> Pixels:
    picture = colorize(np.clip(shares, 0, 1).astype(np.float32), colormap)
    picture[~is_known] = _PAPER
    return picture


def _strip(pictures: list[Pixels]) -> bytes:
    gap = np.full((pictures[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    return encode(np.ascontiguousarray(np.hstack(parts)), ".jpg", quality=_QUALITY)
