"""Contact strips: frames of a clip, each mode's heat maps below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.colormap import Span, colorize
from nearfar.types import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nearfar.video.steady import SteadyFrame
    from nearfar_lab.video.clips import ClipFrame

_WIDTH = 160


def strip(
    frames: Sequence[ClipFrame], rows: Sequence[Sequence[SteadyFrame]], chosen: Sequence[int]
) -> Picture:
    """Chosen frames side by side: photos on top, then a row of heat maps for each mode."""
    height, width = frames[0].rgb.shape[:2]
    size = _WIDTH, round(_WIDTH * height / width)
    lines = [[frames[k].rgb for k in chosen]]
    lines += [[_drawn(row[k]) for k in chosen] for row in rows]
    pictures = [
        np.hstack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in line]) for line in lines
    ]
    return Picture(np.asarray(np.vstack(pictures), np.uint8))


def _drawn(frame: SteadyFrame) -> NDArray[np.uint8]:
    low, high = frame.span
    span = Span(low, high) if frame.kind.is_near_large else Span(high, low)
    return np.asarray(colorize(frame.depth, "inferno", span), np.uint8)
