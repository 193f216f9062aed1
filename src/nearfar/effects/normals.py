"""Surface normals as colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nearfar.ops.intrinsics import camera_of
from nearfar.ops.nearness import distance
from nearfar.ops.normals import normals, smoothed
from nearfar.ops.refine import refine
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture


@dataclass(frozen=True, slots=True)
class NormalsOptions:
    """How normals are taken and written."""

    smooth: float = option(0.5, "Smoothing before, in percent of the longer side.", low=0, high=10)
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
    """H×W×3: red is right, green up, blue towards the viewer, each from -1…1.

    Raises:
        ParameterError: not near < far.
    """
    facing = picture_normals(photo, depth, options) * np.array([1, -1, -1], np.float32)
    if options.convention == "directx":
        facing[..., 1] *= -1
    top, kind = (255, np.uint8) if options.bits <= 8 else (65535, np.uint16)
    return Picture(np.rint((facing + 1) * np.float32(top / 2)).astype(kind), depth.text())


def picture_normals(photo: Photo | None, depth: DepthMap, options: NormalsOptions) -> np.ndarray:
    """H×W×3 unit normals; axes x right, y down, z ahead."""
    away = distance(depth, options.near, options.far)
    inverse = np.asarray(1 / away, np.float32)
    if options.refine and photo is not None and photo.pixels.shape[:2] == inverse.shape:
        inverse = refine(inverse, photo.pixels, depth.provenance.input_size)
    sigma = options.smooth / 100 * max(depth.width, depth.height)
    away = np.asarray(1 / inverse, np.float32)
    if sigma >= 0.6:  # half of it before, where it stills noise, half after, where edges can be left out
        inverse = np.asarray(cv2.GaussianBlur(inverse, (0, 0), sigma / 2), np.float32)
    facing = normals(np.asarray(1 / inverse, np.float32), camera_of(depth, options.fov))
    return smoothed(facing, away, sigma) if sigma >= 0.6 else facing


PLUGIN = Effect("normals", "Surface normals as colours", NormalsOptions, apply, needs_photo=False)
