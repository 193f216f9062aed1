"""How a camera moves round a still picture: a table of paths, each a loop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nearfar.ops.warp import View

if TYPE_CHECKING:
    from collections.abc import Callable


def _swing(t: float, reach: float, still: float) -> View:
    return View((reach * math.sin(2 * math.pi * t), 0.0), still)


def _orbit(t: float, reach: float, still: float) -> View:
    angle = 2 * math.pi * t
    return View((reach * math.sin(angle), -0.5 * reach * math.cos(angle)), still)


def _dolly(t: float, reach: float, still: float) -> View:
    """Towards the scene and back: near things grow most."""
    push = reach / _HALF_WIDTH * _push(t)
    return View((0.0, 0.0), still, zoom=2 * push, zoom_far=push / 4)


def _zoom(t: float, reach: float, still: float) -> View:
    """Back while zooming in: near things keep their size, the background comes closer."""
    push = reach / _HALF_WIDTH * _push(t)
    return View((0.0, 0.0), still, zoom=push / 4, zoom_far=2 * push)


def _push(t: float) -> float:
    return (1 - math.cos(2 * math.pi * t)) / 2


_HALF_WIDTH = 0.5
PATHS: dict[str, Callable[[float, float, float], View]] = {
    "orbit": _orbit,
    "swing": _swing,
    "dolly": _dolly,
    "zoom": _zoom,
}
"""Name to (t in 0…1, reach in widths, nearness that stands still) → view; t = 0 and 1 are the same."""
