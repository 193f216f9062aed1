"""Colours and relief of surfaces: shares of patterns, photos as tiles, what fades with distance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nearfar_lab.scenes import surfaces
from nearfar_lab.scenes.builder import Builder
from nearfar_lab.scenes.scene import NO_PHOTOS

A, B = (0.6, 0.3, 0.1), (0.1, 0.2, 0.5)
PATTERNS = {
    name: getattr(surfaces, name)
    for name in (
        *("BLOTCHES", "CHECKS", "BRICKS", "WOOD", "STRIPES", "TILES", "GRADIENT", "MARBLE"),
        *("SPECKLE", "PLANKS", "DOTS", "POSTER", "ROCK"),
    )
}
KINDS = {"PLAIN": surfaces.PLAIN, "FACADE": surfaces.FACADE, "BOOKS": surfaces.BOOKS, **PATTERNS}
UP, RIGHT, AHEAD = (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def _paint(kind: int, **more: float) -> tuple[np.ndarray, np.ndarray]:
    b = Builder()
    b.material(A, B, kind, **more)
    return np.array(b.materials), NO_PHOTOS


def _colour(
    paint: tuple[np.ndarray, np.ndarray],
    point: tuple[float, float, float],
    normal: tuple[float, float, float] = AHEAD,
    footprint: float = 1e-6,
) -> np.ndarray:
    return np.array(surfaces.reflectance(paint, 0, (point, normal, 1.0, 3, footprint)))


@pytest.fixture(scope="module")
def spots() -> list[tuple[float, float, float]]:
    """Places of a surface, spread over thirty pattern units."""
    return [tuple(map(float, p)) for p in np.random.default_rng(0).uniform(-15, 15, (400, 3))]


@pytest.mark.parametrize("kind", list(PATTERNS))
def test_a_pattern_mixes_two_colours(kind: str, spots: list[tuple[float, float, float]]) -> None:
    """Shares are in 0…1, brightness is above nothing, and some places differ."""
    found = [surfaces.pattern(PATTERNS[kind], (x, y), (x, y, z), (0.4, 15.0, 7)) for x, y, z in spots]
    share, light = np.array(found).T
    assert share.min() >= 0
    assert share.max() <= 1
    assert light.min() > 0
    assert np.ptp(share) > 0.3


@pytest.mark.parametrize("kind", list(KINDS))
def test_no_surface_reflects_more_than_it_gets(kind: str, spots: list[tuple[float, float, float]]) -> None:
    """Every reflectance is in 0…0.95, dirt and brightness included."""
    paint = _paint(KINDS[kind], dirt=0.5, scale=1.3)
    found = np.array([_colour(paint, spot) for spot in spots])
    assert found.min() >= 0
    assert found.max() <= 0.95


@pytest.mark.parametrize(("kind", "share"), [("STRIPES", 0.4), ("DOTS", math.pi * 0.4**2), ("CHECKS", 0.5)])
def test_regular_patterns_have_the_share_that_they_say(kind: str, share: float) -> None:
    """Stripes of 0.4, dots of radius 0.4, half of a board."""
    rng = np.random.default_rng(1)
    found = [
        surfaces.pattern(PATTERNS[kind], (u, v), (u, v, 0.0), (0.4, 1.0, 7))[0]
        for u, v in rng.uniform(-50, 50, (4000, 2))
    ]
    assert np.mean(found) == pytest.approx(share, abs=0.03)


def test_a_board_alternates() -> None:
    """Neighbouring squares differ, diagonal ones are alike, below zero too."""
    board = [
        [surfaces.pattern(surfaces.CHECKS, (u + 0.5, v + 0.5), (0, 0, 0), (0, 1, 0))[0] for u in range(-3, 3)]
        for v in range(-3, 3)
    ]
    cells = np.array(board)
    assert (cells[:, 1:] != cells[:, :-1]).all()
    assert (cells[1:, 1:] == cells[:-1, :-1]).all()


def test_joints_of_bricks_lie_in_a_running_bond() -> None:
    """Every other row is moved by half a brick; level joints run through."""
    edge = [
        surfaces.lines(u, v, 0.05, 1.0) for u, v in ((0.01, 0.25), (0.5, 0.25), (0.01, 0.75), (0.51, 0.75))
    ]
    assert edge == [1.0, 0.0, 0.0, 1.0]
    assert all(surfaces.lines(u, 0.01, 0.05, 1.0) == 1.0 for u in np.linspace(0, 1, 9))


def test_a_gradient_goes_from_one_colour_to_the_other() -> None:
    """The first at the foot of a shape, the second at its top, both halves alike in the middle."""
    paint = _paint(surfaces.GRADIENT)
    np.testing.assert_allclose(_colour(paint, (0.0, -1.0, 0.0)), A)
    np.testing.assert_allclose(_colour(paint, (0.0, 1.0, 0.0)), B)
    np.testing.assert_allclose(_colour(paint, (0.0, 0.0, 0.0)), np.add(A, B) / 2)


def test_a_plain_surface_is_its_first_colour() -> None:
    """At every place, unless it is dirty; dirt lightens and darkens all three alike."""
    np.testing.assert_allclose(_colour(_paint(surfaces.PLAIN), (3.0, 1.0, 2.0)), A)
    dirty = _colour(_paint(surfaces.PLAIN, dirt=0.4), (3.2, 1.3, 2.1)) / A
    assert np.ptp(dirty) < 1e-9
    assert 0.6 <= dirty[0] <= 1.4
    assert dirty[0] != 1


@pytest.mark.parametrize("kind", ["CHECKS", "STRIPES", "DOTS", "BRICKS", "PLANKS", "SPECKLE", "MARBLE"])
def test_far_away_a_pattern_is_one_mean_colour(kind: str, spots: list[tuple[float, float, float]]) -> None:
    """Where a pixel is as wide as a unit, nothing of it is left to sparkle."""
    paint = _paint(KINDS[kind])
    mean = np.add(A, 0.4 * np.subtract(B, A))
    for spot in spots[:50]:
        np.testing.assert_allclose(_colour(paint, spot, footprint=1.0), mean, atol=1e-9)
    near = np.array([_colour(paint, spot) for spot in spots])
    assert near.std(axis=0).max() > 0.02


@pytest.mark.parametrize(("normal", "expected"), [(UP, (1.0, 3.0)), (RIGHT, (3.0, 2.0)), (AHEAD, (1.0, 2.0))])
def test_a_pattern_lies_on_the_face_that_it_is_seen_on(
    normal: tuple[float, float, float], expected: tuple[float, float]
) -> None:
    """On top along x and z, on a side along z and y, in front along x and y; the sign does not matter."""
    assert surfaces.unrolled((1.0, 2.0, 3.0), normal) == expected
    assert surfaces.unrolled((1.0, 2.0, 3.0), tuple(-n for n in normal)) == expected


def test_a_photo_is_repeated_in_mirror_image() -> None:
    """With a period of two, symmetric about each whole place, without a step there."""
    photos = np.random.default_rng(2).random((2, 8, 8, 3)).astype(np.float32)
    for u, v in np.random.default_rng(3).uniform(-4, 4, (30, 2)):
        here = surfaces.photo(photos, 1, u, v)
        assert surfaces.photo(photos, 1, u + 2, v - 4) == pytest.approx(here, abs=1e-5)
        assert surfaces.photo(photos, 1, -u, v) == pytest.approx(here, abs=1e-5)
        assert surfaces.photo(photos, 1, u, 2 - v) == pytest.approx(here, abs=1e-5)
    left, right = (surfaces.photo(photos, 1, 1 + e, 0.3) for e in (-1e-6, 1e-6))
    assert left == pytest.approx(right, abs=1e-4)


def test_a_photo_stands_upright_and_shows_its_own_layer() -> None:
    """V goes up: its top row is at one, its foot at nothing; a constant layer is that constant."""
    photos = np.zeros((2, 5, 5, 3), np.float32)
    photos[0, 0] = 1.0
    photos[1] = 0.25
    assert surfaces.photo(photos, 0, 0.4, 0.999)[0] > 0.95
    assert surfaces.photo(photos, 0, 0.4, 0.5)[0] == pytest.approx(0, abs=1e-6)
    assert surfaces.photo(photos, 1, 0.77, 1.3) == pytest.approx((0.25, 0.25, 0.25))


def test_windows_fill_the_share_of_a_wall_that_they_are_wide() -> None:
    """Glass is as wide as its parameter less its frame, and none stands in a wall of narrow ones."""
    spots = np.random.default_rng(4).uniform(0, 30, (3000, 2))
    wide, narrow = (np.mean([surfaces.facade(u, v, width, 3)[0] for u, v in spots]) for width in (0.8, 0.3))
    assert wide == pytest.approx((0.8 - 0.06 - 0.04) * (0.63 - 0.03), abs=0.03)
    assert narrow == pytest.approx((0.3 - 0.06 - 0.04) * (0.63 - 0.03), abs=0.03)


def test_a_smooth_surface_has_no_relief() -> None:
    """Nor has a rough one from afar; near by it is at most half its bump in each direction."""
    spot = ((1.3, 0.4, 2.2), AHEAD, 1.0, 3, 1e-6)
    assert surfaces.relief(_paint(surfaces.PLAIN)[0], 0, spot) == (0.0, 0.0, 0.0)
    rough = _paint(surfaces.PLAIN, bump=0.4, scale=2.0)[0]
    near = np.array(surfaces.relief(rough, 0, spot))
    assert 0 < np.abs(near).max() <= 0.2
    assert surfaces.relief(rough, 0, (*spot[:4], 1.0)) == (0.0, 0.0, 0.0)


def test_two_shapes_of_one_material_do_not_look_the_same() -> None:
    """The seed of the shape has its part."""
    paint = _paint(surfaces.BOOKS)
    seen = [surfaces.reflectance(paint, 0, ((0.6, 0.2, 0.0), AHEAD, 1.0, seed, 1e-6)) for seed in range(6)]
    assert len(set(seen)) == 6
