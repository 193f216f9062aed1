"""Edges of depth as steps: what stands half-way between two surfaces belongs to neither, and would float."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

EDGE = 0.04  # difference of nearness between neighbours that is an edge, not a slope
_MEDIAN = 5  # side of the window in which a grain of depth is found
_ROUNDS = 2  # each makes a ramp two pixels shorter


def crisp(near: Floats) -> Floats:
    """(H, W) nearness in 0…1 whose ramps over an edge are steps, without the grains of a refinement."""
    if min(near.shape) < 3:
        return near
    out = near if min(near.shape) < _MEDIAN else np.asarray(cv2.medianBlur(near, _MEDIAN), np.float32)
    kernel = np.ones((3, 3), np.uint8)
    for _ in range(_ROUNDS):
        low, high = cv2.erode(out, kernel), cv2.dilate(out, kernel)
        is_edge = high - low > EDGE
        out = np.where(is_edge, np.where(out - low < high - out, low, high), out)
    return np.asarray(out, np.float32)
