"""Rank correlation against its textbook formulas."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.ops.ranks import rank_correlation, ranks


def test_ties_share_their_mean_rank() -> None:
    """Equal values are equally far up."""
    assert ranks(np.array([5.0, 1.0, 5.0, 7.0, 1.0])).tolist() == [2.5, 0.5, 2.5, 4.0, 0.5]


def test_without_ties_it_is_the_formula_of_squared_differences() -> None:
    """1 - 6 Σd² / n(n²-1)."""
    rng = np.random.default_rng(1)
    a, b = rng.random(200), rng.random(200)
    d = a.argsort().argsort() - b.argsort().argsort()
    expected = 1 - 6 * float((d.astype(float) ** 2).sum()) / (200 * (200**2 - 1))
    assert rank_correlation(a, b) == pytest.approx(expected)


def test_only_the_order_counts() -> None:
    """Any rising function changes nothing, a falling one turns the sign."""
    a = np.random.default_rng(2).random(50)
    assert rank_correlation(a, np.exp(9 * a)) == pytest.approx(1)
    assert rank_correlation(a, 1 / (a + 0.1)) == pytest.approx(-1)


@pytest.mark.parametrize("flat", [np.zeros(5), np.zeros(1), np.zeros(0)])
def test_flat_maps_have_none(flat: np.ndarray) -> None:
    """There is no order to agree on."""
    assert rank_correlation(flat, np.arange(float(flat.size))) is None
