"""Which way surfaces face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.refine import stepness
from nearfar.ops.unproject import unproject

if TYPE_CHECKING:
    from nearfar.types import Camera
    from nearfar.types.arrays import FloatMap

_LONGEST = 512  # side of the small copy on which slopes are averaged
_STEP_WEIGHT = 1e-4  # of a pixel on a step: nothing else is known where all around are steps


def normals(distance: FloatMap, camera: Camera) -> FloatMap:
    """(H, W, 3) float32 unit normals that face the camera; axes x right, y down, z ahead.

    Inverse distance of a plane is linear over the picture, so its slopes give the normal exactly. At a depth
    edge the slope is taken from the side where it is smaller.

    Args:
        distance: (H, W) float32 distance along the optical axis, above 0.
        camera: of the picture.
    """
    if camera.is_equirectangular:
        return _across(distance, camera)
    inverse = np.asarray(1 / distance, np.float32)
    return _facing(inverse, _slope(inverse, 1), _slope(inverse, 0), camera)


def _facing(inverse: FloatMap, slope_x: FloatMap, slope_y: FloatMap, camera: Camera) -> FloatMap:
    """(H, W, 3) unit normals from inverse distance and its slopes per pixel."""
    height, width = inverse.shape
    u = ((np.arange(width) + 0.5 - camera.cx_px) / camera.fx_px).astype(np.float32)[None, :]
    v = ((np.arange(height) + 0.5 - camera.cy_px) / camera.fy_px).astype(np.float32)[:, None]
    slope_u, slope_v = slope_x * np.float32(-camera.fx_px), slope_y * np.float32(-camera.fy_px)
    out: FloatMap = np.asarray(
        cv2.merge((slope_u, slope_v, -inverse - u * slope_u - v * slope_v)), np.float32
    )
    length = np.sqrt(np.einsum("hwc,hwc->hw", out, out))
    out /= np.maximum(length, np.float32(1e-12))[..., None]
    return out


def _across(distance: FloatMap, camera: Camera) -> FloatMap:
    """(H, W, 3) unit normals of a panorama, from the points of neighbours; axes x right, y down, z ahead."""
    points = unproject(distance, camera)
    if min(distance.shape) < 2:
        facing = -points
    else:
        facing = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
        facing *= np.where(np.einsum("hwc,hwc->hw", facing, points) > 0, -1, 1)[..., None]
    facing = facing / np.maximum(np.linalg.norm(facing, axis=2, keepdims=True), 1e-12)
    return np.asarray(facing * np.array([1, -1, -1]), np.float32)


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How much of a map's relief is taken for noise.

    ``sigma``: of the Gaussian over which slopes are averaged, as a share of the longer side.
    ``noise``: slope, in ranges of the map along the longer side, that is halved; steeper ones hardly change.
    """

    sigma: float
    noise: float = 0.0


def smooth_normals(inverse: FloatMap, soft: FloatMap, camera: Camera, how: Smoothing) -> FloatMap:
    """(H, W, 3) float32 unit normals as of :func:`normals`, of a map with noise.

    The slopes of inverse distance are averaged, on a small copy: on a plane they are the same everywhere.
    What stands on a step is left out and filled from both sides, for it belongs to no surface.

    Args:
        inverse: (H, W) float32 inverse distance along the optical axis, above 0.
        soft: the same before its edges were brought to a photo's: slopes are taken from it.
        camera: of the picture.
        how: how much is smoothed away.
    """
    height, width = inverse.shape
    longest = max(height, width)
    scale = min(1.0, _LONGEST / longest)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_AREA), np.float32)
    span = max(float(np.ptp(small)), 1e-12)
    sigma = max(0.5, how.sigma * max(size))
    slopes = _averaged(small, _on_one_surface(small, span), sigma) * np.float32(max(size))
    if how.noise > 0:
        square = np.square(slopes / np.float32(span)).sum(axis=-1, keepdims=True)
        slopes *= square / (square + np.float32(how.noise**2))
    slopes = np.asarray(cv2.resize(slopes, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    slopes = slopes.reshape(height, width, 2) / np.float32(longest)
    return _facing(inverse, slopes[..., 0], slopes[..., 1], camera)


def _on_one_surface(inverse: FloatMap, span: float) -> FloatMap:
    """(H, W) weight: about 1 on a surface, about 0 on a step between two."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    near = inverse * np.float32(1 / span)
    step = stepness(near, np.asarray(cv2.dilate(near, window) - cv2.erode(near, window), np.float32), 2)
    return np.asarray(np.square(1 - cv2.dilate(step, np.ones((3, 3), np.uint8))) + _STEP_WEIGHT, np.float32)


def _averaged(values: FloatMap, weight: FloatMap, sigma: float) -> FloatMap:
    """(H, W, 2) slopes along rows and columns, per pixel, averaged with the weight."""
    slopes = []
    for axis in (1, 0):
        slope = np.zeros_like(values)
        if values.shape[axis] > 1:
            slope = np.asarray(np.gradient(values, axis=axis), np.float32)
        slopes.append(cv2.GaussianBlur(slope * weight, (0, 0), sigma, borderType=cv2.BORDER_REFLECT))
    total = cv2.GaussianBlur(weight, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(np.dstack(slopes) / total[..., None], np.float32)


def _slope(values: FloatMap, axis: int) -> FloatMap:
    """Difference per pixel along an axis: of the two sides, the smaller."""
    if values.shape[axis] < 2:
        return np.zeros_like(values)
    step = np.diff(values, axis=axis)
    first, last = np.take(step, [0], axis=axis), np.take(step, [-1], axis=axis)
    before = np.concatenate([first, step], axis=axis)
    after = np.concatenate([step, last], axis=axis)
    return np.where(np.abs(before) < np.abs(after), before, after)
