"""Colour maps computed from floats: 0 is far and cold, 1 is near and warm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.errors import ParameterError, did_you_mean
from nearfar.ops.bands import each_band

if TYPE_CHECKING:
    import numpy.typing as npt

_FURTHEST = 1 << 14  # spans
_CHUNK = 1 << 14  # values: with all that is made of them they fit a processor's own cache
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


@dataclass(frozen=True, slots=True)
class Span:
    """Which values have the first and the last colour: ``far`` and ``near``; others are clipped.

    ``ends``: the smallest and the largest of the values, where they are known, so that nobody looks for them.
    """

    far: float = 0.0
    near: float = 1.0
    ends: tuple[float, float] | None = None

    def share(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """A new array in 0…1: 0 at far, 1 at near; 0 everywhere where they are the same."""
        low, high = sorted((self.far, self.near))
        if low == high:
            return np.zeros_like(values)
        exact = np.float32 if 1e-30 < high - low < 1e30 else np.float64
        with np.errstate(over="ignore", invalid="ignore"):  # of pixels that are not valid
            scaled = np.subtract(values, exact(low), dtype=exact)  # first: the difference loses nothing
            np.divide(scaled, exact(high - low), out=scaled)
            np.clip(scaled, 0, 1, out=scaled)
        if self.far > self.near:
            np.subtract(1, scaled, out=scaled)
        return scaled.astype(np.float32, copy=False)


UNIT = Span()


def colorize(
    values: npt.NDArray[np.float32],
    name: str = "inferno",
    span: Span = UNIT,
    valid: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB colours of (H, W) values; those not ``valid`` (all are where it is None) are far.

    Raises:
        ParameterError: a name not in ``COLORMAPS``.
    """
    height, width = values.shape
    table, colours = _table(name), np.empty((height, width, 3), np.uint8)
    is_quick = valid is None and span.far != span.near and can_index(_with_ends(span, values))
    step = max(1, _CHUNK // width)

    def paint(rows: slice) -> None:
        places, found = np.empty((step, width), np.uint16), np.empty((step, width), np.uint32)
        for top in range(rows.start, rows.stop, step):
            part = slice(top, min(top + step, rows.stop))
            count = part.stop - top
            if is_quick:
                _places(values[part], span, places[:count])
            else:
                places[:count] = _exact_places(values[part], span)
            if valid is not None:
                places[:count][~valid[part]] = 0
            np.take(table, places[:count], out=found[:count], mode="wrap")  # it never wraps, and is fastest
            four = found[:count].view(np.uint8).reshape(count, width, 4)
            cv2.cvtColor(four, cv2.COLOR_RGBA2RGB, dst=colours[part])

    each_band(paint, height, width)
    return colours


def _places(values: npt.NDArray[np.float32], span: Span, out: npt.NDArray[np.uint16]) -> None:
    """Places in the table, at most one beside the exact ones: scaled, rounded and clipped in one go."""
    scale = (_STEPS - 1) / (span.near - span.far)
    cv2.addWeighted(values, scale, values, 0, -span.far * scale, out, dtype=cv2.CV_16U)


def _exact_places(values: npt.NDArray[np.float32], span: Span) -> npt.NDArray[np.uint16]:
    """Places in the table of any values, of a span that is narrow beside its own size, or with NaN."""
    step = span.share(values)
    step *= _STEPS - 1
    step += np.float32(0.5)
    with np.errstate(invalid="ignore"):  # of pixels that are not valid
        return step.astype(np.uint16)


def _with_ends(span: Span, values: npt.NDArray[np.float32]) -> Span:
    return span if span.ends else replace(span, ends=(float(values.min()), float(values.max())))


def can_index(span: Span) -> bool:
    """A span that :func:`indexed` resolves: in float32 its values are not lost beside their own size.

    Nor do values lie so far beyond it that whole numbers of 32 bits do not hold their places.
    """
    width = abs(span.near - span.far)
    if span.ends and not max(abs(end - span.far) for end in span.ends) <= _FURTHEST * width:
        return False
    return width == 0 or (1e-30 < width < 1e30 and abs(span.far) < 1e3 * width)


def indexed(
    values: npt.NDArray[np.float32], name: str = "inferno", span: Span = UNIT, *, in_pairs: bool = False
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """((H, W) places, (256, 3) colours): :func:`colorize` in 256 colours, much faster; all values are valid.

    ``in_pairs``: each second row is the one above it, for values that were enlarged manifold: a PNG of such
    rows is written in half the time.

    Raises:
        ParameterError: a name not in ``COLORMAPS``.
    """
    entries = _table(name)[np.linspace(0, _STEPS - 1, 256).round().astype(np.int64)]
    palette = entries.view(np.uint8).reshape(256, 4)[:, :3]
    if span.far == span.near:
        return np.zeros(values.shape, np.uint8), palette
    scale = 255 / (span.near - span.far)
    places, rows = np.empty(values.shape, np.uint8), slice(None, None, 2 if in_pairs else 1)
    cv2.addWeighted(values[rows], scale, values[rows], 0, -span.far * scale, places[rows], dtype=cv2.CV_8U)
    if in_pairs:
        places[1::2] = places[: len(places) // 2 * 2 : 2]
    return places, palette


@cache
def _table(name: str) -> npt.NDArray[np.uint32]:
    """65536 colours: the anchors of a colour map, interpolated linearly and rounded once.

    Each is four bytes, red, green, blue and one unused, in one number: gathering whole numbers is fast.
    """
    anchors = _anchors(name)
    place = np.linspace(0, len(anchors) - 1, _STEPS)
    colours = np.zeros((_STEPS, 4), np.uint8)
    for channel in range(3):
        colours[:, channel] = np.rint(np.interp(place, np.arange(len(anchors)), anchors[:, channel]))
    return colours.view(np.uint32)[:, 0]


def _anchors(name: str) -> npt.NDArray[np.float64]:
    """(K, 3) colours in 0…255 at equal distances."""
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
