"""Enough light and detail, or not."""

from __future__ import annotations

import numpy as np

from nearfar.ops.exposure import exposure_faults


def test_night_with_lamps_is_no_fault() -> None:
    """Some light in the dark is enough to see where things are."""
    night = np.zeros((100, 100, 3), np.uint8)
    night[:15, :15] = 220
    assert exposure_faults(night) == ()


def test_one_bright_speck_is_not_enough() -> None:
    """A hot pixel does not make a black photo good."""
    dark = np.zeros((100, 100, 3), np.uint8)
    dark[3, 3] = 255
    assert "dark" in exposure_faults(dark)


def test_noise_alone_is_flat() -> None:
    """Noise of a level or two is no detail."""
    noise = 100 + np.random.default_rng(10).integers(-1, 2, (50, 50, 3))
    assert exposure_faults(noise.astype(np.uint8)) == ("flat",)
