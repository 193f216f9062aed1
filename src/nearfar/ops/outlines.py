"""Soft steps of a network's map made steep, where the picture it saw has its edges.

A network leaves a ramp of several pixels between a thing and what stands behind it. Here each window of 5 × 5
pixels gets a near and a far plane, and its ramp goes from one to the other where brightness does. A slope has
no planes and stays as it is. Made at the network's own size: it costs about a tenth of the network's time.
Source of the linear model: K. He, J. Sun, X. Tang, "Guided Image Filtering", TPAMI 2013, equations 5 to 8.
The planes are ours; `nearfar.ops.refine` does the like at the photo's size, in colour, and costs far more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Floats = np.ndarray[Any, np.dtype[np.float32]]

SIDE = 5
"""Side of a window in pixels of the network's map."""
_TEXTURE = np.float32(5e-4)  # variance of brightness (0…1) below which texture is ignored
_STEEPNESS = np.float32(4)  # how much a step is sharpened beyond what brightness tells
_SLOPE, _SLOPE_RAMP = (
    np.float32(2),
    np.float32(0.5),
)  # the span grows with the window: by 2 on a slope, by 1 at a step
_LEAST_SPAN = np.float32(0.03)  # of the map's range: what is less than that is no step
_TINY = np.float32(1e-4)
_NOTHING, _HALF, _ALL = np.float32(0), np.float32(0.5), np.float32(1)
_WINDOW = np.ones((SIDE, SIDE), np.uint8)
_RIM = tuple(np.float32(f) for f in (1, 6 / 5, 4 / 3, 8 / 7))
"""By the distance from the border: how much less the span of a slope grows, since windows end there."""


def brightness(picture: Floats, mean: Sequence[float], std: Sequence[float]) -> Floats:
    """(H, W) float32, 0…1 of a network's (3, H, W) input, which was normalised by mean and std."""
    shares = [float(s) / 3 for s in std]
    grey = cv2.addWeighted(picture[0], shares[0], picture[1], shares[1], sum(mean) / 3)
    return cast("Floats", cv2.scaleAdd(picture[2], shares[2], grey, grey))


def sharpen(values: Floats, grey: Floats, passes: int = 1) -> Floats:
    """(H, W) float32 values whose steps are steep and lie on the edges of grey, within the given range.

    Args:
        values: (H, W) float32, of any range.
        grey: (H, W) float32, brightness 0…1 of the same pixels.
        passes: how many times, one after the other; 0 gives the values back.

    Raises:
        ParameterError: values and brightness differ in size.
    """
    if values.shape != grey.shape:
        raise ParameterError(f"Brightness and values differ in size: {grey.shape} and {values.shape}.")
    low, high = (np.float32(end) for end in cv2.minMaxLoc(values)[:2])
    if passes < 1 or not np.isfinite(high - low) or high <= low:
        return values
    depth: Floats = (values - low) * (1 / (high - low))
    for _ in range(passes):
        depth = _one_pass(depth, grey)
    depth *= high - low
    depth += low
    return depth


def _one_pass(depth: Floats, grey: Floats) -> Floats:
    near, far = _largest(depth), _smallest(depth)
    span = np.maximum(near - far, _TINY)
    step = _stepness(span, _at_the_rim((_largest(near) - _smallest(far)) / span))
    far, span = _mean(far, 3), np.maximum(_mean(span, 3), _TINY)
    share: Floats = np.divide(_by_brightness(depth, grey) - far, span, dtype=np.float32)
    share -= _HALF  # from -½ (far plane) to ½ (near plane)
    share *= 1 + _STEEPNESS * step
    share += _HALF
    _between_0_and_1(share)
    share *= span
    share += far
    share -= depth
    share *= step
    share += depth
    return share


def _stepness(span: Floats, growth: Floats) -> Floats:
    """0 where a window holds a slope or nothing, 1 where it holds two planes."""
    step: Floats = (_SLOPE - growth) * (_ALL / _SLOPE_RAMP)
    large: Floats = span * (_ALL / _LEAST_SPAN) - _ALL
    return np.multiply(_between_0_and_1(step), _between_0_and_1(large), dtype=np.float32)


def _at_the_rim(growth: Floats) -> Floats:
    """The same array, as if windows did not end at the border."""
    for place, factor in enumerate(_RIM):
        for rows in (place, -1 - place):
            growth[rows] *= factor
            growth[:, rows] *= factor
    return growth


def _between_0_and_1(values: Floats) -> Floats:
    """The same array, cut."""
    return np.clip(values, _NOTHING, _ALL, out=values)


def _by_brightness(depth: Floats, grey: Floats) -> Floats:
    """Depth as a linear function of brightness, fitted in each window; the mean of windows round a pixel."""
    mean_grey, mean_depth = _mean(grey), _mean(depth)
    variance = _mean(grey * grey) - mean_grey * mean_grey + _TEXTURE
    weight = np.divide(_mean(grey * depth) - mean_grey * mean_depth, variance, dtype=np.float32)
    constant = np.subtract(mean_depth, weight * mean_grey, dtype=np.float32)
    found = np.add(_mean(weight) * grey, _mean(constant), dtype=np.float32)
    return cast("Floats", found)


def _mean(values: Floats, side: int = SIDE) -> Floats:
    return cast("Floats", cv2.blur(values, (side, side)))


def _largest(values: Floats) -> Floats:
    return cast("Floats", cv2.dilate(values, _WINDOW))


def _smallest(values: Floats) -> Floats:
    return cast("Floats", cv2.erode(values, _WINDOW))
