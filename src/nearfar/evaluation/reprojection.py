"""Depth of one frame seen from another's camera: how well do neighbours agree (temporal alignment error)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nearfar.types import Camera

    Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One frame: ``depth_m`` (H, W) positive (0: unknown), its camera, and (4, 4) world from camera."""

    depth_m: Floats
    camera: Camera
    world_from_cam: Floats


def temporal_error(views: Sequence[View]) -> float:
    """The temporal alignment error of a clip, in percent: 0 where depth agrees with the camera's motion.

    Of each two neighbours either depth is carried into the other's picture by the true poses, and AbsRel
    taken where it lands: the mean over both directions and all neighbours (Video Depth Anything, section
    4.1). Places are rounded; of several points at one pixel the last in reading order counts, as published.
    Where nothing lands the error is 0.

    Raises:
        ParameterError: fewer than two frames.
    """
    if len(views) < 2:
        raise ParameterError("A clip of fewer than two frames has no neighbours.", "Give longer clips.")
    total = 0.0
    for first, second in pairwise(views):
        total += carried_error(first, second) + carried_error(second, first, first.camera)
    return 100 * total / (2 * (len(views) - 1))


def carried_error(source: View, target: View, camera: Camera | None = None) -> float:
    """AbsRel of ``source``'s depth against ``target``'s, where it lands in the other's picture.

    ``camera``: of both frames; the source's where none is given.
    """
    seen = camera or source.camera
    fx, fy = seen.fx_px, seen.fy_px
    cx, cy = seen.cx_px - 0.5, seen.cy_px - 0.5  # pixel centres at whole numbers here
    target_from_source = np.linalg.inv(target.world_from_cam) @ source.world_from_cam
    height, width = source.depth_m.shape
    rows, columns = np.mgrid[0:height, 0:width]
    z = np.asarray(source.depth_m, np.float64)
    points = np.stack([(columns - cx) * z / fx, (rows - cy) * z / fy, z], axis=-1).reshape(-1, 3)
    x, y, there = (points @ target_from_source[:3, :3].T + target_from_source[:3, 3]).T
    with np.errstate(divide="ignore", invalid="ignore"):
        across, down = np.round(x * fx / there + cx), np.round(y * fy / there + cy)
    is_inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    landed = np.zeros((height, width))
    landed[down[is_inside].astype(int), across[is_inside].astype(int)] = there[is_inside]
    is_judged = (landed > 0) & (target.depth_m > 0)
    if not is_judged.any():
        return 0.0
    wanted = np.asarray(target.depth_m, np.float64)[is_judged]
    return float(np.mean(np.abs(landed[is_judged] - wanted) / wanted))
