"""Tiles lie over the whole raster, fit to it, and are joined without a seam."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nearfar.ops.tiles import Grid, fit

RNG = np.random.default_rng(3)
LAYOUTS = [(100, 80, 32), (33, 32, 32), (32, 32, 32), (500, 90, 64), (20, 300, 20), (65, 64, 64)]


@pytest.mark.parametrize(("width", "height", "side"), LAYOUTS)
def test_weights_sum_to_one_everywhere(width: int, height: int, side: int) -> None:
    """What every tile says alike is said once, at every pixel."""
    grid = Grid(width, height, (side, side))
    total = np.zeros((height, width), np.float32)
    for box in grid.boxes():
        total[box.slices] += grid.weight(box)
    assert np.abs(total - 1).max() < 1e-5


@pytest.mark.parametrize(("width", "height", "side"), LAYOUTS)
def test_tiles_lie_inside_and_overlap(width: int, height: int, side: int) -> None:
    """No tile leaves the raster, and neighbours share at least a third."""
    grid = Grid(width, height, (side, side))
    assert len(grid) == len(grid.boxes())
    assert max(box.x + box.width for box in grid.boxes()) == width
    assert max(box.y + box.height for box in grid.boxes()) == height
    for starts in (grid.columns, grid.rows):
        assert all(0 < b - a <= side - side // 3 for a, b in itertools.pairwise(starts))


def test_weight_falls_towards_a_neighbour() -> None:
    """At the edge that a neighbour covers a tile hardly counts; at the picture's own edge it counts fully."""
    grid = Grid(80, 32, (32, 32))
    weight = grid.weight(grid.boxes()[0])
    assert weight[:, 0].min() == 1
    assert weight[:, -1].max() < 0.05
    assert (np.diff(weight[5]) <= 1e-6).all()


def test_fit_finds_scale_and_shift_among_outliers() -> None:
    """A fifth of the tile that shows something else does not pull."""
    whole = RNG.random((40, 40)).astype(np.float32)
    tile = (whole - 3) / 2.5
    tile[:8] += 9
    found = fit(tile.astype(np.float32), whole, 1.0, has_shift=True)
    assert found == pytest.approx((2.5, 3.0), abs=0.12)
    plain = np.polyfit(tile.ravel(), whole.ravel(), 1)
    assert abs(plain[0] - 2.5) > 1  # least squares alone is pulled away


def test_fit_of_metres_has_no_shift() -> None:
    """Metres are scaled by the ratio that half of the depth agrees on."""
    whole = 2 + RNG.random((40, 40)).astype(np.float32)
    tile = whole / 1.7
    tile[:8] = 50
    scale, shift = fit(tile.astype(np.float32), whole, 1.0, has_shift=False) or (0, 1)
    assert shift == 0
    assert scale == pytest.approx(1.7, rel=0.01)


@pytest.mark.parametrize(
    ("tile", "whole"),
    [
        (np.full((8, 8), 2.0), RNG.random((8, 8))),
        (RNG.random((8, 8)), np.full((8, 8), 2.0)),
        (np.arange(64.0).reshape(8, 8), -np.arange(64.0).reshape(8, 8)),
        (np.zeros((1, 2)), np.zeros((1, 2))),
    ],
)
def test_fit_says_nothing_where_there_is_nothing_to_say(tile: np.ndarray, whole: np.ndarray) -> None:
    """A flat tile, a flat whole, one that runs against the other, and too few pixels."""
    assert fit(tile.astype(np.float32), whole.astype(np.float32), 1.0, has_shift=True) is None


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_fit_of_metres_needs_positive_values(value: float) -> None:
    """A network that answers nothing but zero cannot be scaled."""
    tile = np.full((8, 8), value, np.float32)
    assert fit(tile, np.ones((8, 8), np.float32), 1.0, has_shift=False) is None
