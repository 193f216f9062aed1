"""Depth in the layout of the WebXR Depth Sensing Module, for pages that draw things into a camera's picture.

As ``XRCPUDepthInformation`` has it, with ``depthDataFormat`` ``luminance-alpha``: 16 bits a pixel,
little-endian, row by row without padding, 0 where nothing is known; a number times ``rawValueToMeters`` is
the distance from the camera's plane. Relative depth has no metres, and then there is no ``rawValueToMeters``:
what is computed with it by mistake is NaN. ``rawValueToUnits`` stands in its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.ops.nearness import distance
from nearfar.ops.reduce import reduced_depth

if TYPE_CHECKING:
    from nearfar.types import DepthMap, RangeRule

MEDIA_TYPE = "application/octet-stream"
LONGEST = 320
"""Pixels of the longer side at most: phones' own depth has 160 to 256."""
NEAR, FAR = 1.0, 10.0
"""Where the ends of relative depth are put, in units of their own."""
_TOP = 65535
_MILLIMETRE = 0.001
_IDENTITY = [1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0, 0, 0, 0, 0, 1.0]


def layout(depth: DepthMap) -> dict[str, Any]:
    """What the numbers mean, by the names of the module; the same on every frame of metres up to 65 m."""
    small = reduced_depth(depth, LONGEST)
    found: dict[str, Any] = {
        "depthDataFormat": "luminance-alpha",
        "width": small.width,
        "height": small.height,
        "normDepthBufferFromNormView": _IDENTITY,
        "isMetric": depth.kind is DepthKind.METRIC,
    }
    scale = _scale(depth)
    return found | ({"rawValueToMeters": scale} if found["isMetric"] else {"rawValueToUnits": scale})


def _scale(depth: DepthMap) -> float:
    if depth.kind is not DepthKind.METRIC:
        return FAR / _TOP
    return max(_MILLIMETRE, depth.value_range[1] / _TOP)


def packed(depth: DepthMap, rule: RangeRule) -> bytes:
    """The numbers; ``rule``: the values whose ends are :data:`NEAR` and :data:`FAR` in relative depth."""
    small = reduced_depth(depth, LONGEST)
    if isinstance(rule, tuple):
        small = replace(small, shared_span=rule)
    away = distance(small, NEAR, FAR) * np.float32(1 / _scale(depth))
    numbers = np.clip(np.rint(away), 1, _TOP)
    if small.valid is not None:
        numbers[~small.valid] = 0
    return bytes(numbers.astype("<u2").tobytes())
