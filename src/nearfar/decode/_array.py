"""Arrays to a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.types import Photo

if TYPE_CHECKING:
    import numpy.typing as npt


def from_array(array: npt.NDArray[Any], name: str) -> Photo:
    """The photo in an array: (H, W), or (H, W, C) with C = 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA.

    Raises:
        ParameterError: another shape or type, or floats that are not in 0…1.
    """
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in {1, 2, 3, 4} or array.size == 0:
        raise ParameterError(
            f"{name} has shape {array.shape}, but (H, W), (H, W, 3) (RGB) or (H, W, 4) (RGBA) was expected."
        )
    whole = _whole_numbers(array, name)
    channels = whole.shape[2]
    colours = whole[..., :1] if channels < 3 else whole[..., :3]
    rgb = np.repeat(colours, 3, axis=2) if channels < 3 else np.ascontiguousarray(colours)
    alpha = np.ascontiguousarray(whole[..., -1]) if channels in {2, 4} else None
    return Photo(rgb, alpha, name=name, format="array")


def _whole_numbers(array: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """The same as uint8 or uint16."""
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype == np.bool_:
        return np.where(array, np.uint8(255), np.uint8(0))
    if not np.issubdtype(array.dtype, np.floating):
        raise ParameterError(
            f"{name} is of {array.dtype}, but uint8, uint16, bool or floats were expected.",
            "Colours of 0 to 255 become right with array.astype('uint8').",
        )
    if not (array.min() >= 0 and array.max() <= 1):  # also false where there is a NaN
        raise ParameterError(f"{name} holds floats outside 0…1.", "Divide 8-bit values by 255 first.")
    return np.rint(array * np.float32(65535)).astype(np.uint16)
