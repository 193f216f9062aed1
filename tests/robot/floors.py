"""Exact depth of a level floor with a wall and a box on it, made by rays."""

from __future__ import annotations

import numpy as np

from nearfar.robot.mount import Mount, slopes
from nearfar.types import Camera, DepthKind, DepthMap

CAMERA = Camera.from_fov(70, 160, 120)
MOUNT = Mount(1.2, pitch_deg=-10.0, roll_deg=3.0)


def metres(mount: Mount = MOUNT, wall_m: float = 6.0, box_m: float | None = None) -> np.ndarray:
    """(120, 160) float32 along the axis: floor, a wall ahead, and a box half a metre wide and high."""
    rows, columns = np.arange(120) + 0.5, np.arange(160) + 0.5
    right, down, ahead = (slopes(CAMERA, rows, columns, axis) for axis in mount.axes())
    height = mount.height_m or 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(down > 0, height / down, np.inf)
        depth = np.minimum(floor, wall_m / ahead)
        if box_m is not None:
            face = box_m / ahead
            above = height - face * down
            inside = (np.abs(face * right) < 0.25) & (above > 0) & (above < 0.5)
            depth = np.where(inside & (face < depth), face, depth)
    return depth.astype(np.float32)


def relative(depth_m: np.ndarray, scale: float = 3.0, shift: float = 0.7) -> DepthMap:
    """The map that a network would give: inverse depth of some scale and shift."""
    return DepthMap((scale / depth_m + shift).astype(np.float32), DepthKind.RELATIVE_INVERSE)


def metric(depth_m: np.ndarray) -> DepthMap:
    """The map in metres."""
    return DepthMap(depth_m, DepthKind.METRIC)
