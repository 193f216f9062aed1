"""Boundary F1 against what its definition says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from nearfar_lab.accuracy import accuracy_page, accuracy_table
from nearfar_lab.datasets.frames import DataSet, Frame, Item
from nearfar_lab.evaluate import evaluate
from nearfar_lab.metrics.boundary import boundary_f1
from nearfar_lab.predictors import Ramp
from nearfar_lab.remembered import Remembered, remember

if TYPE_CHECKING:
    from pathlib import Path

    from nearfar_lab.datasets.frames import FloatMap, Pixels


@pytest.fixture
def box() -> np.ndarray:
    """A box at 2 m before a wall at 4 m."""
    depth_m = np.full((40, 60), 4.0)
    depth_m[10:30, 20:40] = 2.0
    return depth_m


def test_the_same_map_is_perfect_and_scale_is_free(box: np.ndarray) -> None:
    """Ratios of neighbours have no unit."""
    assert boundary_f1(box, box) == 1
    assert boundary_f1(7 * box, box) == 1


def test_a_flat_map_finds_nothing(box: np.ndarray) -> None:
    """And where the truth has no boundary there is no figure."""
    assert boundary_f1(np.ones_like(box), box) == 0
    assert np.isnan(boundary_f1(box, np.ones_like(box)))


def test_soft_and_shifted_edges_cost(box: np.ndarray) -> None:
    """To the pixel: one pixel beside loses the two sides it left, a blur nearly everything."""
    shifted = np.roll(box, 1, axis=1)
    assert boundary_f1(shifted, box) == pytest.approx(2 * 19 / 80, abs=0.02)
    assert boundary_f1(cv2.GaussianBlur(box, (0, 0), 3), box) < 0.1


def test_a_steep_plane_is_no_boundary(box: np.ndarray) -> None:
    """Ground up to the horizon has large ratios from row to row; only what stands on it counts."""
    inverse = np.repeat(np.linspace(0.01, 0.5, 40)[:, None], 60, axis=1)
    assert np.isnan(boundary_f1(1 / inverse, 1 / inverse))
    standing = inverse.copy()
    standing[10:30, 20:40] = 0.6
    assert boundary_f1(1 / standing, 1 / standing) == 1
    assert boundary_f1(1 / inverse, 1 / standing) < 0.3


def test_the_direction_counts(box: np.ndarray) -> None:
    """A hole is no box."""
    assert boundary_f1(8 / box, box) == 0


def _frame(box: np.ndarray) -> Frame:
    rgb = np.random.default_rng(0).integers(0, 255, (*box.shape, 3)).astype(np.uint8)
    return Frame("box", rgb, (1 / box).astype(np.float32))


def _sharp(box: np.ndarray) -> DataSet:
    items = [Item("box", "box", partial(_frame, box))]
    return DataSet("boxes", "made here", lambda _: items, has_sharp_edges=True)


def test_only_sharp_sets_have_the_figure(box: np.ndarray, tmp_path: Path) -> None:
    """The table shows a dash elsewhere, and the page says where it was made."""
    from datetime import date

    found = evaluate(Ramp(), _sharp(box), tmp_path)
    assert 0 <= found.means()["boundary_f1"] < 0.2
    plain = DataSet("plain", "made here", lambda _: [Item("box", "box", partial(_frame, box))])
    rows = accuracy_table([found, evaluate(Ramp(), plain, tmp_path)]).splitlines()
    assert [row.endswith("– |") for row in rows[2:]] == [False, True]
    assert "2030-01-02" in accuracy_page([found], [found], date(2030, 1, 2), "2 cores")


class Counting:
    """A predictor that counts its runs."""

    label, sha256 = "counting (exact 8)", "ab" * 32

    def __init__(self) -> None:
        self.runs = 0

    def nearness(self, rgb: Pixels) -> FloatMap:
        """Red, as it is."""
        self.runs += 1
        return rgb[..., 0].astype(np.float32)


def test_a_second_measurement_runs_no_network(box: np.ndarray, tmp_path: Path) -> None:
    """And gives identical figures; other weights are another memory."""
    counting = Counting()
    first, second = (evaluate(remember(counting, tmp_path), _sharp(box), tmp_path) for _ in range(2))
    assert first.rows == second.rows
    assert counting.runs == 1
    other = Counting()
    other.sha256 = "cd" * 32
    evaluate(remember(other, tmp_path), _sharp(box), tmp_path)
    assert other.runs == 1


def test_a_ramp_needs_no_memory(tmp_path: Path) -> None:
    """It has no weights to be known by."""
    assert not isinstance(remember(Ramp(), tmp_path), Remembered)
