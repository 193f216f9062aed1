"""Depth of a panorama that goes all the way round: no seam where its left and right rim meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo
    from nearfar.types.arrays import FloatMap

_WRAP = 0.125  # of the width that is seen again on each side


def estimate(photo: Photo, look: Callable[[Photo], DepthMap]) -> DepthMap:
    """The depth map of an equirectangular photo, its rims in agreement.

    The network sees the photo with an eighth of the other end on each side. What it says of that eighth is
    mixed into the rim that it belongs to, half and half at the rim and less towards the middle, so that the
    step from the last column to the first is no larger than one between neighbours.

    Args:
        photo: whose camera is equirectangular.
        look: gives the depth map of a photo, as large as it.
    """
    full_width, full_height = photo.full_size
    full = max(1, round(full_width * _WRAP))
    part = max(1, round(photo.width * full / full_width))
    wide = replace(
        photo,
        pixels=_wrapped(photo.pixels, part),
        alpha=None if photo.alpha is None else _wrapped(photo.alpha, part),
        camera=None,
        reduced_from=None if photo.reduced_from is None else (full_width + 2 * full, full_height),
    )
    seen = look(wide)
    values = _joined(seen.values, full, full_width)
    return replace(seen, values=values, valid=None, camera=photo.camera)


def _wrapped(pixels: npt.NDArray[Any], part: int) -> npt.NDArray[Any]:
    return np.ascontiguousarray(np.concatenate([pixels[:, -part:], pixels, pixels[:, :part]], axis=1))


def _joined(values: FloatMap, part: int, width: int) -> FloatMap:
    """(H, W) of (H, W + 2 part): each rim mixed with what was seen of it beyond the other end."""
    out = values[:, part : part + width].copy()
    share = (0.5 * (1 - (np.arange(part) + 0.5) / part)).astype(np.float32)  # from the rim inwards
    again_left, again_right = values[:, part + width :], values[:, :part][:, ::-1]
    out[:, :part] += (again_left - out[:, :part]) * share
    right = out[:, ::-1][:, :part]
    right += (again_right - right) * share
    return out
