"""Depth values as a NumPy file: float32, H×W."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from nearfar.plugins import Export
from nearfar.types import DepthMap, Photo


@dataclass(frozen=True, slots=True)
class NpyOptions:
    """There is nothing to choose."""


def write(photo: Photo | None, depth: DepthMap, options: NpyOptions) -> bytes:  # noqa: ARG001 - the seam's shape
    """The bytes of the file; pixels that are not valid are NaN."""
    values = depth.values if depth.valid is None else np.where(depth.valid, depth.values, np.float32("nan"))
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(values), allow_pickle=False)
    return out.getvalue()


PLUGIN = Export("npy", "NumPy array, float32", ".npy", "application/x-npy", NpyOptions, write)
