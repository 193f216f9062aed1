"""EXR files: their channel, its metres, and that other programs read them."""

from __future__ import annotations

import io

import numpy as np
import OpenEXR
import pytest

import nearfar


@pytest.mark.parametrize("channel", ["Z", "Y"])
def test_metres_stand_in_the_channel_that_was_asked_for(channel: str) -> None:
    """As OpenEXR's own library reads them, value by value; nearfar reads both."""
    metres = np.linspace(0.5, 12, 48, dtype=np.float32).reshape(6, 8)
    valid = np.ones((6, 8), bool)
    valid[0, 0] = False
    data = nearfar.export("exr", nearfar.DepthMap(metres, nearfar.DepthKind.METRIC, valid), channel=channel)
    with OpenEXR.File(io.BytesIO(data)) as file:
        assert list(file.channels()) == [channel]
        found = file.channels()[channel].pixels
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[valid], metres[valid])
    assert np.isnan(found[0, 0])
    again = nearfar.read_depth(data)
    assert (again.kind, again.unit) == (nearfar.DepthKind.METRIC, "m")
    np.testing.assert_array_equal(again.numpy(), np.where(valid, metres, np.nan))
