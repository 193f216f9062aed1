"""What a network answers to depth: one map, or several planes that belong together.

A card's ``reading`` names the function here. Networks differ in what they give:

``map``     depth or inverse depth, as it is
``focal``   metres, and the focal length they are for as a share of the picture's width (Depth Pro)
``sky``     depth, and how much each pixel is sky (Depth Anything 3)
``points``  x, y, z up to one shift, how sure each pixel is, and the metres of a unit (MoGe-2)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import EngineError
from nearfar.ops.point_map import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nearfar.cards import ModelCard
    from nearfar.types import Undo
    from nearfar.types.arrays import Mask

    Map = npt.NDArray[np.float32]

NEAREST_M, FARTHEST_M = 1e-4, 1e4  # the clamp of the published Depth Pro
SKY = 0.3  # from there on a pixel is sky; source: Depth Anything 3, its README and code
SURE = 0.5  # MoGe-2's mask
_FAR_PERCENTILE = 99.0  # what stands for the depth of sky, as Depth Anything 3 does it


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Depth as (H, W) float32, where it is valid, and the focal length in widths of the whole picture.

    ``valid`` is None where all is, ``focal`` where the network says none.
    """

    depth: Map
    valid: Mask | None = None
    focal: float | None = None


def read(raw: Map, card: ModelCard, undo: Undo) -> Seen:
    """Depth from (H, W) or (K, H, W) that a network gave.

    Raises:
        EngineError: it gave another number of planes than the card's reading takes.
    """
    planes = raw[None] if raw.ndim == 2 else raw
    reading, count = _READINGS[card.reading]
    if len(planes) != count:
        raise EngineError(f"The network '{card.name}' gave {len(planes)} planes, not {count}.")
    return reading(planes, _focal_of(undo))


def _focal_of(undo: Undo) -> float | None:
    """The photo's focal length in widths of what the network saw, where it is known."""
    return None if undo.camera is None else undo.camera.fx_px / (undo.width + 2 * undo.border[0])


def _map(planes: Map, _: float | None) -> Seen:
    return Seen(planes[0])


def _focal(planes: Map, known: float | None) -> Seen:
    """Metres are in proportion to the focal length; the photo's own goes before what the network found.

    Source: the command of Depth Pro, which takes that of EXIF where there is one.
    """
    depth, found = planes[0], float(planes[1].flat[0])
    if known is None:
        return Seen(depth, focal=found)
    return Seen(np.clip(depth * np.float32(known / found), NEAREST_M, FARTHEST_M))


def _sky(planes: Map, _: float | None) -> Seen:
    """Sky has no depth; what stands there is as far as the farthest hundredth of the rest."""
    depth, is_sky = planes[0], planes[1] >= SKY
    if not is_sky.any() or is_sky.all():
        return Seen(depth)
    far = np.float32(np.percentile(depth[~is_sky], _FAR_PERCENTILE))
    return Seen(np.where(is_sky, np.maximum(depth, far), depth), ~is_sky)


def _points(planes: Map, known: float | None) -> Seen:
    """Metres from points that are right up to a shift along the optical axis."""
    points, sure, metres = planes[:3], planes[3] > SURE, float(planes[4].flat[0])
    focal, shift = solve(points, sure, known)
    depth = (points[2] + np.float32(shift)) * np.float32(metres)
    valid = sure & (depth > 0)
    if not valid.any():
        return Seen(np.abs(depth), None, focal)
    far = np.float32(np.percentile(depth[valid], _FAR_PERCENTILE))
    return Seen(np.where(valid, depth, far).astype(np.float32), None if valid.all() else valid, focal)


_READINGS: dict[str, tuple[Callable[[Map, float | None], Seen], int]] = {
    "map": (_map, 1),
    "focal": (_focal, 2),
    "sky": (_sky, 2),
    "points": (_points, 5),
}
