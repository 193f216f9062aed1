"""Where a photo's light comes from, as its shading tells: what is put into it is lit the same way.

Surfaces as :mod:`nearfar.effects.relight` sees them; their brightness is fitted by a constant and one lamp
far away (Lambert's law), and the lamp is taken as far as it explains anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.effects.normals import NormalsOptions, normal_rows
from nearfar.ops.alpha import is_seen, shown
from nearfar.ops.reduce import reduced_depth, reduced_photo

if TYPE_CHECKING:
    from nearfar.types import DepthMap, Photo

    Direction = tuple[float, float, float]

_SIDE = 192  # pixels of the longer side of the copy that is looked at
_FAR = 4.0  # of the nearest pixel's distance, as for a lamp
_USUAL = np.array([-0.35, -0.7, -0.62])  # from above, a little left, behind the camera
_SURE = 0.25  # share of the brightness's variance that shading explains where it is believed wholly
_ROUNDS = 4
_KEPT = 0.75  # of the pixels in each round: a dark shirt is no shadow


def light_of(photo: Photo, depth: DepthMap) -> Direction:
    """Unit vector from the scene to its light: x right, y down, z ahead.

    Where shading explains little of the brightness (flat things, many colours), it is a light from above,
    a little to the left.
    """
    small, map_ = reduced_photo(photo, _SIDE), reduced_depth(depth, _SIDE)
    if small.pixels.shape[:2] != map_.values.shape:
        return _unit(_USUAL)
    facing = normal_rows(small, map_, NormalsOptions(smooth=1.5, far=_FAR))(slice(0, map_.height))
    colours = shown(small).astype(np.float32) / np.float32(np.iinfo(small.pixels.dtype).max)
    light = (colours @ np.array([0.2126, 0.7152, 0.0722], np.float32)) ** 2  # as light, gamma 2
    is_known, seen = np.isfinite(facing).all(axis=-1), is_seen(small)
    if seen is not None:
        is_known &= seen
    if map_.valid is not None:
        is_known &= map_.valid
    found, share = _fitted(facing[is_known].astype(np.float64), light[is_known].astype(np.float64))
    trust = min(1.0, share / _SURE)
    found = trust * found + (1 - trust) * np.asarray(_unit(_USUAL))
    found[1] = min(found[1], 0.3)  # hardly any light comes from below
    found[2] = min(found[2], -0.1)  # what is seen is lit from this side
    return _unit(found)


def _fitted(facing: np.ndarray, light: np.ndarray) -> tuple[np.ndarray, float]:
    """The unit vector by which brightness grows, and the share of its variance that this explains."""
    if len(light) < 50 or light.std() < 1e-3:
        return np.asarray(_unit(_USUAL)), 0.0
    rows = np.column_stack([facing, np.ones(len(facing))])
    weight = 1e-3 * len(light) * np.diag([1.0, 1.0, 1.0, 0.0])
    kept = np.ones(len(light), bool)
    best = np.zeros(4)
    for _ in range(_ROUNDS):
        some = rows[kept]
        best = np.linalg.solve(some.T @ some + weight, some.T @ light[kept])
        missed = np.abs(rows @ best - light)
        kept = missed <= np.quantile(missed, _KEPT)
    explained = 1 - np.var(light[kept] - rows[kept] @ best) / max(np.var(light[kept]), 1e-12)
    if np.linalg.norm(best[:3]) < 1e-6:
        return np.asarray(_unit(_USUAL)), 0.0
    return np.asarray(_unit(best[:3])), max(0.0, float(explained))


def _unit(vector: np.ndarray) -> Direction:
    x, y, z = (vector / max(float(np.linalg.norm(vector)), 1e-12)).tolist()
    return x, y, z
