"""What the effects with more than one view share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.effects._canvas import matching, near_of
from nearfar.ops.alpha import divided, multiplied
from nearfar.ops.warp import Stage, View, look, stage

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo

SEPARATION_HELP = "Move of the nearest against the farthest pixel, in percent of the width."
PLANE_HELP = "Nearness, 0 (far) to 1 (near), that lies in the plane of the screen."


def staged(photo: Photo | None, depth: DepthMap, reach: float, *, is_refined: bool) -> Stage:
    """The photo ready to be seen from elsewhere; with alpha, (H, W, 4) of 16 bits, multiplied by it."""
    photo = matching(photo, depth)
    near = near_of(photo, depth, is_refined=is_refined)
    return stage(photo.pixels if photo.alpha is None else multiplied(photo), near, reach)


def eyes(
    photo: Photo | None, depth: DepthMap, separation: float, plane: float, *, is_refined: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """What the left and the right eye see, each of the photo's size."""
    half = separation / 200
    at = staged(photo, depth, half, is_refined=is_refined)
    left, right = (look(at, View((side * half, 0), plane)) for side in (1, -1))
    if photo is None or photo.alpha is None:
        return left, right
    return _alone(left, photo), _alone(right, photo)


def _alone(view: npt.NDArray[Any], photo: Photo) -> npt.NDArray[Any]:
    """(H, W, 4) of the photo's type: colours as they are without alpha, and alpha."""
    kind = photo.pixels.dtype
    alpha = (
        view[..., 3] if kind == np.uint16 else ((view[..., 3].astype(np.uint32) + 128) // 257).astype(kind)
    )
    return np.dstack([divided(view[..., :3], view[..., 3], kind), alpha])


def opaque(photo: Photo) -> npt.NDArray[np.uint8]:
    """(H, W, 3) uint8; what is see-through lies on white."""
    colours, alpha = photo.rgb8(), photo.alpha8()
    if alpha is None:
        return colours
    share = alpha[..., None].astype(np.float32) / 255
    return np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)
