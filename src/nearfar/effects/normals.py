"""Surface normals as colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.cards import DepthKind
from nearfar.ops.alpha import shown
from nearfar.ops.bands import each_band, gathered
from nearfar.ops.intrinsics import camera_of
from nearfar.ops.nearness import distance_rows
from nearfar.ops.normals import Smoothing, normals, smooth_normal_rows
from nearfar.ops.refine import refined
from nearfar.options import option
from nearfar.plugins import Effect
from nearfar.types import DepthMap, Photo, Picture

if TYPE_CHECKING:
    from nearfar.effects._canvas import RowsOf


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
    facing = normal_rows(photo, depth, options)
    signs = np.array([1, 1 if options.convention == "directx" else -1, -1], np.float32)
    top, kind = (255, np.uint8) if options.bits <= 8 else (65535, np.uint16)
    out = np.empty((*depth.values.shape, 3), kind)

    def paint(rows: slice) -> None:
        out[rows] = np.rint((facing(rows) * signs + 1) * np.float32(top / 2))

    each_band(paint, *depth.values.shape)
    return Picture(out, depth.text())


def normal_rows(photo: Photo | None, depth: DepthMap, options: NormalsOptions) -> RowsOf:
    """What gives rows of unit normals, (N, W, 3); axes x right, y down, z ahead."""
    away = distance_rows(depth, options.near, options.far)
    soft = gathered(lambda rows: np.asarray(1 / away(rows), np.float32), *depth.values.shape)
    model = None
    if options.refine and photo is not None and photo.pixels.shape[:2] == soft.shape:
        model = refined(soft, shown(photo), depth.provenance.input_size)
    camera = camera_of(depth, options.fov)
    if options.smooth == 0:
        far = gathered(away, *soft.shape) if model is None else 1 / gathered(model.rows, *soft.shape)
        whole = normals(np.asarray(far, np.float32), camera)
        return lambda rows: whole[rows]
    noise = 0.0 if depth.kind is DepthKind.METRIC else options.noise
    inverse = model.rows if model else lambda rows: np.asarray(1 / away(rows), np.float32)
    return smooth_normal_rows(inverse, soft, camera, Smoothing(options.smooth / 100, noise))


PLUGIN = Effect("normals", "Surface normals as colours", NormalsOptions, apply, needs_photo=False)
