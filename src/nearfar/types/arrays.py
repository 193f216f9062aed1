"""The arrays of the package, by what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatMap = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[Any]
"""uint8 or uint16: checked where it enters."""
