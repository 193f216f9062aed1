"""The foreground on its own, or before another background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar.effects._canvas import REFINE_HELP, chosen_by, floats, matching, near_of, parse_colour, quantised
from nearfar.errors import ParameterError
from nearfar.ops.alpha import share, shown
from nearfar.ops.inpaint import extend
from nearfar.ops.refine import Guiding, refine
from nearfar.options import numbers, option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


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
    matte = _matte(photo, depth, options)
    if options.picture is None and options.background == "clear":
        return _clear(photo, matte, depth)
    behind = _behind(photo, matte, options)
    front = _unmixed(photo, matte)
    np.subtract(front, behind, out=front)
    front *= matte[..., None]
    front += behind
    pixels = quantised(front, photo)
    return Picture(pixels if photo.alpha is None else np.dstack([pixels, photo.alpha]), depth.text())


def _matte(photo: Photo, depth: DepthMap, options: CutoutOptions) -> Floats:
    """(H, W) in 0…1: 1 is kept."""
    if options.mask is not None:
        hard = chosen_by(options.mask, depth).astype(np.float32)
        return refine(hard, shown(photo), (0, 0), Guiding(steepness=1.0)) if options.refine else hard
    near = near_of(photo, depth, is_refined=options.refine)
    half = np.float32(max(options.softness / 2, 1e-6))
    if options.range is not None:
        kept = _within(depth, options.range)
        return refine(kept, shown(photo), depth.provenance.input_size) if options.refine else kept
    if options.nearest >= 100:
        return np.ones(near.shape, np.float32)
    known = near if depth.valid is None else near[depth.valid]
    limit = np.float32(np.percentile(known, 100 - options.nearest)) if known.size else np.float32(1)
    if float(near.max()) <= limit:  # a flat map, or a plateau at its near end that is larger than asked for
        matte = (near >= limit).astype(np.float32) * np.float32(near.max() > near.min())
    else:
        matte = np.clip((near - limit) / (2 * half) + np.float32(0.5), 0, 1)
    if depth.valid is not None:
        matte[~depth.valid] = 0
    return np.asarray(matte, np.float32)


def _within(depth: DepthMap, bounds: tuple[float, float]) -> Floats:
    kept = (depth.values >= min(bounds)) & (depth.values <= max(bounds))
    return (kept if depth.valid is None else kept & depth.valid).astype(np.float32)


def _clear(photo: Photo, matte: Floats, depth: DepthMap) -> Picture:
    alpha = quantised(matte.copy(), photo)
    if photo.alpha is not None:
        top = np.iinfo(photo.alpha.dtype).max
        alpha = np.rint(alpha * (photo.alpha.astype(np.float32) / np.float32(top))).astype(alpha.dtype)
    colours = quantised(_unmixed(photo, matte), photo)
    return Picture(np.dstack([colours, alpha]), depth.text())


def _unmixed(photo: Photo, matte: Floats) -> Floats:
    """Colours of the foreground: in the soft rim, the old background is taken out of the mixture."""
    colours = floats(photo)
    rim = (matte > 0.02) & (matte < 0.98)
    if not rim.any():
        return colours
    scale = 2 if min(matte.shape) >= 64 else 1
    size = (max(1, matte.shape[1] // scale), max(1, matte.shape[0] // scale))
    sure = (matte >= 0.98).astype(np.float32)
    alpha = share(photo)
    sure = sure if alpha is None else sure * alpha
    weight = cv2.resize(sure, size, interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.resize(colours * sure[..., None], size, interpolation=cv2.INTER_AREA), np.float32)
    small /= np.maximum(weight, np.float32(1e-4))[..., None]
    inner = cv2.resize(
        extend(small, np.minimum(1, weight)), matte.shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    colours[rim] += (inner[rim] - colours[rim]) * (1 - matte[rim])[:, None]
    return colours


def _behind(photo: Photo, matte: Floats, options: CutoutOptions) -> Floats:
    """(H, W, 3) float32 in 0…1."""
    colours = floats(photo)
    if options.picture is not None:
        return _cropped(options.picture, photo.width, photo.height)
    if options.background == "grey":
        return np.repeat(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    if options.background == "blur":
        alpha = share(photo)
        return _blurred_without(colours, 1 - matte if alpha is None else (1 - matte) * alpha)
    if options.background == "clear":
        raise ParameterError("A clear background has no colours.", parameter="background")
    return np.broadcast_to(np.array(parse_colour(options.background), np.float32), colours.shape).copy()


def _blurred_without(colours: Floats, seen: Floats) -> Floats:
    """The background blurred, nothing of the foreground or of what is hidden in it.

    ``seen``: (H, W) share of the background in each pixel.
    """
    size = (max(1, colours.shape[1] // 8), max(1, colours.shape[0] // 8))
    weight = np.maximum(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.float32(1e-4))
    small = cv2.resize(colours * seen[..., None], size, interpolation=cv2.INTER_AREA)
    small = extend(
        np.asarray(small / weight[..., None], np.float32),
        np.where(weight > 0.05, weight, 0).astype(np.float32),
    )
    small = cv2.GaussianBlur(small, (0, 0), max(1.0, max(size) / 60))
    return np.asarray(cv2.resize(small, colours.shape[1::-1], interpolation=cv2.INTER_LINEAR))


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
