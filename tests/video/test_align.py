"""Scale and shift by points that agree."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.video.align import Match, scale_and_shift

RANDOM = np.random.default_rng(5)
PLANE = RANDOM.uniform(0, 3, (60, 80)).astype(np.float32)
SURE = np.ones_like(PLANE)


def test_scale_and_shift_are_found() -> None:
    """Exactly, where nothing disturbs."""
    match = scale_and_shift(PLANE, 1.7 * PLANE - 0.4, SURE)
    assert (match.scale, match.shift) == pytest.approx((1.7, -0.4), abs=1e-5)


def test_a_third_that_moved_pulls_nothing() -> None:
    """A near thing over a third of the picture leaves the match where it was."""
    running = 1.2 * PLANE + 0.3
    running[:20] += 5
    match = scale_and_shift(PLANE, running, SURE)
    assert (match.scale, match.shift) == pytest.approx((1.2, 0.3), abs=1e-3)


def test_noise_does_not_shrink_the_scale() -> None:
    """A fitted slope would be 0.9 here; a thousand frames of that are nothing but grey."""
    noise = [RANDOM.normal(0, 0.3, PLANE.shape).astype(np.float32) for _ in range(2)]
    assert scale_and_shift(PLANE + noise[0], PLANE + noise[1], SURE).scale == pytest.approx(1, abs=0.03)


def test_metres_are_shifted_alone() -> None:
    """In logarithms a factor is a shift; the scale stays 1."""
    match = scale_and_shift(PLANE, PLANE + 0.25, SURE, shift_only=True)
    assert (match.scale, match.shift) == pytest.approx((1.0, 0.25), abs=1e-5)


@pytest.mark.parametrize(
    ("own", "running", "trust"),
    [
        (PLANE, RANDOM.permutation(PLANE.ravel()).reshape(PLANE.shape), SURE),
        (np.ones_like(PLANE), PLANE, SURE),
        (PLANE, 2 * PLANE, 0 * SURE),
    ],
)
def test_maps_that_do_not_agree_are_left(own, running, trust) -> None:
    """Another scene, a flat map, or nothing that can be trusted: scale 1."""
    assert scale_and_shift(own, running, trust).scale == Match().scale
