"""Colour maps computed from floats: 0 is far and cold, 1 is near and warm."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    import numpy.typing as npt

_STEPS = 1 << 16  # finer than 8-bit output can show, so colours do not step

_OPENCV = {
    "inferno": cv2.COLORMAP_INFERNO,
    "magma": cv2.COLORMAP_MAGMA,
    "plasma": cv2.COLORMAP_PLASMA,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "turbo": cv2.COLORMAP_TURBO,
}
# ColorBrewer's eleven-class Spectral, from blue (far) to red (near).
_SPECTRAL = "5e4fa2 3288bd 66c2a5 abdda4 e6f598 ffffbf fee08b fdae61 f46d43 d53e4f 9e0142"

COLORMAPS = ("inferno", "magma", "plasma", "viridis", "turbo", "spectral", "grey")


def colorize(values: npt.NDArray[np.float32], name: str = "inferno") -> npt.NDArray[np.uint8]:
    """H×W×3 uint8 sRGB colours of H×W values in 0…1 (others are clipped).

    Raises:
        ParameterError: a name not in ``COLORMAPS``.
    """
    index = np.clip(values, 0, 1)
    index = np.rint(index * np.float32(_STEPS - 1)).astype(np.uint16)
    return np.asarray(np.take(_table(name), index, axis=0), np.uint8)


@cache
def _table(name: str) -> npt.NDArray[np.uint8]:
    """65536×3 uint8: the anchors of a colour map, interpolated linearly and rounded once."""
    anchors = _anchors(name)
    place = np.linspace(0, len(anchors) - 1, _STEPS)
    channels = [np.interp(place, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def _anchors(name: str) -> npt.NDArray[np.float64]:
    """K×3 colours in 0…255 at equal distances."""
    if name in _OPENCV:
        ramp = np.arange(256, dtype=np.uint8)[None]  # two axes: OpenCV 4 and 5 read a single one differently
        return cv2.applyColorMap(ramp, _OPENCV[name])[0, :, ::-1].astype(np.float64)
    if name == "spectral":
        return np.array([list(bytes.fromhex(c)) for c in _SPECTRAL.split()], np.float64)
    if name in {"grey", "gray"}:
        return np.array([[0.0] * 3, [255.0] * 3])
    raise ParameterError(
        f"There is no colour map '{name}'.", did_you_mean(name, COLORMAPS), parameter="colormap"
    )
