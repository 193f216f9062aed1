"""Depth edges brought to the edges of the photo: joint upsampling with the photo as guide.

Source of the linear model: K. He, J. Sun, X. Tang, "Guided Image Filtering", TPAMI 2013, equations 19 to 21
(colour guide); K. He, J. Sun, "Fast Guided Filter", arXiv 1505.00996 (coefficients from a small copy). Ours:
a window's values are split into a near and a far plane, and between the two the model is made steep.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.resize import enlarged_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_STRIP_ROWS = 16  # rows finished at once: the working set stays in the processor's cache
_SLOPE, _SLOPE_RAMP = 1.8, 0.5  # growth of the span in a window twice as large: 2 on a slope, 1 at a step
_LONGEST = 512  # side of the small copy, in pixels, where the network's size is not known


@dataclass(frozen=True, slots=True)
class Guiding:
    """How closely depth follows the guide.

    ``radius``: of the window in pixels of the small copy. ``softness``: variance of colour (0…1) below which
    texture is ignored. ``steepness``: how much a soft step is sharpened; 0 leaves it as the guide has it.
    """

    radius: int = 2
    softness: float = 5e-4
    steepness: float = 3.0


def refine(
    values: Floats,
    guide: npt.NDArray[Any],
    size: tuple[int, int] = (0, 0),
    how: Guiding | None = None,
    out: Floats | None = None,
) -> Floats:
    """(H, W) float32 values whose steps lie on the guide's edges, within the range of the given ones.

    Args:
        values: (H, W) float32, finite.
        guide: (H, W, 3) uint8 or uint16 colours.
        size: (width, height) at which the values were made, before they were enlarged; (0, 0): unknown.
        how: how closely to follow.
        out: what is written into; may be ``values``.

    Raises:
        ParameterError: values and guide differ in size.
    """
    model = refined(values, guide, size, how)
    if model is None:
        return values.copy()
    out = np.empty(values.shape, np.float32) if out is None else out
    bounds = np.linspace(0, len(out), max(1, cv2.getNumThreads()) + 1).astype(int)
    parts = [slice(*pair) for pair in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)]
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(lambda rows: model.rows(rows, out), parts))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """Values whose steps lie on a guide's edges, as :func:`refined` found them: rows are made when asked for.

    ``planes``: terms of the model on a small copy; ``low`` and ``high``: the range of the values.
    """

    guide: npt.NDArray[Any]
    planes: list[Floats]
    low: np.float32
    high: np.float32

    def rows(self, rows: slice, whole: Floats | None = None) -> Floats:
        """Some rows, (N, W) float32; within the ``whole`` array, (H, W), where that is given."""
        shape = rows.stop - rows.start, self.guide.shape[1]
        out = np.empty(shape, np.float32) if whole is None else whole[rows]
        _finish(self.planes, self.guide, (rows.start, rows.stop), out)
        return np.clip(out, self.low, self.high, out=out)


def refined(
    values: Floats, guide: npt.NDArray[Any], size: tuple[int, int] = (0, 0), how: Guiding | None = None
) -> Refined | None:
    """What :func:`refine` makes, in rows, of the same arguments; ``values`` are not kept.

    None where the values stay as they are: all are the same, or there are hardly any.

    Raises:
        ParameterError: values and guide differ in size.
    """
    if guide.shape[:2] != values.shape:
        raise ParameterError(f"Guide and values differ in size: {guide.shape[:2]} and {values.shape}.")
    height, width = values.shape
    low, high = float(values.min()), float(values.max())
    if min(height, width) < 4 or high <= low:
        return None
    small = _small_size(width, height, size)
    top = np.float32(np.iinfo(guide.dtype).max)
    depth = cv2.resize(values, small, interpolation=cv2.INTER_AREA)
    colour = cv2.resize(guide, small, interpolation=cv2.INTER_AREA).astype(np.float32) / top
    terms = _steep_terms(colour, (depth - low) / np.float32(high - low), how or Guiding())
    start, span = np.float32(low), np.float32(high - low)
    scale = np.float32(1 / np.iinfo(guide.dtype).max)
    planes = [np.ascontiguousarray(t) for t in np.moveaxis(terms, -1, 0)]
    planes = [p * (scale * span) for p in planes[:3]] + [p * span + start for p in planes[3:]]
    return Refined(guide, planes, start, start + span)


def _small_size(width: int, height: int, size: tuple[int, int]) -> tuple[int, int]:
    if min(size) < 1:
        scale = min(1.0, _LONGEST / max(width, height))
        size = (round(width * scale), round(height * scale))
    return max(2, min(size[0], width)), max(2, min(size[1], height))


def _steep_terms(colour: Floats, depth: Floats, how: Guiding) -> Floats:
    """(H, W, 6) float32: weights of the three colours, constant, far plane, near plane.

    A pixel's depth is ``clip(weights · colour + constant, far, near)``. All are depths, so that between two
    pixels, one on a surface and one beside a step, what lies between their terms is a sensible model too.
    """
    weights, constant = _linear_model(colour, depth, how)
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * how.radius + 1, 2 * how.radius + 1))
    far, near = cv2.erode(depth, window), cv2.dilate(depth, window)
    span = near - far
    step = stepness(depth, span, how.radius)
    gain = 1 + how.steepness * step
    per_span = 1 / np.maximum(span, np.float32(1e-4))
    steep = gain * per_span * (constant - far) + (1 - gain) / 2
    far, near = cv2.blur(far, (3, 3)), cv2.blur(near, (3, 3))
    span = near - far
    weights *= (step * gain * per_span * span)[..., None]
    constant = (
        depth + (far + span * steep - depth) * step
    )  # a slope keeps its own values, whatever its texture
    return np.dstack([weights, constant, far, near])


def stepness(depth: Floats, span: Floats, radius: int) -> Floats:
    """0 where a window holds a slope, 1 where it holds two planes: a slope's span grows with the window.

    Args:
        depth: (H, W) float32 in ranges of the map.
        span: (H, W) largest less smallest value in an ellipse of ``radius`` round each pixel.
        radius: of that window in pixels.
    """
    large = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4 * radius + 1, 4 * radius + 1))
    growth = (cv2.dilate(depth, large) - cv2.erode(depth, large)) / np.maximum(span, np.float32(1e-4))
    is_wide = np.clip(span / np.float32(0.03) - 1, 0, 1)
    return np.asarray(is_wide * np.clip((_SLOPE - growth) / _SLOPE_RAMP, 0, 1), np.float32)


def _linear_model(colour: Floats, depth: Floats, how: Guiding) -> tuple[Floats, Floats]:
    """Weights (H, W, 3) and constant (H, W) of depth as a linear function of colour, means over windows."""
    side = (2 * how.radius + 1, 2 * how.radius + 1)

    def mean(array: Floats) -> Floats:
        return np.asarray(cv2.blur(array, side), np.float32)

    mean_colour, mean_depth = mean(colour), mean(depth)
    together = mean(colour * depth[..., None]) - mean_colour * mean_depth[..., None]
    weights = _solve(_covariance(colour, mean_colour, mean), together, how.softness)
    constant = mean_depth - np.einsum("hwc,hwc->hw", weights, mean_colour)
    return mean(weights), mean(constant)


def _covariance(colour: Floats, mean_colour: Floats, mean: Any) -> Floats:
    """(H, W, 6): rr, rg, rb, gg, gb, bb."""
    first, second = (0, 0, 0, 1, 1, 2), (0, 1, 2, 1, 2, 2)
    squares = np.ascontiguousarray(colour[..., first] * colour[..., second])
    halves = np.dstack([mean(squares[..., :3]), mean(squares[..., 3:])])
    return np.asarray(halves - mean_colour[..., first] * mean_colour[..., second], np.float32)


def _solve(covariance: Floats, right: Floats, softness: float) -> Floats:
    """(H, W, 3) solutions of (covariance + softness · 1) x = right, by the adjugate."""
    rr, rg, rb, gg, gb, bb = np.moveaxis(covariance, -1, 0)
    rr, gg, bb = rr + softness, gg + softness, bb + softness
    c00, c01, c02 = gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg
    c11, c12, c22 = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * c00 + rg * c01 + rb * c02
    x, y, z = np.moveaxis(right, -1, 0)
    rows = (c00 * x + c01 * y + c02 * z, c01 * x + c11 * y + c12 * z, c02 * x + c12 * y + c22 * z)
    return np.asarray(np.dstack(rows) / determinant[..., None], np.float32)


def _finish(planes: list[Floats], guide: npt.NDArray[Any], rows: tuple[int, int], out: Floats) -> None:
    """Rows from…to of the model, into ``out``, strip by strip in few buffers: new memory costs more."""
    height, width = guide.shape[:2]
    buffers = np.empty((len(planes), _STRIP_ROWS, width), np.float32)
    channel = np.empty((_STRIP_ROWS, width), guide.dtype)
    for start in range(*rows, _STRIP_ROWS):
        stop = min(rows[1], start + _STRIP_ROWS)
        strip, one = list(buffers[:, : stop - start]), channel[: stop - start]
        for plane, into in zip(planes, strip, strict=True):
            enlarged_rows(plane, (start, stop), height, width, into)
        depth = strip[3]
        for number in range(3):
            cv2.extractChannel(guide[start:stop], number, one)
            cv2.add(depth, cv2.multiply(strip[number], one, strip[number], dtype=cv2.CV_32F), depth)
        cv2.min(cv2.max(depth, strip[4], depth), strip[5], out[start - rows[0] : stop - rows[0]])
