"""Heat maps of frames as an encoder takes them: coloured by a table in its own colours, never as RGB.

A frame's depth is scaled up as 16-bit numbers; brightness and the two colours of the encoder's kind (YUV
4:2:0, BT.709, 16…235) are then one look-up each. Nothing of full size is made in floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.colormap import colorize

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Planes = tuple[Bytes, Bytes, Bytes]

_TOP = 65535
_STEPS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """256 colours from far to near, each as (256,) uint8: brightness, and the two differences."""

    y: Bytes
    u: Bytes
    v: Bytes


@cache
def table_of(colormap: str) -> Table:
    """The colours of a map as BT.709 of limited range has them (ITU-R BT.709-6, item 3)."""
    ramp = np.linspace(0, 1, _STEPS, dtype=np.float32)[None]
    red, green, blue = np.moveaxis(colorize(ramp, colormap)[0].astype(np.float64) / 255, 1, 0)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    planes = (16 + 219 * light, 128 + 224 * (blue - light) / 1.8556, 128 + 224 * (red - light) / 1.5748)
    return Table(*(np.rint(plane).astype(np.uint8) for plane in planes))


def planes_of(
    depth: npt.NDArray[np.float32], ends: tuple[float, float], size: tuple[int, int], colormap: str
) -> Planes:
    """(y, u, v) of the heat map at ``size`` (width, height): (H, W), and twice (H/2, W/2) rounded up, uint8.

    ``ends``: the values of the farthest and of the nearest colour; others are clipped.
    """
    far, near = ends
    width, height = size
    table = table_of(colormap)
    places = np.zeros(depth.shape, np.uint16)
    if far != near:
        scale = _TOP / (near - far)
        cv2.addWeighted(depth, scale, depth, 0, -far * scale, places, dtype=cv2.CV_16U)
    whole, half = _scaled(places, (width, height)), _scaled(places, ((width + 1) // 2, (height + 1) // 2))
    y, u, v = (cv2.LUT(index, row) for index, row in ((whole, table.y), (half, table.u), (half, table.v)))
    return np.asarray(y, np.uint8), np.asarray(u, np.uint8), np.asarray(v, np.uint8)


def _scaled(places: npt.NDArray[np.uint16], size: tuple[int, int]) -> Bytes:
    """Places of 16 bits at another size, in 8 bits."""
    large = cv2.resize(places, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.convertScaleAbs(large, alpha=(_STEPS - 1) / _TOP), np.uint8)
