"""What a photographer would focus on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

_BINS = 48
_ENOUGH = 0.06  # share of the (centred) picture that makes an object large
_STRIDE_PIXELS = 400
_LEVELS = 256


def check_place(x: float, y: float, width: int, height: int) -> None:
    """ParameterError where a place in focus is not in the picture."""
    if not (0 <= x < width and 0 <= y < height):
        raise ParameterError(
            f"focus is {x:g},{y:g}, but the picture is {width}×{height} pixels.", parameter="focus"
        )


def automatic_focus(near: npt.NDArray[np.float32]) -> float:
    """Nearness, 0…1, of the nearest large object.

    The histogram of nearness, in which the middle of the picture counts most and its lower rim (the ground)
    little, is read from the near end; the first peak that holds enough of the picture is it.
    """
    step = max(1, max(near.shape) // _STRIDE_PIXELS)
    small = near[::step, ::step]
    v = (np.arange(small.shape[0]) + 0.5)[:, None] / small.shape[0] - 0.5
    u = (np.arange(small.shape[1]) + 0.5)[None, :] / small.shape[1] - 0.5
    weight = np.exp(-(u * u + v * v) / (2 * 0.22**2))
    counts, edges = np.histogram(small, bins=_BINS, range=(0, 1), weights=weight)
    share = np.convolve(counts / counts.sum(), (1, 2, 3, 2, 1), mode="same") / 3
    for i in range(_BINS - 1, -1, -1):
        left, right = share[max(0, i - 1)], share[min(_BINS - 1, i + 1)]
        if share[i] >= _ENOUGH and share[i] >= left and share[i] >= right:
            return float((edges[i] + edges[i + 1]) / 2)
    return float(edges[int(share.argmax())])


def threshold(near: npt.NDArray[np.float32]) -> float:
    """Nearness, 0…1, that parts near from far best: N. Otsu, "A Threshold Selection Method", 1979."""
    counts, edges = np.histogram(near, _LEVELS, (0.0, 1.0))
    middles = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts), np.cumsum(counts * middles)
    above, rest = below[-1] - below, sums[-1] - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where((below > 0) & (above > 0), below * above * (sums / below - rest / above) ** 2, 0.0)
    best = np.flatnonzero(apart >= apart.max() * (1 - 1e-9))
    return float(edges[1:][best].mean())  # in an empty gap all are as good: its middle
