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
_BAND_PIXELS = 1 << 17

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
    height, width = values.shape
    table, colours = _table(name), np.empty((height, width, 3), np.uint8)
    rows = max(1, _BAND_PIXELS // width)  # bands that fit the processor's cache: three times faster
    for top in range(0, height, rows):
        step = np.clip(values[top : top + rows], 0, 1)
        step *= _STEPS - 1
        step += np.float32(0.5)
        found = np.take(table, step.astype(np.uint16)).view(np.uint8)
        cv2.cvtColor(found.reshape(*step.shape, 4), cv2.COLOR_RGBA2RGB, dst=colours[top : top + rows])
    return colours


@cache
def _table(name: str) -> npt.NDArray[np.uint32]:
    """65536 colours: the anchors of a colour map, interpolated linearly and rounded once.

    Each is four bytes, red, green, blue and one unused, in one number: gathering whole numbers is fast.
    """
    anchors = _anchors(name)
    place = np.linspace(0, len(anchors) - 1, _STEPS)
    channels = [np.interp(place, np.arange(len(anchors)), anchors[:, c]) for c in range(3)]
    colours = np.rint(np.stack([*channels, np.zeros(_STEPS)], axis=1)).astype(np.uint8)
    return colours.view(np.uint32)[:, 0]


def _anchors(name: str) -> npt.NDArray[np.float64]:
    """K×3 colours in 0…255 at equal distances."""
    if name in _OPENCV:
        ramp = np.arange(256, dtype=np.uint8)[None]  # two axes: OpenCV 4 and 5 read a single one differently
        return cv2.applyColorMap(ramp, _OPENCV[name])[0, :, ::-1].astype(np.float64)
    if name == "spectral":
        return np.array([list(bytes.fromhex(c)) for c in _SPECTRAL.split()], np.float64)
    if name == "grey":
        return np.array([[0.0] * 3, [255.0] * 3])
    raise ParameterError(
        f"There is no colour map '{name}'.", did_you_mean(name, COLORMAPS), parameter="colormap"
    )
