"""Dots that show the scene to eyes that look through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearfar.ops.nearness import nearness
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture


@dataclass(frozen=True, slots=True)
class AutostereogramOptions:
    """The pattern and how deep the scene stands in it."""

    period: float = option(
        12.0, "Width of the repeated pattern, in percent of the picture's.", low=2, high=50
    )
    relief: float = option(0.35, "Share of the period by which the nearest pixel is moved.", low=0, high=0.8)
    dot: int = option(0, "Size of a dot in pixels; 0 chooses by the picture's width.", low=0, high=64)
    cross: bool = option(False, "For crossed eyes; otherwise eyes look past the picture.")
    colours: bool = option(True, "Dots in colours, otherwise black and white.")
    seed: int = option(1, "Number that the random dots begin from.", low=0, high=2**31 - 1)


def apply(photo: Photo | None, depth: DepthMap, options: AutostereogramOptions) -> Picture:  # noqa: ARG001 - the seam's shape
    """A random-dot autostereogram as large as the depth map.

    Every pixel repeats the one a separation to its left, and the separation shrinks with nearness. Source:
    H. Thimbleby, S. Inglis, I. Witten, "Displaying 3D Images", IEEE Computer 27(10), 1994.
    """
    near = nearness(depth)
    near = 1 - near if options.cross else near
    height, width = near.shape
    period = max(2, round(width * options.period / 100))
    separation = np.clip(np.rint(period * (1 - options.relief * near)).astype(np.int32), 1, period)
    out = np.empty((height, width, 3), np.uint8)
    out[:, :period] = _dots(height, min(period, width), options, width)
    rows = np.arange(height)
    for x in range(period, width):
        out[:, x] = out[rows, x - separation[:, x]]
    return Picture(out, depth.text())


def _dots(height: int, width: int, options: AutostereogramOptions, whole: int) -> np.ndarray:
    dot = options.dot or max(1, whole // 600)
    rng = np.random.default_rng(options.seed)
    shape = (-(-height // dot), -(-width // dot), 3 if options.colours else 1)
    dots = rng.integers(0, 256, shape) if options.colours else rng.integers(0, 2, shape) * 255
    large = dots.astype(np.uint8).repeat(dot, axis=0).repeat(dot, axis=1)[:height, :width]
    return np.broadcast_to(large, (height, width, 3))


PLUGIN = Effect("autostereogram", "Dots that hide the scene", AutostereogramOptions, apply, needs_photo=False)
