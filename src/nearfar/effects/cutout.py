"""The foreground on its own, or before another background."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects._canvas import (
    REFINE_HELP,
    chosen_by,
    finished,
    floats,
    matching,
    near_rows,
    painted,
    parse_colour,
    quantised,
)
from nearfar.errors import ParameterError
from nearfar.ops.alpha import shown
from nearfar.ops.bands import each_band, gathered, kept
from nearfar.ops.inpaint import extend
from nearfar.ops.refine import Guiding, refined
from nearfar.ops.resize import enlarged_rows, shrunk_rows
from nearfar.options import numbers, option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.effects._canvas import RowsOf

    Floats = npt.NDArray[np.float32]
    Unmix = Callable[[slice, Floats, Floats], Floats]

_MOST_INNER = 3_000_000
"""Pixels of the copy on which colours are carried into a soft rim."""


@dataclass(frozen=True, slots=True)
class CutoutOptions:
    """What is kept and what stands behind it."""

    nearest: float = option(30.0, "Percent of the picture that is kept: the nearest.", low=0, high=100)
    range: tuple[float, float] | None = option(
        None, "Depth values kept instead, in the map's own unit: a,b.", parse=numbers("range", 2), form="SPAN"
    )
    mask: Any = option(None, "Picture whose white pixels are kept instead.", file="mask")
    softness: float = option(0.02, "Width of the soft rim, as a share of the depth.", low=0, high=1)
    background: str = option(
        "clear",
        "What stands behind: clear (RGBA), grey, blur, or a colour such as #20c0ff.",
        form="clear|grey|blur|COLOUR",
    )
    picture: Any = option(None, "Picture that stands behind, cropped to the photo's shape.", file="picture")
    refine: bool = option(True, REFINE_HELP)


def apply(photo: Photo | None, depth: DepthMap, options: CutoutOptions) -> Picture:
    """RGBA with a soft matte, or the foreground over the background asked for.

    Raises:
        ParameterError: photo and depth differ in size, or the background is no colour.
    """
    photo = matching(photo, depth)
    matte = kept(_matte(photo, depth, options), photo.height, photo.width)
    unmix = _unmixing(photo, matte)
    if options.picture is None and options.background == "clear":
        return _clear(photo, matte, unmix, depth)
    behind = _behind(photo, matte, options)

    def paint(rows: slice, colours: Floats) -> Floats:
        part, ground = matte(rows), behind(rows)
        front = unmix(rows, colours, part)
        np.subtract(front, ground, out=front)
        front *= part[..., None]
        front += ground
        return front

    return finished(painted(photo, paint), photo, depth)


def _matte(photo: Photo, depth: DepthMap, options: CutoutOptions) -> RowsOf:
    """What gives rows of the matte, (N, W) in 0…1: 1 is kept."""
    if options.mask is not None:
        hard = chosen_by(options.mask, depth).astype(np.float32)
        return _on_edges(hard, photo, (0, 0), options, Guiding(steepness=1.0))
    if options.range is not None:
        hard = _within(depth, options.range)
        return _on_edges(hard, photo, depth.provenance.input_size, options)
    if options.nearest >= 100:
        return lambda rows: np.ones(depth.values[rows].shape, np.float32)
    shape = photo.height, photo.width
    near = kept(near_rows(photo, depth, is_refined=options.refine), *shape)
    low, high, limit = _limit(gathered(near, *shape), depth, options)
    half = np.float32(max(options.softness / 2, 1e-6))

    def rows_of(rows: slice) -> Floats:
        part = near(rows)
        if high <= limit:  # a flat map, or a plateau at its near end that is larger than asked for
            matte = (part >= limit).astype(np.float32) * np.float32(high > low)
        else:
            matte = np.clip((part - limit) / (2 * half) + np.float32(0.5), 0, 1)
        if depth.valid is not None:
            matte[~depth.valid[rows]] = 0
        return np.asarray(matte, np.float32)

    return rows_of


def _limit(near: Floats, depth: DepthMap, options: CutoutOptions) -> tuple[float, float, np.float32]:
    """The smallest and the largest nearness, and the one from which on pixels are kept; uses up ``near``."""
    low, high = float(near.min()), float(near.max())
    known = near if depth.valid is None else near[depth.valid]
    if not known.size:
        return low, high, np.float32(1)
    return low, high, np.float32(np.percentile(known, 100 - options.nearest, overwrite_input=True))


def _on_edges(
    hard: Floats,
    photo: Photo,
    size: tuple[int, int],
    options: CutoutOptions,
    how: Guiding | None = None,
) -> RowsOf:
    """What gives rows of a hard matte, its edges on the photo's where asked for."""
    model = refined(hard, shown(photo), size, how) if options.refine else None
    return (lambda rows: hard[rows]) if model is None else model.rows


def _within(depth: DepthMap, bounds: tuple[float, float]) -> Floats:
    kept = (depth.values >= min(bounds)) & (depth.values <= max(bounds))
    return (kept if depth.valid is None else kept & depth.valid).astype(np.float32)


