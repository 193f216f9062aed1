"""What a depth map's values mean, without the values."""

from __future__ import annotations

from nearfar.exports._values import NoOptions
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """Kind, unit, range, size, model, weights, camera and warnings as JSON: the same as in a sidecar."""
    return depth.record().encode()


PLUGIN = Export("sidecar", "Description without values", ".json", "application/json", NoOptions, write)
