"""Is there enough light and detail in a picture for its depth to be trusted?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# Limits on 8-bit luma at the network's size. A picture counts as dark or blown out when its 99th or 1st
# percentile does: a night street with lamps, or a white wall with a door, still shows where things are. One
# that is not quite as dark or bright counts where most of it carries no texture besides: what was there was
# cut off. Measured on photos with known order, darkened and brightened in steps (tests/ops/test_exposure.py).
_DARK, _DARKISH = 20.0, 30.0
_BRIGHT = 243.0
_WASHED_OUT = ((80.0, 0.55), (200.0, 0.25))  # a 1st percentile, and the share that is white without texture
_FLAT = 6.0
_TEXTURE = 3.0  # levels between the least and the most of 3×3 pixels
_BARE = 0.55  # share of a dark picture without texture
_WHITE = 250.0
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709


def exposure_faults(rgb: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    """Codes of what is wrong with (H, W, 3) colours: ``dark``, ``blown_out``, ``flat``; mostly none."""
    luma = np.asarray(rgb.reshape(-1, 3) @ _LUMA, np.float32)
    ranks = [round(share * (luma.size - 1)) for share in (0.01, 0.99)]
    low, high = np.partition(luma, ranks)[ranks]  # percentiles; numpy's own load its masked arrays
    is_bare = _without_texture(luma.reshape(rgb.shape[:2]))
    white = _cut_off(luma, is_bare)
    faults = {
        "dark": high < _DARK or (high < _DARKISH and is_bare.mean() > _BARE),
        "blown_out": low > _BRIGHT or any(low > least and white > most for least, most in _WASHED_OUT),
        "flat": high - low < _FLAT,
    }
    return tuple(code for code, is_so in faults.items() if is_so)


def _without_texture(luma: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    block = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.dilate(luma, block) - cv2.erode(luma, block) < _TEXTURE)


def _cut_off(luma: npt.NDArray[np.float32], is_bare: npt.NDArray[np.bool_]) -> float:
    """Share of the picture that is white and shows nothing."""
    return float(((luma > _WHITE) & is_bare.ravel()).mean())
