"""Every field of a depth map in one NumPy archive."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from nearfar.exports._values import NoOptions
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the archive: ``values`` (float32), ``valid`` (bool), ``record`` (JSON, what they mean).

    Where the camera is known, ``intrinsics`` is its 3×3 matrix in pixels.
    """
    valid = np.ones(depth.values.shape, bool) if depth.valid is None else depth.valid
    fields: dict[str, Any] = {"values": depth.values, "valid": valid, "record": np.array(depth.record())}
    if depth.camera is not None:
        camera = depth.camera
        matrix = [[camera.fx_px, 0, camera.cx_px], [0, camera.fy_px, camera.cy_px], [0, 0, 1]]
        fields["intrinsics"] = np.array(matrix, np.float64)
    out = io.BytesIO()
    np.savez_compressed(out, **fields)
    return out.getvalue()


PLUGIN = Export("npz", "NumPy archive of all fields", ".npz", "application/x-npz", NoOptions, write)
