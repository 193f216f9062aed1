"""Depth values as a NumPy file: float32, (H, W)."""

from __future__ import annotations

import io

import numpy as np

from nearfar.exports._values import NoOptions, with_nan
from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo


def write(photo: Photo | None, depth: DepthMap, options: NoOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the file; pixels that are not valid are NaN."""
    out = io.BytesIO()
    np.save(out, with_nan(depth), allow_pickle=False)
    return out.getvalue()


PLUGIN = Export(
    "npy", "NumPy array, float32", ".npy", "application/x-npy", NoOptions, write, has_record=False
)
