"""What the effects with more than one view share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nearfar.effects._canvas import matching, near_rows
from nearfar.ops.alpha import divided, multiplied
from nearfar.ops.sideways import each_view, scene

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo

    Pixels = npt.NDArray[Any]

SEPARATION_HELP = "Move of the nearest against the farthest pixel, in percent of the width."
PLANE_HELP = "Nearness, 0 (far) to 1 (near), that lies in the plane of the screen."


class Stand(Protocol):
    """Where two eyes are: options of effects that have ``separation``, ``plane`` and ``refine``."""

    @property
    def separation(self) -> float:
        """Percent of the width."""

    @property
    def plane(self) -> float:
        """Nearness in the plane of the screen."""

    @property
    def refine(self) -> bool:
        """Bring depth edges to the photo's first."""


def each_eye(
    photo: Photo | None, depth: DepthMap, stand: Stand, take: Callable[[slice, Pixels, Pixels], None]
) -> None:
    """Call ``take(rows, left, right)`` for each band: the rows of what the left and the right eye see.

    Each is (N, W, 3) of the photo's type; with alpha (N, W, 4) of 16 bits, multiplied by it (:func:`alone`).
    """
    photo = matching(photo, depth)
    half = stand.separation / 200

    def rows_of(rows: slice) -> Pixels:
        part = photo.pixels[rows]
        if photo.alpha is None:
            return part
        return multiplied(replace(photo, pixels=part, alpha=photo.alpha[rows], reduced_from=None))

    shape = photo.height, photo.width
    at = scene(rows_of, near_rows(photo, depth, is_refined=stand.refine), shape, half)
    each_view(at, (half, -half), stand.plane, take)


def alone(view: Pixels, photo: Photo) -> Pixels:
    """A view's rows in the photo's type: with alpha, (N, W, 4), colours as they are without it, and alpha."""
    kind = photo.pixels.dtype
    if photo.alpha is None:
        return view
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
