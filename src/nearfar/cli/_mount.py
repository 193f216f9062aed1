"""The camera of verbs that look for the floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.cli._verb import Flag
from nearfar.errors import ParameterError
from nearfar.types import Camera

if TYPE_CHECKING:
    from nearfar.types import DepthMap, Photo

LOOKS = {
    "height": Flag(value="METRES"),
    "pitch": Flag(value="DEGREES"),
    "horizon": Flag(value="ROW"),
    "roll": Flag(value="DEGREES"),
    "fov": Flag(value="DEGREES"),
}
"""Of the flags of :class:`nearfar.robot.mount.MountOptions`."""

LIMITS = {"step": Flag(value="METRES"), "top": Flag(value="METRES"), "reach": Flag(value="METRES")}
"""Of those that :class:`nearfar.robot.look.LookOptions` has beside them."""


def known_camera(fov: float, photo: Photo, depth: DepthMap) -> Camera | None:
    """The camera that was told, or the photo's own, or the depth map's; None where nobody knows it.

    Raises:
        ParameterError: it was told twice.
    """
    if fov and photo.camera is not None and photo.camera.source.startswith("given"):
        raise ParameterError("Both a field of view and intrinsics were given.", "Give one of them.")
    return Camera.from_fov(fov, depth.width, depth.height) if fov else photo.camera or depth.camera


def needed(camera: Camera | None) -> Camera:
    """The camera; ParameterError where nobody knows it."""
    if camera is None:
        raise ParameterError(
            "The photo does not say its field of view.", "Give --fov or --intrinsics.", parameter="fov"
        )
    return camera
