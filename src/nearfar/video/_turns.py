"""Quarter turns and mirrors of pictures, out of a display matrix."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_CODES = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True, slots=True)
class Turn:
    """How a stored picture becomes upright: ``degrees`` clockwise (quarter turns), then mirrored or not."""

    degrees: int = 0
    is_mirrored: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether width and height change places."""
        return self.degrees in {90, 270}

    def size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) after the turn; for an upright picture also that before it."""
        return (height, width) if self.is_wide else (width, height)

    def applied(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The picture upright: (H, W) or (H, W, C); the array itself where nothing is to be done."""
        if self.degrees:
            pixels = np.asarray(cv2.rotate(pixels, _CODES[self.degrees]))
        return np.asarray(cv2.flip(pixels, 1)) if self.is_mirrored else pixels


def turn_of(matrix: bytes) -> Turn:
    """The turn of a display matrix: nine numbers of 32 bits, rows (a b u), (c d v), (x y w).

    A point (x, y), y down, is shown at (ax + cy, bx + dy). Angles between quarter turns are rounded.
    """
    a, b, _, c, d = struct.unpack("=5i", matrix[:20])
    is_mirrored = a * d - b * c < 0
    angle = math.degrees(math.atan2(b, -a if is_mirrored else a))
    return Turn(round(angle / 90) * 90 % 360, is_mirrored)