def _clear(photo: Photo, matte: RowsOf, unmix: Unmix, depth: DepthMap) -> Picture:
    out = np.empty((photo.height, photo.width, 4), photo.pixels.dtype)

    def take(rows: slice) -> None:
        part = matte(rows)
        out[rows, :, :3] = quantised(unmix(rows, floats(photo, rows), part), photo)
        alpha = quantised(part.copy(), photo)
        if photo.alpha is not None:
            top = np.float32(np.iinfo(photo.alpha.dtype).max)
            alpha = np.rint(alpha * (photo.alpha[rows].astype(np.float32) / top))
        out[rows, :, 3] = alpha

    each_band(take, photo.height, photo.width)
    return Picture(out, depth.text())


def _unmixing(photo: Photo, matte: RowsOf) -> Unmix:
    """What gives the foreground's colours of rows, of those rows' colours and matte; the colours are used up.

    In the soft rim, the old background is taken out of the mixture: inner colours are carried on into it, on
    a copy half as large (of photos over twelve megapixels, of three megapixels).
    """
    height, width = photo.height, photo.width
    pixels = width * height
    scale = 2 if min(height, width) >= 64 else 1
    if pixels > scale * scale * _MOST_INNER:
        scale = math.ceil(math.sqrt(pixels / _MOST_INNER))
    size = (max(1, width // scale), max(1, height // scale))
    is_soft = False

    def weighted(rows: slice) -> Floats:
        nonlocal is_soft
        part = matte(rows)
        is_soft = is_soft or bool(_rim(part).any())
        sure = (part >= 0.98).astype(np.float32)
        if photo.alpha is not None:
            sure *= photo.alpha[rows] * np.float32(1 / np.iinfo(photo.alpha.dtype).max)
        return np.dstack([floats(photo, rows) * sure[..., None], sure])

    small = shrunk_rows(weighted, (height, width), size)
    if not is_soft:
        return lambda _, colours, __: colours
    weight = small[..., 3]
    known = np.asarray(small[..., :3] / np.maximum(weight, np.float32(1e-4))[..., None], np.float32)
    inner = extend(known, np.minimum(np.float32(1), weight))

    def unmix(rows: slice, colours: Floats, part: Floats) -> Floats:
        rim = _rim(part)
        if rim.any():
            carried = enlarged_rows(inner, (rows.start, rows.stop), height, width)
            colours[rim] += (carried[rim] - colours[rim]) * (1 - part[rim])[:, None]
        return colours

    return unmix


def _rim(matte: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((matte > 0.02) & (matte < 0.98))


def _behind(photo: Photo, matte: RowsOf, options: CutoutOptions) -> RowsOf:
    """What gives rows of what stands behind, (N, W, 3) float32 in 0…1."""
    if options.picture is not None:
        whole = _cropped(options.picture, photo.width, photo.height)
        return lambda rows: whole[rows]
    if options.background == "grey":
        return lambda rows: _grey(floats(photo, rows))
    if options.background == "blur":
        return _blurred_without(photo, matte)
    if options.background == "clear":
        raise ParameterError("A clear background has no colours.", parameter="background")
    colour = np.array(parse_colour(options.background), np.float32)
    return lambda _: colour


def _grey(colours: Floats) -> Floats:
    """(H, W, 1) float32."""
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)[..., None], np.float32)


def _blurred_without(photo: Photo, matte: RowsOf) -> RowsOf:
    """What gives rows of the background blurred, nothing of the foreground or of what is hidden in it."""
    height, width = photo.height, photo.width

    def weighted(rows: slice) -> Floats:
        seen = 1 - matte(rows)
        if photo.alpha is not None:
            seen *= photo.alpha[rows] * np.float32(1 / np.iinfo(photo.alpha.dtype).max)
        return np.dstack([floats(photo, rows) * seen[..., None], seen])

    small = shrunk_rows(weighted, (height, width), (max(1, width // 8), max(1, height // 8)))
    weight = np.maximum(small[..., 3], np.float32(1e-4))
    colours = extend(
        np.asarray(small[..., :3] / weight[..., None], np.float32),
        np.where(weight > 0.05, weight, 0).astype(np.float32),
    )
    blurred = cv2.GaussianBlur(colours, (0, 0), max(1.0, max(weight.shape) / 60))
    return lambda rows: enlarged_rows(np.asarray(blurred), (rows.start, rows.stop), height, width)


def _cropped(picture: Photo, width: int, height: int) -> Floats:
    """The middle of a picture at the photo's size."""
    if not isinstance(picture, Photo):
        raise ParameterError("picture is not a photo.", "Read it with nearfar.read.", parameter="picture")
    scale = max(width / picture.width, height / picture.height)
    inner = (max(1, round(width / scale)), max(1, round(height / scale)))
    x, y = (picture.width - inner[0]) // 2, (picture.height - inner[1]) // 2
    part = (shown(picture) / np.float32(np.iinfo(picture.pixels.dtype).max))[
        y : y + inner[1], x : x + inner[0]
    ]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (width, height), interpolation=how))


PLUGIN = Effect("cutout", "The foreground alone, or before another background", CutoutOptions, apply)
