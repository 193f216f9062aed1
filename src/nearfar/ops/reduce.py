"""A smaller copy of a photo and of its depth map, for screens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.ops.alpha import divided, multiplied
from nearfar.ops.resize import shrink

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo


def reduced_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """(width, height) of the same shape whose longer side is at most ``longest`` pixels; never larger."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def reduced_depth(depth: DepthMap, longest: int) -> DepthMap:
    """The map with at most ``longest`` pixels a side, its camera with it; itself where it is not larger.

    Each value is the one of the whole map in the middle of its pixel: a mean across an outline would be the
    distance of nothing.
    """
    width, height = reduced_size(depth.width, depth.height, longest)
    if (width, height) == (depth.width, depth.height):
        return depth
    at = np.ix_(_middles(height, depth.height), _middles(width, depth.width))
    camera = depth.camera and depth.camera.scaled(width / depth.width, height / depth.height)
    valid = None if depth.valid is None else depth.valid[at]
    return replace(depth, values=depth.values[at], valid=valid, camera=camera)


def reduced_photo(photo: Photo, longest: int) -> Photo:
    """The photo with at most ``longest`` pixels a side; itself where it is not larger."""
    width, height = reduced_size(*photo.full_size, longest)
    if width >= photo.width and height >= photo.height:
        return photo
    full_width, full_height = photo.full_size
    camera = photo.camera and photo.camera.scaled(width / full_width, height / full_height)
    if photo.alpha is None:
        return replace(
            photo, pixels=shrink(photo.pixels, width, height), camera=camera, reduced_from=None, encoded=b""
        )
    mixed = shrink(multiplied(photo), width, height)
    pixels = divided(mixed[..., :3], mixed[..., 3], photo.pixels.dtype)
    alpha = shrink(photo.alpha, width, height)
    return replace(photo, pixels=pixels, alpha=alpha, camera=camera, reduced_from=None, encoded=b"")


def _middles(count: int, of: int) -> npt.NDArray[Any]:
    """The places in a row of ``of`` pixels that the middles of ``count`` larger ones fall on."""
    return ((np.arange(count) * 2 + 1) * of) // (2 * count)
