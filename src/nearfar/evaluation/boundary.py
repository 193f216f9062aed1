"""Boundary F1 with a radius: are the steps of depth where they belong (MoGe, after Depth Pro)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from nearfar.types.arrays import Mask

    Floats = npt.NDArray[np.float64]

STEPS = tuple(float(step) for step in np.linspace(0.05, 0.25, 10))
"""Neighbours whose depths differ by more than such a share have a boundary between them."""


def boundary_f1(found_m: Floats, true_m: Floats, is_known: Mask, radius: int) -> float:
    """F1 of the boundaries in a depth map, 0…1; all (H, W).

    A boundary lies between a pixel and another within ``radius`` of it where the other is more than a step
    farther. F1 is taken for each of STEPS over all such pairs of known pixels, and averaged with the steps as
    weights. NaN where the truth has no boundary at all.
    """
    hits, said, real = (np.zeros(len(STEPS)) for _ in range(3))
    for here, there in _pairs(true_m.shape, radius):
        is_asked = is_known[here] & is_known[there]
        ours = found_m[there][is_asked] / found_m[here][is_asked]
        theirs = true_m[there][is_asked] / true_m[here][is_asked]
        for place, step in enumerate(STEPS):
            is_ours, is_theirs = ours > 1 + step, theirs > 1 + step
            hits[place] += np.count_nonzero(is_ours & is_theirs)
            said[place] += np.count_nonzero(is_ours)
            real[place] += np.count_nonzero(is_theirs)
    if not real.any():
        return float("nan")
    scores = 2 * hits / np.maximum(said + real, 1)
    return float(np.average(scores, weights=STEPS))


def _pairs(shape: tuple[int, ...], radius: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Of every offset within the radius: the pixels that have a whole window, and those beside them."""
    height, width = shape
    inner = slice(radius, height - radius), slice(radius, width - radius)
    for down in range(-radius, radius + 1):
        for across in range(-radius, radius + 1):
            if 0 < down * down + across * across <= radius * radius:
                rows = slice(radius + down, height - radius + down)
                columns = slice(radius + across, width - radius + across)
                yield inner, (rows, columns)
