"""Depth as a NumPy file."""

from __future__ import annotations

import io

import numpy as np

from nearfar.exports.npy import PLUGIN
from nearfar.types import DepthKind, DepthMap


def test_values_come_back_exactly() -> None:
    """Every bit is kept, in float32."""
    values = np.random.default_rng(13).random((5, 7)).astype(np.float32)
    found = np.load(io.BytesIO(PLUGIN.write(None, DepthMap(values, DepthKind.METRIC), PLUGIN.options())))
    assert found.dtype == np.float32
    assert np.array_equal(found, values)


def test_what_is_not_valid_is_nan() -> None:
    """Holes are NaN, whatever stood in them."""
    depth = DepthMap(np.array([[1, 9]], np.float32), DepthKind.METRIC, np.array([[True, False]]))
    found = np.load(io.BytesIO(PLUGIN.write(None, depth, PLUGIN.options())))
    assert found[0, 0] == 1
    assert np.isnan(found[0, 1])
