"""A depth map brought to the size of its photo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.errors import ParameterError
from nearfar.types import PhotoWarning

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Provenance
    from nearfar.types.arrays import FloatMap

_TOLERANCE = 0.02  # by which the shapes may differ: sides of small maps are rounded
_HALF = np.float32(0.5)


def fitted(depth: DepthMap, width: int, height: int) -> DepthMap:
    """The map at a photo's size, its camera with it; a warning says so. Itself where it has that size.

    Between values it is linear; what is not valid stays so, and mixes into nothing.

    Raises:
        ParameterError: the map has another shape than the photo.
    """
    if (depth.width, depth.height) == (width, height):
        return depth
    by_width, by_height = width / depth.width, height / depth.height
    if abs(by_width * depth.height - height) > max(1.0, _TOLERANCE * height):
        raise ParameterError(
            f"The photo is {width}×{height}, but its depth {depth.width}×{depth.height} pixels, of another "
            "shape.",
            "Give the depth that was made from this photo.",
        )
    values, valid = _resized(depth, width, height)
    text = f"The depth of {depth.width}×{depth.height} pixels was brought to the photo's {width}×{height}."
    return replace(
        depth,
        values=values,
        valid=valid,
        camera=None if depth.camera is None else depth.camera.scaled(by_width, by_height),
        provenance=_seen_at(depth),
        warnings=(*depth.warnings, PhotoWarning("depth_resized", text)),
    )


def _seen_at(depth: DepthMap) -> Provenance:
    """Where the map came from; its own size is what edges are as fine as."""
    if min(depth.provenance.input_size) > 0:
        return depth.provenance
    return replace(depth.provenance, input_size=(depth.width, depth.height))


def _resized(depth: DepthMap, width: int, height: int) -> tuple[FloatMap, npt.NDArray[np.bool_] | None]:
    how = cv2.INTER_LINEAR if width >= depth.width else cv2.INTER_AREA
    if depth.valid is None:
        return np.asarray(cv2.resize(depth.values, (width, height), interpolation=how), np.float32), None
    known = depth.valid.astype(np.float32)
    zeros = np.where(depth.valid, depth.values, np.float32(0))
    share = np.asarray(cv2.resize(known, (width, height), interpolation=how), np.float32)
    mixed = np.asarray(cv2.resize(zeros, (width, height), interpolation=how), np.float32)
    valid = share > _HALF
    low, high = depth.value_range
    values = np.clip(mixed / np.maximum(share, np.float32(1e-6)), low, high)
    values[~valid] = np.nan
    return np.asarray(values, np.float32), None if valid.all() else valid
