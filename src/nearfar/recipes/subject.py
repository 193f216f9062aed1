"""What a photo is of, by its depth: the mask of a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from nearfar.ops.alpha import shown
from nearfar.ops.focus import threshold
from nearfar.ops.nearness import nearness
from nearfar.ops.refine import refine

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import DepthMap, Photo

_SPREAD = 0.25  # of the sides: how far from the middle of the picture a subject counts by half
_CRUMB = 0.3  # of the largest part's weight: smaller parts are no subject


def subject_mask(photo: Photo, depth: DepthMap) -> npt.NDArray[np.bool_]:
    """(H, W) bool: what stands in front, its edges on the photo's.

    Near is told from far where the two are parted best; of what is near, parts that are large and not far
    from the middle count, with the ground that they stand on. All is False where nothing is known.
    """
    near = nearness(depth)
    near = refine(near, shown(photo), depth.provenance.input_size, out=near)
    in_front = near > np.float32(threshold(near))
    if depth.valid is not None:
        in_front &= depth.valid
    count, labels = cv2.connectedComponents(in_front.astype(np.uint8), connectivity=8)
    if count < 2:
        return in_front
    height, width = near.shape
    v = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height - 0.5
    u = (np.arange(width, dtype=np.float32)[None] + 0.5) / width - 0.5
    weight = np.exp(-(u * u + v * v) / np.float32(2 * _SPREAD**2))
    weights = np.bincount(labels.ravel(), weight.ravel(), count)
    weights[0] = 0
    return np.asarray((weights >= _CRUMB * weights.max())[labels] & in_front)
