"""The metrics against a second implementation, written pixel by pixel or by another algorithm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nearfar.evaluation.alignment import align_inverse
from nearfar.evaluation.figures import depth_figures, depth_from_inverse
from nearfar_lab.metrics.order import order_accuracy


@pytest.fixture
def maps() -> tuple[np.ndarray, np.ndarray]:
    """A prediction and the true depth in metres, 400 pixels."""
    rng = np.random.default_rng(0)
    true = rng.uniform(0.5, 9.5, 400)
    return 3 / true + rng.normal(0, 0.3, 400) - 7, true


def test_alignment_is_least_squares(maps: tuple[np.ndarray, np.ndarray]) -> None:
    """The same as numpy's general solver."""
    prediction, true = maps
    system = np.stack([prediction, np.ones_like(prediction)], axis=1)
    expected = system @ np.linalg.lstsq(system, 1 / true, rcond=None)[0]
    np.testing.assert_allclose(align_inverse(prediction, 1 / true), expected, rtol=1e-9)


def test_a_flat_prediction_is_shifted_only() -> None:
    """No division by zero: the mean everywhere."""
    np.testing.assert_allclose(align_inverse(np.full(4, 2.0), np.array([0.1, 0.2, 0.3, 0.4])), 0.25)


def test_depth_is_capped() -> None:
    """Aligned inverse depth below 1/cap (even negative) becomes the cap."""
    depth = depth_from_inverse(np.array([0.0, 1.0, 2.0]), np.array([-0.2, 0.5, 1.0]) + 0.05, 10.0)
    assert depth.max() == pytest.approx(10.0)


def test_figures_pixel_by_pixel(maps: tuple[np.ndarray, np.ndarray]) -> None:
    """Every figure as a plain loop computes it."""
    prediction, true = maps
    found = depth_from_inverse(prediction, 1 / true, 10.0)
    figures = depth_figures(found, true)
    count = len(true)
    ratios = [max(a / b, b / a) for a, b in zip(found, true, strict=True)]
    logs = [math.log(a) - math.log(b) for a, b in zip(found, true, strict=True)]
    assert figures.beyond == pytest.approx(sum(r > 1.25 for r in ratios) / count)
    assert figures.delta1 == pytest.approx(1 - figures.beyond)
    assert figures.delta2 == pytest.approx(sum(r <= 1.5625 for r in ratios) / count)
    assert figures.delta3 == pytest.approx(sum(r <= 1.953125 for r in ratios) / count)
    assert figures.abs_rel == pytest.approx(
        sum(abs(a - b) / b for a, b in zip(found, true, strict=True)) / count
    )
    assert figures.rmse == pytest.approx(math.dist(found, true) / math.sqrt(count))
    assert figures.log10 == pytest.approx(sum(abs(g) for g in logs) / math.log(10) / count)
    variance = sum(g * g for g in logs) / count - (sum(logs) / count) ** 2
    assert figures.silog == pytest.approx(100 * math.sqrt(variance))


def test_order_of_all_pairs(maps: tuple[np.ndarray, np.ndarray]) -> None:
    """Many random pairs come near the share over all pairs."""
    prediction, true = maps
    right = asked = 0
    for i in range(len(true)):
        for j in range(i):
            if abs(true[i] - true[j]) > 0.1:
                asked += 1
                right += (prediction[i] > prediction[j]) == (true[i] < true[j])
    assert order_accuracy(prediction, true, pairs=50_000) == pytest.approx(right / asked, abs=0.01)


def test_order_of_a_perfect_and_of_an_opposite_map() -> None:
    """All right, all wrong, and half where nothing is said."""
    true = np.linspace(1, 9, 200)
    assert order_accuracy(1 / true, true) == 1.0
    assert order_accuracy(true, true) == 0.0
    assert order_accuracy(np.zeros(200), true) == 0.5


def test_order_without_any_pair_is_unknown() -> None:
    """A wall at one distance has no order."""
    assert math.isnan(order_accuracy(np.arange(50.0), np.full(50, 3.0)))
