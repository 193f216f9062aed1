"""Hashes and smooth noise: in range, the same every time, without steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar_lab.scenes.noise import fbm2, fbm3, hash_unit, noise2, noise3

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES = np.random.default_rng(0).uniform(-60, 60, (300, 3))

NOISES: dict[str, Callable[[float, float, float, int], float]] = {
    "noise2": lambda x, y, _, seed: noise2(x, y, seed),
    "noise3": noise3,
    "fbm2": lambda x, y, _, seed: fbm2(x, y, 4, seed),
    "fbm3": lambda x, y, z, seed: fbm3(x, y, z, 4, seed),
}


def test_hashes_are_spread_evenly() -> None:
    """Of many, each tenth of 0…1 holds about a tenth, and the mean is a half."""
    found = np.array([hash_unit(x, y, z, 3) for x in range(-15, 15) for y in range(-15, 15) for z in (0, 7)])
    assert found.min() >= 0
    assert found.max() < 1
    assert found.mean() == pytest.approx(0.5, abs=0.03)
    counts, _ = np.histogram(found, 10, (0, 1))
    assert counts.min() > 0.7 * len(found) / 10
    assert counts.max() < 1.3 * len(found) / 10


@pytest.mark.parametrize("at", range(4))
def test_each_number_changes_a_hash(at: int) -> None:
    """All three places and the seed have a part in it."""
    place = [4, -9, 2, 11]
    before = hash_unit(*place)
    place[at] += 1
    assert hash_unit(*place) != before


def test_neighbouring_hashes_have_nothing_to_do_with_each_other() -> None:
    """No stripes: the correlation along each axis is small."""
    grid = np.array([[hash_unit(x, y, 0, 5) for x in range(40)] for y in range(40)])
    for one, other in ((grid[:, :-1], grid[:, 1:]), (grid[:-1], grid[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("name", list(NOISES))
def test_noise_stays_between_0_and_1(name: str) -> None:
    """And uses much of that range."""
    found = np.array([NOISES[name](*place, 1) for place in PLACES])
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.ptp(found) > 0.4


@pytest.mark.parametrize("name", list(NOISES))
def test_noise_has_no_steps(name: str) -> None:
    """A ten-thousandth of a unit on, it is nearly the same, over the borders of its cells too."""
    for place in [*PLACES[:60], np.array([3.0, 4.0, 5.0]), np.array([-2.0, 0.0, -1.0])]:
        for axis in range(3):
            near = place.copy()
            near[axis] -= 1e-4
            assert NOISES[name](*near, 2) == pytest.approx(NOISES[name](*place, 2), abs=2e-3)


@pytest.mark.parametrize("name", list(NOISES))
def test_another_seed_is_another_noise(name: str) -> None:
    """Hardly correlated with the first."""
    one, other = (np.array([NOISES[name](*place, seed) for place in PLACES]) for seed in (1, 77))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.35


def test_noise_at_whole_places_is_the_hash() -> None:
    """Between them it is a mean of the corners, weighted by a cubic."""
    for x, y, z in ((0, 0, 0), (5, -3, 2), (-8, 11, -4)):
        assert noise2(float(x), float(y), 6) == pytest.approx(hash_unit(x, y, 0, 6))
        assert noise3(float(x), float(y), float(z), 6) == pytest.approx(hash_unit(x, y, z, 6))
    corners = [hash_unit(x, y, 0, 6) for x in (0, 1) for y in (0, 1)]
    assert noise2(0.5, 0.5, 6) == pytest.approx(np.mean(corners))
    share = 0.25**2 * (3 - 2 * 0.25)
    assert noise2(0.25, 2.0, 6) == pytest.approx(
        (1 - share) * hash_unit(0, 2, 0, 6) + share * hash_unit(1, 2, 0, 6)
    )


def test_noise_in_space_is_flat_noise_in_each_whole_layer() -> None:
    """The hash of the third place is what differs."""
    assert noise3(1.3, 2.6, 0.0, 9) == pytest.approx(noise2(1.3, 2.6, 9))


def test_octaves_halve() -> None:
    """One octave is the noise itself; two are two thirds of it and a third of one of half the size."""
    assert fbm2(1.2, 3.4, 1, 8) == pytest.approx(noise2(1.2, 3.4, 8))
    assert fbm3(1.2, 3.4, 5.6, 1, 8) == pytest.approx(noise3(1.2, 3.4, 5.6, 8))
    finer = noise2(1.2 * 2.03 + 17.1, 3.4 * 2.03 - 9.7, 9)
    assert fbm2(1.2, 3.4, 2, 8) == pytest.approx((2 * noise2(1.2, 3.4, 8) + finer) / 3)


def test_more_octaves_have_more_detail() -> None:
    """A sum of five octaves bends more often than one."""
    x = np.arange(0, 12, 0.05)
    rough, smooth = (
        np.abs(np.diff([fbm2(float(v), 0.7, octaves, 4) for v in x], n=2)).sum() for octaves in (5, 1)
    )
    assert rough > 2 * smooth
