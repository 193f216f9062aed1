"""The camera of a picture when it may not be known."""

from __future__ import annotations

from nearfar.types import Camera, DepthMap

ASSUMED_FOV_DEG = 60.0


def camera_of(depth: DepthMap, fov_deg: float = 0.0) -> Camera:
    """The camera: of the given field of view, else the map's own, else 60° (``source`` says so)."""
    if fov_deg > 0:
        return Camera.from_fov(fov_deg, depth.width, depth.height, "given field of view")
    if depth.camera is not None:
        return depth.camera
    return Camera.from_fov(ASSUMED_FOV_DEG, depth.width, depth.height, "assumed: 60° field of view")
