"""Is there enough light and detail in a picture for its depth to be trusted?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# Limits on 8-bit luma. A picture counts as dark or blown out when its 99th or 1st percentile does:
# a night street with lamps, or a white wall with a door, still shows where things are.
_DARK = 12.0
_BRIGHT = 243.0
_FLAT = 6.0
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709


def exposure_faults(rgb: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    """Codes of what is wrong with H×W×3 colours: ``dark``, ``blown_out``, ``flat``; mostly none."""
    luma = rgb.reshape(-1, 3) @ _LUMA
    ranks = [round(share * (luma.size - 1)) for share in (0.01, 0.99)]
    low, high = np.partition(luma, ranks)[ranks]  # percentiles; numpy's own load its masked arrays
    faults = {"dark": high < _DARK, "blown_out": low > _BRIGHT, "flat": high - low < _FLAT}
    return tuple(code for code, is_so in faults.items() if is_so)
