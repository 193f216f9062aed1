"""What the effects with more than one view share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.effects._canvas import matching, near_of
from nearfar.ops.warp import Stage, View, look, stage

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo

SEPARATION_HELP = "Move of the nearest against the farthest pixel, in percent of the width."
PLANE_HELP = "Nearness, 0 (far) to 1 (near), that lies in the plane of the screen."


def staged(photo: Photo | None, depth: DepthMap, reach: float, *, is_refined: bool) -> Stage:
    """The photo (with its alpha, where it has one) ready to be seen from elsewhere."""
    photo = matching(photo, depth)
    near = near_of(photo, depth, is_refined=is_refined)
    pixels = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    return stage(pixels, near, reach)


def eyes(
    photo: Photo | None, depth: DepthMap, separation: float, plane: float, *, is_refined: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What the left and the right eye see, each of the photo's size."""
    half = separation / 200
    at = staged(photo, depth, half, is_refined=is_refined)
    left, right = (look(at, View((side * half, 0), plane)) for side in (1, -1))
    return left, right


def opaque(photo: Photo) -> npt.NDArray[np.uint8]:
    """H×W×3 uint8; what is see-through lies on white."""
    colours, alpha = photo.rgb8(), photo.alpha8()
    if alpha is None:
        return colours
    share = alpha[..., None].astype(np.float32) / 255
    return np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)
