"""The arrays of the package, by what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nearfar.errors import ParameterError

FloatMap = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[Any]
"""uint8 or uint16: checked where it enters."""


def require_array(value: object, what: str) -> None:
    """ParameterError where a value is no NumPy array."""
    if not isinstance(value, np.ndarray):
        raise ParameterError(
            f"{what} is a NumPy array, not {type(value).__name__}.",
            "Files, images and tensors become photos with nearfar.read.",
        )
