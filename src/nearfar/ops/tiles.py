"""Overlapping tiles: where they lie, how one is brought to the scale of the whole, how they are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Map = npt.NDArray[np.float32]

_ROUNDS = 6  # of reweighting; the fit moves by less than 1e-3 of its scale after four on real pictures
_TUKEY = 4.685  # in robust standard deviations: 95 % as good as least squares where nothing is wrong
_PAIRS = 7  # pairs of each sample for the first slope
_FLAT = 1e-4  # of the whole map's spread: a tile with less says nothing
_FEWEST = 4  # samples


@dataclass(frozen=True, slots=True)
class Box:
    """A tile: left, top, width, height in pixels of the raster that all tiles make up."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where tiles lie: ``width``×``height`` pixels of the raster, tiles of (width, height) ``tile``.

    Neighbours share at least ``overlap`` of a tile. ``tile`` is at most as large as the raster.
    """

    width: int
    height: int
    tile: tuple[int, int]
    overlap: float = 1 / 3

    @property
    def columns(self) -> tuple[int, ...]:
        """The tiles' left edges."""
        return _starts(self.width, self.tile[0], self.overlap)

    @property
    def rows(self) -> tuple[int, ...]:
        """The tiles' top edges."""
        return _starts(self.height, self.tile[1], self.overlap)

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)

    def boxes(self) -> tuple[Box, ...]:
        """All tiles, row by row."""
        return tuple(Box(x, y, *self.tile) for y in self.rows for x in self.columns)

    def weight(self, box: Box) -> Map:
        """(H, W) in 0…1: how much a tile counts at each of its pixels; over all tiles it sums to 1."""
        across = _ramps(self.columns, self.tile[0], self.width)[self.columns.index(box.x)]
        down = _ramps(self.rows, self.tile[1], self.height)[self.rows.index(box.y)]
        return np.outer(down, across)


def _starts(length: int, tile: int, overlap: float) -> tuple[int, ...]:
    """Equally spaced, the first at 0 and the last ending at the end."""
    if tile >= length:
        return (0,)
    step = max(1, int(tile * (1 - overlap)))
    count = 1 + -(-(length - tile) // step)
    return tuple(round(i * (length - tile) / (count - 1)) for i in range(count))


def _ramps(starts: tuple[int, ...], tile: int, length: int) -> Map:
    """(tiles, tile): smooth rises and falls that sum to 1 at every place; none at the raster's own ends."""
    place = np.arange(tile, dtype=np.float64)
    bumps = np.empty((len(starts), tile))
    for i, start in enumerate(starts):
        rise = np.ones(tile) if i == 0 else _smooth((place + 1) / (starts[i - 1] + tile - start + 1))
        fall = np.ones(tile)
        if i + 1 < len(starts):
            fall = _smooth((tile - place) / (start + tile - starts[i + 1] + 1))
        bumps[i] = rise * fall
    total = np.zeros(length)
    for start, bump in zip(starts, bumps, strict=True):
        total[start : start + tile] += bump
    bumps /= [total[start : start + tile] for start in starts]
    return bumps.astype(np.float32)


def _smooth(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """0 to 1 without a kink at either end."""
    t = np.clip(share, 0, 1)
    return t * t * (3 - 2 * t)


def fit(tile: Map, whole: Map, spread: float, *, has_shift: bool) -> tuple[float, float] | None:
    """(scale, shift) that bring a tile's values to those of the whole map at the same places.

    Weighted least squares, begun at the median slope of pairs (Theil and Sen) and reweighted by Tukey's
    biweight, so that what only one of the two sees (a wire, a hole, a sky that the tile mistakes) does not
    pull. Without a shift: the median of ratios.

    Args:
        tile: values of the tile, any shape, float32.
        whole: the whole map's at the same places, same shape.
        spread: the range of the whole map, to tell what is flat.
        has_shift: False for metres, which have no free shift.

    Gives None where the tile says nothing that fits: it is flat, or runs against the whole map.
    """
    t, g = tile.ravel().astype(np.float64), whole.ravel().astype(np.float64)
    if t.size < _FEWEST:
        return None
    if not has_shift:
        return _ratio(t, g)
    if np.ptp(t) <= 1e-12 * max(1.0, float(np.abs(t).max())) or np.ptp(g) <= _FLAT * spread:
        return None
    scale = _median_slope(t, g)
    shift = float(np.median(g - scale * t))
    for _ in range(_ROUNDS):
        residual = np.abs(scale * t + shift - g)
        sigma = max(1.4826 * float(np.median(residual)), 1e-6 * spread)
        weights = np.square(np.clip(1 - np.square(residual / (_TUKEY * sigma)), 0, None))
        scale, shift = _least_squares(t, g, weights)
    return (scale, shift) if scale > 0 else None


def _median_slope(t: npt.NDArray[np.float64], g: npt.NDArray[np.float64]) -> float:
    """Of pairs that lie far apart in the tile's order, so that noise does not flatten it."""
    order = np.argsort(t)
    t, g = t[order], g[order]
    steps = np.linspace(t.size // 3, t.size - 2, _PAIRS).astype(int)
    across = [(t[s:] - t[:-s], g[s:] - g[:-s]) for s in np.unique(np.maximum(steps, 1))]
    run, rise = (np.concatenate(rows) for rows in zip(*across, strict=True))
    is_apart = run > 0
    return float(np.median(rise[is_apart] / run[is_apart])) if is_apart.any() else 0.0


def _least_squares(
    t: npt.NDArray[np.float64], g: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> tuple[float, float]:
    total = weights.sum()
    t_mean, g_mean = float(weights @ t / total), float(weights @ g / total)
    centred = t - t_mean
    variance = float(weights @ (centred * centred))
    scale = float(weights @ (centred * (g - g_mean))) / variance if variance > 0 else 0.0
    return scale, g_mean - scale * t_mean


def _ratio(t: npt.NDArray[np.float64], g: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    is_positive = (t > 0) & (g > 0)
    if is_positive.sum() < _FEWEST:
        return None
    return float(np.median(g[is_positive] / t[is_positive])), 0.0


def low(values: Map, sigma: float) -> Map:
    """(H, W) without what is smaller than about ``sigma`` pixels."""
    blurred = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, np.float32)
