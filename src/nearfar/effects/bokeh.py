"""Background blur, as a lens makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.effects._canvas import REFINE_HELP, chosen_by, finished, matching, near_rows
from nearfar.errors import ParameterError
from nearfar.ops.alpha import divided, multiplied
from nearfar.ops.bands import WHOLE_PIXELS, gathered
from nearfar.ops.circles import Circles
from nearfar.ops.defocus import SHAPES, Aperture, defocus
from nearfar.ops.focus import automatic_focus, check_place
from nearfar.options import numbers, option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from nearfar.effects._canvas import RowsOf
    from nearfar.types.arrays import FloatMap


@dataclass(frozen=True, slots=True)
class BokehOptions:
    """Where the lens is focused and how wide it is open."""

    strength: float = option(
        1.2, "Largest blur radius in percent of the photo's longer side.", low=0, high=10
    )
    focus: tuple[float, float] | None = option(
        None,
        "Pixel in focus: x,y. Without it the nearest large object is.",
        parse=numbers("focus", 2),
        form="PIXEL",
    )
    focus_range: tuple[float, float] | None = option(
        None,
        "Depth values in focus, in the map's own unit: a,b.",
        parse=numbers("focus_range", 2),
        form="SPAN",
    )
    mask: Any = option(None, "Picture whose white pixels stay sharp.", file="mask")
    depth_of_field: float = option(
        0.03, "Share of the depth that stays sharp on each side of the focus.", low=0, high=1
    )
    shape: str = option("disc", "Shape of the opening.", choices=SHAPES)
    highlights: float = option(0.4, "How much bright spots bloom.", low=0, high=20)
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: BokehOptions) -> Picture:
    """The photo with a narrow depth of field; strength 0 gives it back bit for bit.

    Raises:
        ParameterError: photo and depth differ in size, or the focus lies outside the picture.
    """
    photo = matching(photo, depth)
    if options.strength == 0:
        return finished(photo.pixels.copy(), photo, depth)
    circles = _circles(near_rows(photo, depth, is_refined=options.refine), depth, options)
    aperture = Aperture(options.shape, options.highlights)  # type: ignore[arg-type]
    return finished(_blurred(photo, circles, aperture), photo, depth)


def _blurred(photo: Photo, away: Circles, aperture: Aperture) -> Any:
    """The photo's colours blurred; where it has alpha, what it hides blurs into nothing."""
    if photo.alpha is None:
        return defocus(photo.pixels, away, aperture)
    light = multiplied(photo, is_light=True)
    colours = defocus(np.ascontiguousarray(light[..., :3]), away, aperture)
    alpha = defocus(np.repeat(light[..., 3:], 3, axis=2), away, replace(aperture, highlights=0.0))
    return divided(colours, alpha[..., 0], photo.pixels.dtype)


def _circles(near_of: RowsOf, depth: DepthMap, options: BokehOptions) -> Circles:
    """Radii of blur: 0 in the depth of field, above 0 before it; those of a large photo are made in rows."""
    near = gathered(near_of, *depth.values.shape)
    height, width = near.shape
    is_large = near.size > WHOLE_PIXELS
    rows_of = near_of if is_large else near.__getitem__
    low, high = _in_focus(near, depth, options)
    sharp = np.float32(low - options.depth_of_field), np.float32(high + options.depth_of_field)
    mask = None if options.mask is None else chosen_by(options.mask, depth)
    ends = _ends(near, sharp, mask)
    largest = max(abs(end) for end in ends)
    longest = max(height, width)
    scale = np.float32(options.strength / 100 * longest / largest if largest > 0 else 1)

    def away_of(rows: slice) -> FloatMap:
        part = rows_of(rows)
        away: FloatMap = part - np.clip(part, *sharp)
        if mask is not None:
            away[mask[rows]] = 0
        return away * scale

    if is_large:
        return Circles(away_of, (height, width), (float(ends[0] * scale), float(ends[1] * scale)))
    return Circles.of(gathered(away_of, height, width))


def _ends(
    near: FloatMap, sharp: tuple[np.float32, np.float32], mask: np.ndarray | None
) -> tuple[np.float32, np.float32]:
    """How far the farthest and the nearest pixel are from what is sharp; 0 where ``mask`` is."""
    known = near if mask is None else near[~mask]
    if not known.size:
        return np.float32(0), np.float32(0)
    far, close = (end - np.clip(end, *sharp) for end in (known.min(), known.max()))
    return (far, close) if mask is None else (min(far, np.float32(0)), max(close, np.float32(0)))


def _in_focus(near: FloatMap, depth: DepthMap, options: BokehOptions) -> tuple[float, float]:
    if options.focus_range is not None:
        chosen = (depth.values >= min(options.focus_range)) & (depth.values <= max(options.focus_range))
        if depth.valid is not None:
            chosen &= depth.valid
        if not chosen.any():
            low, high = depth.value_range
            raise ParameterError(
                f"No depth lies within {options.focus_range}.",
                f"This map has {low:g} to {high:g}.",
                parameter="focus_range",
            )
        return float(near[chosen].min()), float(near[chosen].max())
    if options.focus is not None:
        here = _at(near, *options.focus)
    elif options.mask is not None and chosen_by(options.mask, depth).any():
        here = float(np.median(near[chosen_by(options.mask, depth)]))
    else:
        here = automatic_focus(near)
    return here, here


def _at(near: FloatMap, x: float, y: float) -> float:
    """Median nearness of the few pixels round a point."""
    height, width = near.shape
    check_place(x, y, width, height)
    column, row, reach = int(x), int(y), max(1, min(near.shape) // 200)
    around = near[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
    return float(np.median(around))


PLUGIN = Effect("bokeh", "Background blur with the occlusion of a real lens", BokehOptions, apply)
