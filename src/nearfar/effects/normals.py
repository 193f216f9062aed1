"""Surface normals as colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearfar.cards import DepthKind
from nearfar.ops.alpha import shown
from nearfar.ops.intrinsics import camera_of
from nearfar.ops.nearness import distance
from nearfar.ops.normals import Smoothing, normals, smooth_normals
from nearfar.ops.refine import refine
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture


@dataclass(frozen=True, slots=True)
class NormalsOptions:
    """How normals are taken and written."""

    smooth: float = option(
        1.0, "Smoothing of surfaces, in percent of the longer side; 0 leaves all relief.", low=0, high=10
    )
    noise: float = option(
        0.5,
        "Slope of relative depth, in ranges along the longer side, that counts as noise where smoothed.",
        low=0,
        high=10,
    )
    fov: float = option(
        0.0, "Horizontal field of view in degrees; 0 takes the photo's own, else 60.", low=0, high=179
    )
    near: float = option(1.0, "Distance of the nearest pixel of relative depth.", low=1e-6, high=1e6)
    far: float = option(10.0, "Distance of the farthest pixel of relative depth.", low=1e-6, high=1e6)
    convention: str = option(
        "opengl", "Green is up (opengl) or down (directx).", choices=("opengl", "directx")
    )
    bits: int = option(8, "Bits of a channel: 8 or 16.", low=8, high=16)
    refine: bool = option(True, "Bring depth edges to the photo's edges first, where there is a photo.")


def apply(photo: Photo | None, depth: DepthMap, options: NormalsOptions) -> Picture:
    """(H, W, 3): red is right, green up, blue towards the viewer, each from -1…1.

    Raises:
        ParameterError: not near < far.
    """
    facing = picture_normals(photo, depth, options) * np.array([1, -1, -1], np.float32)
    if options.convention == "directx":
        facing[..., 1] *= -1
    top, kind = (255, np.uint8) if options.bits <= 8 else (65535, np.uint16)
    return Picture(np.rint((facing + 1) * np.float32(top / 2)).astype(kind), depth.text())


def picture_normals(photo: Photo | None, depth: DepthMap, options: NormalsOptions) -> np.ndarray:
    """(H, W, 3) unit normals; axes x right, y down, z ahead."""
    away = distance(depth, options.near, options.far)
    inverse = soft = np.asarray(1 / away, np.float32)
    if options.refine and photo is not None and photo.pixels.shape[:2] == inverse.shape:
        inverse = refine(inverse, shown(photo), depth.provenance.input_size)
    camera = camera_of(depth, options.fov)
    if options.smooth == 0:
        return normals(away if inverse is soft else np.asarray(1 / inverse, np.float32), camera)
    noise = 0.0 if depth.kind is DepthKind.METRIC else options.noise
    return smooth_normals(inverse, soft, camera, Smoothing(options.smooth / 100, noise))


PLUGIN = Effect("normals", "Surface normals as colours", NormalsOptions, apply, needs_photo=False)
