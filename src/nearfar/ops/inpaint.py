"""Colours carried into places where none are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


def extend(colours: Floats, weight: Floats) -> Floats:
    """(H, W) or (H, W, C) float32: colours where ``weight`` ((H, W), 0…1) is 1, smoothly carried on where 0.

    Push and pull over a pyramid: S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4.
    """
    flat = colours if colours.ndim == 3 else colours[..., None]
    out = _pulled(flat * weight[..., None], weight)
    return out if colours.ndim == 3 else out[..., 0]


def _pulled(weighted: Floats, weight: Floats) -> Floats:
    height, width = weight.shape
    if max(height, width) <= 1:
        return np.asarray(weighted / np.maximum(weight, np.float32(1e-6))[..., None], np.float32)
    size = ((width + 1) // 2, (height + 1) // 2)
    small = _resized(weighted, size, cv2.INTER_AREA)
    small_weight = _resized(weight[..., None], size, cv2.INTER_AREA)[..., 0]
    # Knowledge grows on the way down: a pixel of the next level counts fully once half of it is known.
    full = np.minimum(1, 2 * small_weight)
    small *= (full / np.maximum(small_weight, np.float32(1e-6)))[..., None]
    behind = _resized(_pulled(small, full), (width, height), cv2.INTER_LINEAR)
    behind *= (1 - weight)[..., None]
    behind += weighted
    return behind


def _resized(array: Floats, size: tuple[int, int], how: int) -> Floats:
    out = cv2.resize(array, size, interpolation=how)
    return np.asarray(out if out.ndim == 3 else out[..., None], np.float32)
