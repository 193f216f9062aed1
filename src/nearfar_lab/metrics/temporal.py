"""How well the depth of a clip holds together over time, against true depth and true cameras."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nearfar.evaluation import reprojection
from nearfar.evaluation.alignment import scale_and_shift
from nearfar.evaluation.reprojection import temporal_error
from nearfar.types import Camera

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    FloatMap = NDArray[np.float32]

_STEPS = 255.0


@dataclass(frozen=True)
class View:
    """What is true of one frame.

    inverse_m: (H, W) float32 in 1/m, 0 for sky, NaN unknown. pose: (3, 4), camera from world. focal_px: of
    this size; the principal point is the middle.
    """

    inverse_m: FloatMap
    pose: Floats
    focal_px: float


def clip_depth(nearness: Sequence[FloatMap], views: Sequence[View], cap_m: float) -> list[FloatMap]:
    """Depth in metres (H, W) of a clip's relative inverse depth: one scale and one shift for all of it.

    Least squares in inverse depth over every known pixel of every frame; floored at 1 / cap_m, then inverted.
    """
    known = [view.inverse_m > 1 / cap_m for view in views]
    found = np.concatenate([plane[where] for plane, where in zip(nearness, known, strict=True)])
    true = np.concatenate([view.inverse_m[where] for view, where in zip(views, known, strict=True)])
    scale, shift = scale_and_shift(found, true)
    return [np.asarray(1 / np.maximum(scale * plane + shift, 1 / cap_m), np.float32) for plane in nearness]


def alignment_error(depths_m: Sequence[FloatMap], views: Sequence[View], cap_m: float) -> float:
    """TAE in percent, where the true depth of a frame is known and less than ``cap_m``."""
    return temporal_error(
        [_judged(depth_m, view, cap_m) for depth_m, view in zip(depths_m, views, strict=True)]
    )


def _judged(depth_m: FloatMap, view: View, cap_m: float) -> reprojection.View:
    """A frame's depth with its camera; unknown where the true depth is."""
    height, width = depth_m.shape
    cam_from_world = np.eye(4)
    cam_from_world[:3] = view.pose
    camera = Camera(view.focal_px, view.focal_px, width / 2, height / 2)
    known = np.where(view.inverse_m > 1 / cap_m, depth_m, 0)
    return reprojection.View(known, camera, np.linalg.inv(cam_from_world))


def still_pixels(views: Sequence[View]) -> NDArray[np.bool_]:
    """(H, W): what shows the same surface from the same camera in every frame of a clip."""
    first = views[0]
    same = np.isfinite(first.inverse_m)
    for view in views[1:]:
        if not np.allclose(view.pose, first.pose, atol=1e-9):
            return np.zeros_like(same)
        same &= np.isclose(view.inverse_m, first.inverse_m, rtol=1e-4, atol=1e-6)
    return np.asarray(same)


def flicker(levels: Sequence[FloatMap], still: NDArray[np.bool_]) -> float:
    """Root of the mean variance over time of still pixels, in steps of 255; levels: (H, W), 0…1, as shown."""
    values = np.stack([level[still] for level in levels]).astype(np.float64)
    return _STEPS * float(np.sqrt(values.var(axis=0).mean()))


def largest_step(levels: Sequence[NDArray[np.uint8]], still: NDArray[np.bool_]) -> int:
    """The most that a still pixel changes from frame to frame; levels: (H, W, …) uint8, as drawn."""
    gaps = (np.abs(a[still].astype(int) - b[still].astype(int)) for a, b in pairwise(levels))
    return max((int(gap.max(initial=0)) for gap in gaps), default=0)
