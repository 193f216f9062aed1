"""One conversion to values in which near is large."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.types.nearness import CLOSEST_M, near_is_large, turn_over


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DepthKind.RELATIVE_INVERSE, [1, 2, 4]),
        (DepthKind.AFFINE_DEPTH, [-1, -2, -4]),
        (DepthKind.METRIC, [1, 0.5, 0.25]),
    ],
)
def test_each_kind_has_its_rule(kind: DepthKind, expected: list[float]) -> None:
    """As it is, negated, inverted; always a new array."""
    values = np.array([1, 2, 4], np.float32)
    found = near_is_large(values, kind)
    assert found.tolist() == expected
    assert found.dtype == np.float32
    assert not np.shares_memory(found, values)


def test_what_is_very_near_stays_finite() -> None:
    """Zero metres count as a millimetre; what is not known stays unknown."""
    found = near_is_large(np.array([0, np.nan], np.float32), DepthKind.METRIC)
    assert found[0] == pytest.approx(1 / CLOSEST_M)
    assert np.isnan(found[1])


def test_scaled_values_are_turned_over_in_place() -> None:
    """Only where far is large."""
    scaled = np.array([0, 0.25, 1], np.float32)
    assert turn_over(scaled, DepthKind.RELATIVE_INVERSE).tolist() == [0, 0.25, 1]
    assert turn_over(scaled, DepthKind.METRIC) is scaled
    assert scaled.tolist() == [1, 0.75, 0]
