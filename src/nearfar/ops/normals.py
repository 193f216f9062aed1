"""Which way surfaces face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from nearfar.types import Camera, FloatMap

_JUMP = 0.1  # relative jump of distance within a window that halves a pixel's weight


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


def smoothed(facing: FloatMap, distance: FloatMap, sigma_px: float) -> FloatMap:
    """H×W×3 unit normals averaged over their surroundings, in which pixels at a depth edge hardly count.

    Args:
        facing: H×W×3 unit normals.
        distance: H×W float32 above 0; where it jumps, normals belong to no surface.
        sigma_px: of the Gaussian.
    """
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(sigma_px) + 3,) * 2)
    jump = np.divide(cv2.dilate(distance, window), cv2.erode(distance, window), dtype=np.float32) - 1
    weight = 1 / (1 + np.square(jump * np.float32(1 / _JUMP)))
    out = np.asarray(cv2.GaussianBlur(facing * np.square(weight)[..., None], (0, 0), sigma_px), np.float32)
    out /= np.maximum(np.sqrt(np.einsum("hwc,hwc->hw", out, out)), np.float32(1e-12))[..., None]
    return out


def _slope(values: FloatMap, axis: int) -> FloatMap:
    """Difference per pixel along an axis: of the two sides, the smaller."""
    if values.shape[axis] < 2:
        return np.zeros_like(values)
    step = np.diff(values, axis=axis)
    first, last = np.take(step, [0], axis=axis), np.take(step, [-1], axis=axis)
    before = np.concatenate([first, step], axis=axis)
    after = np.concatenate([step, last], axis=axis)
    return np.where(np.abs(before) < np.abs(after), before, after)
