"""Large arrays worked through in bands of rows: each fits the processor's cache, and threads share them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    RowsOf = Callable[[slice], Floats]

BAND_PIXELS = 1 << 17
WHOLE_PIXELS = 12_500_000
"""Of a picture that may stand in memory as a whole; of a larger one no more than bands do."""
_FEWEST_FOR_THREADS = 8
_THREADS = 4


def each_band(work: Callable[[slice], None], height: int, width: int, fewest: int = 1) -> None:
    """Call ``work`` for the rows of each band (at least ``fewest``), in threads where there are many.

    It must let other threads run (NumPy and OpenCV do) and write nothing that another band does.
    """
    step = max(fewest, BAND_PIXELS // width)
    bands = [slice(top, min(top + step, height)) for top in range(0, height, step)]
    threads = min(_THREADS, cv2.getNumThreads())  # a service that has many photos leaves each one thread
    if threads <= 1 or len(bands) < _FEWEST_FOR_THREADS:
        for band in bands:
            work(band)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, bands))  # errors come out here


def gathered(rows_of: RowsOf, height: int, width: int) -> Floats:
    """(H, W) float32 of what gives its rows."""
    out = np.empty((height, width), np.float32)

    def take(rows: slice) -> None:
        out[rows] = rows_of(rows)

    each_band(take, height, width)
    return out


def kept(rows_of: RowsOf, height: int, width: int) -> RowsOf:
    """The same rows for who asks more than once: made once, but those of a large picture each time.

    Nothing may be written into them.
    """
    if height * width > WHOLE_PIXELS:
        return rows_of
    whole = gathered(rows_of, height, width)
    whole.flags.writeable = False
    return lambda rows: whole[rows]
