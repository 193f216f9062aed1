"""Frames in the memory of a device, all of one canvas, so that a batch is drawn with one index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from nearfar_lab.datasets.frames import Frame

FARTHEST_INVERSE = 6e4
"""Inverse depth is kept in 16 bits, which end a little above."""


@dataclass(frozen=True)
class Traits:
    """What the annotation of a frame can teach (see :class:`nearfar_lab.datasets.frames.DataSet`)."""

    has_edges: bool = True
    has_zero: bool = True


class Pool:
    """Up to `capacity` frames, the longer side at most `canvas`, each in the upper left of its square.

    rgb: uint8 (K, S, S, 3). inverse: float16 (K, S, S), 1/m, NaN unknown. sizes: int (K, 2) (height, width).
    """

    def __init__(self, capacity: int, canvas: int, device: torch.device) -> None:
        self.canvas, self.device, self.capacity = canvas, device, capacity
        self.rgb = torch.zeros((capacity, canvas, canvas, 3), dtype=torch.uint8, device=device)
        self.inverse = torch.full((capacity, canvas, canvas), torch.nan, dtype=torch.float16, device=device)
        self.sizes = np.zeros((capacity, 2), np.int64)
        self.has_edges = np.zeros(capacity, bool)
        self.has_zero = np.zeros(capacity, bool)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, frames: Iterable[Frame], traits: Traits) -> None:
        """Take in frames, made smaller where they are larger than the canvas."""
        for frame in frames:
            rgb, inverse = _fitted(frame, self.canvas)
            self.add_many(rgb[None], inverse[None].astype(np.float16), traits)

    def add_many(self, rgb: NDArray[np.uint8], inverse: NDArray[np.float16], traits: Traits) -> int:
        """Take in (N, H, W, 3) pictures and (N, H, W) inverse depths; how many there was room for."""
        count = min(len(rgb), self.capacity - self._count)
        height, width = inverse.shape[1:]
        rows = slice(self._count, self._count + count)
        self.rgb[rows, :height, :width] = torch.from_numpy(np.array(rgb[:count])).to(self.device)
        # Sparse depth is drawn by nearest neighbour from a larger picture: each point fills its neighbours.
        depth = inverse[:count] if traits.has_edges else np.stack([_filled(one) for one in inverse[:count]])
        self.inverse[rows, :height, :width] = torch.from_numpy(np.array(depth)).to(self.device)
        self.sizes[rows] = height, width
        self.has_edges[rows], self.has_zero[rows] = traits.has_edges, traits.has_zero
        self._count += count
        return count

    def take(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Colour (uint8 (N, S, S, 3)) and inverse depth (float16 (N, S, S)) of frames, on the device."""
        at = torch.from_numpy(index).to(self.device, non_blocking=True)
        return self.rgb[at], self.inverse[at]


def _fitted(frame: Frame, canvas: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Colour and inverse depth with the longer side at most `canvas`."""
    height, width = frame.inverse_depth.shape
    factor = canvas / max(height, width)
    if factor >= 1:
        return frame.rgb, np.minimum(frame.inverse_depth, FARTHEST_INVERSE)
    size = (min(round(width * factor), canvas), min(round(height * factor), canvas))
    rgb = cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    inverse = cv2.resize(frame.inverse_depth, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return rgb, np.minimum(inverse.astype(np.float32), FARTHEST_INVERSE)


def _filled(inverse: NDArray[np.float16]) -> NDArray[np.float16]:
    """Every unknown pixel beside known ones takes the nearest of their depths."""
    known = np.nan_to_num(inverse.astype(np.float32), nan=-1.0)
    spread = np.asarray(cv2.dilate(known, np.ones((3, 3), np.uint8)), np.float32)
    whole = np.where(known > 0, known, np.where(spread > 0, spread, np.nan))
    return whole.astype(np.float16)
