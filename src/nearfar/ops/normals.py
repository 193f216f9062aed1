"""Which way surfaces face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nearfar.types import Camera, FloatMap


def normals(distance: FloatMap, camera: Camera) -> FloatMap:
    """H×W×3 float32 unit normals that face the camera; axes x right, y down, z ahead.

    Inverse distance of a plane is linear over the picture, so its slopes give the normal exactly. At a depth
    edge the slope is taken from the side where it is smaller.

    Args:
        distance: H×W float32 distance along the optical axis, above 0.
        camera: of the picture.
    """
    height, width = distance.shape
    inverse = np.asarray(1 / distance, np.float32)
    u = (np.arange(width, dtype=np.float32) + 0.5 - camera.cx_px) / camera.fx_px
    v = (np.arange(height, dtype=np.float32) + 0.5 - camera.cy_px) / camera.fy_px
    slope_u = _slope(inverse, 1) * np.float32(camera.fx_px)
    slope_v = _slope(inverse, 0) * np.float32(camera.fy_px)
    ahead = inverse - u[None, :].astype(np.float32) * slope_u - v[:, None].astype(np.float32) * slope_v
    out = -np.stack([slope_u, slope_v, ahead], axis=-1)
    out /= np.maximum(np.sqrt(np.einsum("hwc,hwc->hw", out, out)), np.float32(1e-12))[..., None]
    return np.asarray(out, np.float32)


def _slope(values: FloatMap, axis: int) -> FloatMap:
    """Difference per pixel along an axis: of the two sides, the smaller."""
    if values.shape[axis] < 2:
        return np.zeros_like(values)
    step = np.diff(values, axis=axis)
    first, last = np.take(step, [0], axis=axis), np.take(step, [-1], axis=axis)
    before = np.concatenate([first, step], axis=axis)
    after = np.concatenate([step, last], axis=axis)
    return np.where(np.abs(before) < np.abs(after), before, after)
