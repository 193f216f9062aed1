"""Which way surfaces face."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.refine import stepness
from nearfar.ops.resize import enlarged_rows
from nearfar.ops.unproject import rays

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.types import Camera
    from nearfar.types.arrays import FloatMap

    RowsOf = Callable[[slice], FloatMap]

_LONGEST = 512  # side of the small copy on which slopes are averaged
_STEP_WEIGHT = 1e-4  # of a pixel on a step: nothing else is known where all around are steps


def normals(distance: FloatMap, camera: Camera) -> FloatMap:
    """(H, W, 3) float32 unit normals that face the camera; axes x right, y down, z ahead.

    Inverse distance of a plane is linear over the picture, so its slopes give the normal exactly. At a depth
    edge the slope is taken from the side where it is smaller.

    Args:
        distance: (H, W) float32 distance along the optical axis (of a panorama along each ray), above 0.
        camera: of the picture; a panorama's left and right end are neighbours.
    """
    inverse = np.asarray(1 / distance, np.float32)
    width = inverse.shape[1]
    pad = 1 if camera.is_equirectangular and width > 1 else 0
    wide = _wrapped(inverse, pad)
    slope_x, slope_y = (_slope(wide, axis)[:, pad : pad + width] for axis in (1, 0))
    return _facing(inverse, slope_x, slope_y, camera)


def _facing(
    inverse: FloatMap, slope_x: FloatMap, slope_y: FloatMap, camera: Camera, top: int = 0
) -> FloatMap:
    """(H, W, 3) unit normals from inverse distance and its slopes per pixel, of rows from ``top`` on."""
    if camera.is_equirectangular:
        return _facing_round(inverse, slope_x, slope_y, camera, top)
    height, width = inverse.shape
    u = ((np.arange(width) + 0.5 - camera.cx_px) / camera.fx_px).astype(np.float32)[None, :]
    v = ((np.arange(top, top + height) + 0.5 - camera.cy_px) / camera.fy_px).astype(np.float32)[:, None]
    slope_u, slope_v = slope_x * np.float32(-camera.fx_px), slope_y * np.float32(-camera.fy_px)
    out: FloatMap = np.asarray(
        cv2.merge((slope_u, slope_v, -inverse - u * slope_u - v * slope_v)), np.float32
    )
    length = np.sqrt(np.einsum("hwc,hwc->hw", out, out))
    out /= np.maximum(length, np.float32(1e-12))[..., None]
    return out


def _facing_round(
    inverse: FloatMap, slope_x: FloatMap, slope_y: FloatMap, camera: Camera, top: int
) -> FloatMap:
    """(H, W, 3) unit normals of a panorama: slopes along the circles of the sphere, and the ray between.

    Inverse distance w along the rays d of a plane is the plane's normal times d, so that w d and the slopes
    of w along two directions across d put together are that normal.
    """
    height, width = inverse.shape
    ahead = rays(np.arange(top, top + height), np.arange(width), camera) * np.array([1, -1, -1], np.float32)
    level = np.hypot(ahead[..., 0], ahead[..., 2])
    round_x, round_z = ahead[..., 2] / level, -ahead[..., 0] / level  # to the right, along the horizon
    along = slope_x * np.float32(camera.fx_px) / level
    down = slope_y * np.float32(camera.fy_px)
    dip_x, dip_z = -ahead[..., 1] * ahead[..., 0] / level, -ahead[..., 1] * ahead[..., 2] / level
    out = -np.stack(
        [
            inverse * ahead[..., 0] + along * round_x + down * dip_x,
            inverse * ahead[..., 1] + down * level,
            inverse * ahead[..., 2] + along * round_z + down * dip_z,
        ],
        axis=-1,
    )
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=2, keepdims=True), 1e-12), np.float32)


def _wrapped(values: FloatMap, pad: int) -> FloatMap:
    """The map with columns of its other end on each side."""
    return np.concatenate([values[:, -pad:], values, values[:, :pad]], axis=1) if pad else values


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
    rows_of = smooth_normal_rows(lambda rows: inverse[rows], soft, camera, how)
    return rows_of(slice(0, len(inverse)))


def smooth_normal_rows(inverse: RowsOf, soft: FloatMap, camera: Camera, how: Smoothing) -> RowsOf:
    """What gives rows of :func:`smooth_normals`, (N, W, 3), of what gives rows of ``inverse``."""
    height, width = soft.shape
    longest = max(height, width)
    scale = min(1.0, _LONGEST / longest)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_AREA), np.float32)
    span = max(float(np.ptp(small)), 1e-12)
    sigma = max(0.5, how.sigma * max(size))
    pad = min(size[0], math.ceil(4 * sigma)) if camera.is_equirectangular else 0
    small = _wrapped(small, pad)
    slopes = _averaged(small, _on_one_surface(small, span), sigma) * np.float32(max(size))
    slopes = slopes[:, pad : pad + size[0]]
    if how.noise > 0:
        square = np.square(slopes / np.float32(span)).sum(axis=-1, keepdims=True)
        slopes *= square / (square + np.float32(how.noise**2))
    slopes = np.ascontiguousarray(slopes)

    def rows_of(rows: slice) -> FloatMap:
        part = enlarged_rows(slopes, (rows.start, rows.stop), height, width)
        part = part.reshape(-1, width, 2) / np.float32(longest)
        return _facing(inverse(rows), part[..., 0], part[..., 1], camera, rows.start)

    return rows_of


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
