"""Where rays meet shapes, against marching along them with an inside test; and which way surfaces face.

The kernels run as the plain Python that they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar_lab.scenes import shapes, tree
from nearfar_lab.scenes.builder import Builder, rotation
from nearfar_lab.scenes.light import unit, unit_normal
from nearfar_lab.scenes.shapes import MISS

if TYPE_CHECKING:
    from collections.abc import Callable

HALF = (0.8, 0.6, 0.5)
SPAN = (1e-6, 100.0)
STEP = 4e-3
Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Solid:
    """A shape with a test of what is inside it, written apart from the kernels."""

    kind: int
    extra: Vector
    is_inside: Callable[[np.ndarray], np.ndarray]

    def row(self) -> np.ndarray:
        """Its primitive, at the origin."""
        b = Builder()
        b.add(self.kind, (0.0, 0.0, 0.0), HALF, b.material((0.5, 0.5, 0.5)), extra=self.extra)
        return np.array(b.rows)


def _in_box(p: np.ndarray) -> np.ndarray:
    share = (p[:, 1] + HALF[1]) / (2 * HALF[1])
    wide = HALF[0] * (1 + (0.5 - 1) * share)
    deep = HALF[2] * (1 + (0.7 - 1) * share)
    inside = (np.abs(p[:, 0]) <= wide) & (np.abs(p[:, 2] - 0.2 * share) <= deep)
    return inside & (np.abs(p[:, 1]) <= HALF[1])


def _in_frustum(p: np.ndarray) -> np.ndarray:
    r = 1 + (0.4 - 1) * (p[:, 1] + HALF[1]) / (2 * HALF[1])
    return (np.hypot(p[:, 0] / HALF[0], p[:, 2] / HALF[2]) <= r) & (np.abs(p[:, 1]) <= HALF[1])


def _in_capsule(p: np.ndarray) -> np.ndarray:
    nearest = np.clip(p[:, 1], -HALF[1], HALF[1])
    return np.sqrt(p[:, 0] ** 2 + (p[:, 1] - nearest) ** 2 + p[:, 2] ** 2) <= HALF[0]


def _in_roundbox(p: np.ndarray) -> np.ndarray:
    core = np.array(HALF) - 0.15
    return np.linalg.norm(p - np.clip(p, -core, core), axis=1) <= 0.15


SOLIDS = {
    "box": Solid(shapes.BOX, (0.5, 0.7, 0.2), _in_box),
    "ellipsoid": Solid(shapes.ELLIPSOID, (0, 0, 0), lambda p: ((p / HALF) ** 2).sum(axis=1) <= 1),
    "frustum": Solid(shapes.FRUSTUM, (0.4, 0, 0), _in_frustum),
    "capsule": Solid(shapes.CAPSULE, (0, 0, 0), _in_capsule),
    "roundbox": Solid(shapes.ROUNDBOX, (0.15, 0, 0), _in_roundbox),
}


def _rays(count: int, seed: int = 0) -> list[tuple[Vector, Vector]]:
    """Rays from a sphere of 4 m towards places near the middle; their directions are not of length one."""
    rng = np.random.default_rng(seed)
    away = rng.standard_normal((count, 3))
    starts = 4 * away / np.linalg.norm(away, axis=1, keepdims=True)
    aims = rng.uniform(-0.9, 0.9, (count, 3)) - starts
    aims *= rng.uniform(0.3, 1.0, (count, 1)) / 4
    return [(tuple(map(float, o)), tuple(map(float, d))) for o, d in zip(starts, aims, strict=True)]


def _marched(solid: Solid, o: Vector, d: Vector) -> float:
    """The first t of a fine grid that is inside, found again on a finer one."""
    t = np.arange(0, 24, STEP)
    inside = solid.is_inside(np.array(o) + t[:, None] * np.array(d))
    if not inside.any():
        return MISS
    fine = t[inside.argmax()] + np.linspace(-STEP, 0, 401)
    return float(fine[solid.is_inside(np.array(o) + fine[:, None] * np.array(d)).argmax()])


@pytest.mark.parametrize("name", list(SOLIDS))
def test_a_ray_meets_a_solid_where_marching_finds_it(name: str) -> None:
    """The first place inside, for many rays; rays that only graze it are not asked."""
    solid, prims = SOLIDS[name], SOLIDS[name].row()
    met = 0
    for o, d in _rays(60):
        expected, found = _marched(solid, o, d), shapes.hit(prims, 0, o, d, SPAN)
        if expected == MISS:
            assert found == MISS or not _is_deep(solid, o, d, found)
            continue
        met += 1
        assert found == pytest.approx(expected, abs=2e-4) or not _is_deep(solid, o, d, expected)
    assert met > 15


def _is_deep(solid: Solid, o: Vector, d: Vector, t: float) -> bool:
    """Whether the ray stays inside for more than two steps of the march."""
    after = t + np.linspace(0.1, 2, 8) * STEP
    return bool(solid.is_inside(np.array(o) + after[:, None] * np.array(d)).all())


@pytest.mark.parametrize("name", list(SOLIDS))
def test_normals_are_of_length_one_and_face_the_viewer(name: str) -> None:
    """A little way along the normal is outside, a little way back inside."""
    solid, prims = SOLIDS[name], SOLIDS[name].row()
    met = 0
    for o, d in _rays(60, seed=1):
        t = shapes.hit(prims, 0, o, d, SPAN)
        if t == MISS or not _is_deep(solid, o, d, t):
            continue
        met += 1
        point = np.array(o) + t * np.array(d)
        normal = np.array(unit_normal(prims, 0, tuple(point)))
        assert np.linalg.norm(normal) == pytest.approx(1, abs=1e-6)
        assert normal @ d < 1e-6
        assert not solid.is_inside((point + 3e-3 * normal)[None])[0]
        assert solid.is_inside((point - 3e-3 * normal)[None])[0]
    assert met > 15


@pytest.mark.parametrize("name", ["box", "ellipsoid", "frustum"])
def test_from_inside_a_ray_meets_the_far_side(name: str) -> None:
    """The whole way there is inside, and just behind it nothing is."""
    solid, prims = SOLIDS[name], SOLIDS[name].row()
    for _, d in _rays(20, seed=2):
        o = (0.0, 0.05, 0.06)
        t = shapes.hit(prims, 0, o, d, SPAN)
        assert t < MISS
        way = np.array(o) + t * np.linspace(0.01, 0.99, 50)[:, None] * np.array(d)
        assert solid.is_inside(way).all()
        assert not solid.is_inside((np.array(o) + 1.01 * t * np.array(d))[None])[0]


@pytest.mark.parametrize("name", list(SOLIDS))
def test_only_what_lies_in_the_span_is_met(name: str) -> None:
    """Nothing before its end is found beyond it, and a later start never finds what was before."""
    prims = SOLIDS[name].row()
    o, d = (0.1, 0.1, -4.0), (0.0, 0.0, 1.0)
    first = shapes.hit(prims, 0, o, d, SPAN)
    assert 3 < first < 4
    assert shapes.hit(prims, 0, o, d, (1e-6, first - 1e-3)) == MISS
    later = shapes.hit(prims, 0, o, d, (first + 0.05, 100.0))
    assert later > first + 0.05
    assert shapes.hit(prims, 0, o, (0.0, 0.0, -1.0), SPAN) == MISS


@pytest.mark.parametrize("name", list(SOLIDS))
def test_a_turned_shape_meets_a_turned_ray_at_the_same_place(name: str) -> None:
    """Moving and turning both changes nothing, and halving the direction doubles t."""
    solid = SOLIDS[name]
    turn, move = rotation(40.0, -25.0, 70.0), np.array([2.0, -1.0, 3.0])
    b = Builder()
    with b.at(*move, 40.0, -25.0, 70.0):
        b.add(solid.kind, (0.0, 0.0, 0.0), HALF, b.material((0.5, 0.5, 0.5)), extra=solid.extra)
    prims, still = np.array(b.rows), solid.row()
    for o, d in _rays(20, seed=3):
        expected = shapes.hit(still, 0, o, d, SPAN)
        o_turned, d_turned = tuple(turn @ o + move), tuple(turn @ d / 2)
        found = shapes.hit(prims, 0, o_turned, d_turned, (1e-6, 200.0))
        assert found == (MISS if expected == MISS else pytest.approx(2 * expected, rel=1e-4))


@pytest.mark.parametrize("name", list(SOLIDS))
def test_what_a_ray_meets_lies_in_the_bounds_of_the_tree(name: str) -> None:
    """For a turned shape too, so that walking the tree loses nothing."""
    solid = SOLIDS[name]
    b = Builder()
    b.add(
        solid.kind,
        (0.1, 0.2, -0.1),
        HALF,
        b.material((0.5, 0.5, 0.5)),
        extra=solid.extra,
        turn=(33.0, 21.0, -48.0),
    )
    prims = np.array(b.rows)
    low, high = tree.boxes(prims)[0].reshape(2, 3)
    for o, d in _rays(40, seed=4):
        t = shapes.hit(prims, 0, o, d, SPAN)
        if t < MISS:
            point = np.array(o) + t * np.array(d)
            assert (point >= low).all()
            assert (point <= high).all()


def _share_of_mask(mask: int, pitch: float, a: float = 1.0, b: float = 1.0) -> float:
    side = np.linspace(-1, 1, 241)[:-1] + 1 / 241
    return float(np.mean([shapes.is_solid((pitch, mask, 5), x * a, y * b, a, b) for x in side for y in side]))


def _leaf_share() -> float:
    v = np.linspace(-1, 1, 4001)
    return float(np.mean((1 - v) * (1 + v) * (0.75 + 0.25 * v)))


@pytest.mark.parametrize(
    ("mask", "share"),
    [
        (shapes.FULL, 1.0),
        (shapes.DISC, math.pi / 4),
        (shapes.GRILLE, 1 - 0.82**2),
        (shapes.MESH, 1 - 0.88**2),
        (shapes.LEAF, _leaf_share()),
        (shapes.RAILING, 1 - 0.8 * (1 - 0.05 - 0.06)),
    ],
)
def test_a_mask_leaves_the_share_that_its_form_has(mask: int, share: float) -> None:
    """Bars of 18 % either way, wires of 12 %, a disc, a leaf, a railing of posts and two rails."""
    assert _share_of_mask(mask, 0.0731) == pytest.approx(share, abs=0.02)


def test_grass_thins_out_upwards() -> None:
    """Each band of height holds less than the one below it."""
    u = np.linspace(-1, 1, 400)
    shares = [
        np.mean([shapes.is_solid((0.05, shapes.GRASS, 3), x, y, 1.0, 1.0) for x in u])
        for y in (-0.95, -0.4, 0.1, 0.6)
    ]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.8
    assert shares[-1] < 0.3


def test_leaves_stay_inside_their_twig() -> None:
    """Nothing beyond the unit disc, holes inside, and another seed has other leaves."""
    side = np.linspace(-1, 1, 61)
    spots = [(x, y) for x in side for y in side]
    one, other = (
        np.array([shapes.is_solid((0.15, shapes.LEAVES, seed), x, y, 1.0, 1.0) for x, y in spots])
        for seed in (1, 2)
    )
    far = np.array([x * x + y * y >= 1 for x, y in spots])
    assert not one[far].any()
    assert 0.1 < one[~far].mean() < 0.95
    assert (one != other).mean() > 0.1


def test_a_quad_is_met_in_its_plane_and_nowhere_else() -> None:
    """At the distance of the plane, inside of its sides; a ray along it passes by."""
    cut = (0.1, shapes.FULL, 0)
    assert shapes.hit_quad((0.2, 0.1, -2.0), (0.1, 0.0, 0.5), HALF, cut, SPAN) == pytest.approx(4.0)
    assert shapes.hit_quad((0.5, 0.1, -2.0), (0.1, 0.0, 0.5), HALF, cut, SPAN) == MISS
    assert shapes.hit_quad((0.2, 0.1, 0.0), (1.0, 0.0, 0.0), HALF, cut, SPAN) == MISS


def test_foliage_lets_rays_through_the_more_the_thinner_it_is() -> None:
    """And what is met lies inside of its ellipsoid."""
    met = {}
    for density in (0.0, 1.0):
        hits = 0
        for o, d in _rays(150, seed=5):
            t = shapes.hit_foliage(o, d, HALF, (6.0, density, 4), SPAN)
            if t < MISS:
                hits += 1
                point = (np.array(o) + t * np.array(d)) / HALF
                assert point @ point <= 1 + 1e-6
        met[density] = hits
    assert 0 < met[0.0] < met[1.0]


def test_flat_ground_is_met_at_height_over_slope() -> None:
    """Level and rising rays never meet it."""
    land = (0.0, 0.1, 5.0, 1)
    assert shapes.hit_ground((0.0, 1.5, 0.0), (0.3, -0.5, 1.0), land, SPAN) == pytest.approx(3.0)
    assert shapes.hit_ground((0.0, 1.5, 0.0), (0.3, 0.0, 1.0), land, SPAN) == MISS
    assert shapes.hit_ground((0.0, 1.5, 0.0), (0.3, 0.2, 1.0), land, SPAN) == MISS


LAND = (12.0, 0.05, 6.0, 3)


def test_land_is_level_round_the_origin_and_never_higher_than_it_says() -> None:
    """Hills stand beyond the flat part, between 0 and 1.6 times the amplitude."""
    rng = np.random.default_rng(0)
    inner = rng.uniform(-4, 4, (100, 2))
    outer = rng.uniform(-400, 400, (400, 2))
    assert all(shapes.ground_height(x, z, LAND) == 0 for x, z in inner)
    heights = np.array([shapes.ground_height(x, z, LAND) for x, z in outer])
    assert heights.min() >= 0
    assert heights.max() <= 1.6 * LAND[0]
    assert np.ptp(heights) > 2


def test_a_ray_ends_on_the_land() -> None:
    """To the centimetre, and it was above it all the way."""
    met = 0
    for x, y in np.random.default_rng(1).uniform((-0.6, -0.25), (0.6, 0.03), (40, 2)):
        o, d = (0.0, 2.0, 0.0), (float(x), float(y), 1.0)
        t = shapes.hit_ground(o, d, LAND, (0.02, MISS))
        if t == MISS:
            continue
        met += 1
        assert o[1] + t * d[1] == pytest.approx(shapes.ground_height(t * d[0], t, LAND), abs=0.02)
        for share in np.linspace(0.05, 0.9, 8):
            s = share * t
            assert o[1] + s * d[1] > shapes.ground_height(s * d[0], s, LAND) - 0.3
    assert met > 15


def test_the_land_faces_up_as_its_slopes_say() -> None:
    """Its normal is at right angles to two ways along the land, over about a metre."""
    for x, z in np.random.default_rng(2).uniform(20, 90, (20, 2)):
        y, e = shapes.ground_height(x, z, LAND), 0.4
        normal = np.array(unit(shapes.local_normal(shapes.GROUND, (x, y, z), HALF, LAND[:3], LAND[3])))
        assert normal[1] > 0
        for dx, dz in ((e, 0.0), (0.0, e)):
            rise = shapes.ground_height(x + dx, z + dz, LAND) - shapes.ground_height(x - dx, z - dz, LAND)
            along = np.array([2 * dx, rise, 2 * dz])
            assert abs(normal @ along) / np.linalg.norm(along) < 0.1


def test_only_what_casts_shadows_blocks() -> None:
    """A shape that casts none is seen all the same."""
    b = Builder()
    m = b.material((0.5, 0.5, 0.5))
    b.add(shapes.ELLIPSOID, (0.0, 0.0, 5.0), (1.0, 1.0, 1.0), m, casts=False)
    o, d = (0.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    world = tree.build(np.array(b.rows), np.zeros(3))
    assert shapes.trace(world, o, d, SPAN) == (pytest.approx(4.0), 0)
    assert not shapes.is_blocked(world, o, d, MISS)
    b.add(shapes.ELLIPSOID, (0.0, 0.0, 8.0), (1.0, 1.0, 1.0), m)
    world = tree.build(np.array(b.rows), np.zeros(3))
    assert shapes.is_blocked(world, o, d, MISS)
    assert not shapes.is_blocked(world, o, d, 6.9)


def test_a_tree_holds_every_primitive_once() -> None:
    """Endless ground stands in the list without bounds; a box of each node holds those of its parts."""
    b = Builder()
    m = b.material((0.5, 0.5, 0.5))
    b.ground(0.0, m)
    for k in range(23):
        b.ball((float(k % 5), 1.0, float(k)), (0.3, 0.3, 0.3), m, seed=k)
    prims, bounds, links = tree.build(np.array(b.rows), np.zeros(3))
    assert sorted(prims[:, shapes.SEED][1:]) == list(range(23))
    assert prims[0, shapes.KIND] == shapes.GROUND
    listed = [i for _, first, count in links for i in range(first, first + count)]
    assert sorted(listed) == list(range(24))
    whole = tree.boxes(prims[1:])
    np.testing.assert_allclose(bounds[1], [*whole[:, :3].min(axis=0), *whole[:, 3:].max(axis=0)])
