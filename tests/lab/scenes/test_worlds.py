"""Every world makes whole scenes: the same from a seed, before the camera, upright and lying."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from nearfar_lab.scenes import light, shapes, surfaces, tree
from nearfar_lab.scenes.pictures import BLURRED, develop_of, scene_of
from nearfar_lab.scenes.pixel import ray
from nearfar_lab.scenes.scene import Scene, glance, view_row
from nearfar_lab.scenes.shapes import MISS
from nearfar_lab.scenes.worlds import WORLDS

LANDSCAPE, PORTRAIT = (24, 32), (32, 24)
OUTDOORS = {"street", "square", "car_park", "garden", "land", "aerial"}


@cache
def _scene(world: str, seed: int = 21, size: tuple[int, int] = LANDSCAPE) -> Scene:
    return scene_of(seed, size, world)


def _both(test: object) -> object:
    sizes = pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
    return sizes(pytest.mark.parametrize("world", list(WORLDS))(test))


def test_shares_of_worlds_sum_to_one() -> None:
    """Each above nothing."""
    shares = [share for share, _ in WORLDS.values()]
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("world", list(WORLDS))
def test_a_seed_gives_the_same_scene_and_another_another(world: str) -> None:
    """Shapes, materials, camera, light and lamps."""
    one, again, other = _scene(world), scene_of(21, LANDSCAPE, world), _scene(world, 22)
    np.testing.assert_array_equal(one.prims, again.prims)
    np.testing.assert_array_equal(one.materials, again.materials)
    np.testing.assert_array_equal(one.light.row(0.01), again.light.row(0.01))
    np.testing.assert_array_equal(one.light.lamps, again.light.lamps)
    assert one.camera == again.camera
    assert one.camera != other.camera
    assert one.prims.shape != other.prims.shape or (one.prims != other.prims).any()


@_both
def test_rows_of_a_scene_are_such_as_the_kernels_read(world: str, size: tuple[int, int]) -> None:
    """Right-angled axes, sizes above nothing, kinds and materials that there are, finite numbers."""
    scene = _scene(world, size=size)
    prims, materials = scene.prims, scene.materials
    assert np.isfinite(prims).all()
    axes = prims[:, 4:13].reshape(-1, 3, 3)
    np.testing.assert_allclose(
        axes @ axes.transpose(0, 2, 1), np.broadcast_to(np.eye(3), axes.shape), atol=1e-9
    )
    assert (prims[:, 13:16] > 0).all()
    assert set(prims[:, shapes.KIND]) <= set(range(8))
    assert set(prims[prims[:, shapes.KIND] == shapes.QUAD, shapes.MASK]) <= set(range(8))
    assert prims[:, shapes.MATERIAL].min() >= 0
    assert set(materials[:, surfaces.PATTERN]) <= set(range(17))
    assert (materials[:, 1:7] >= 0).all()
    assert ((materials[:, surfaces.MIRROR] >= 0) & (materials[:, surfaces.MIRROR] <= 1)).all()
    assert (materials[:, surfaces.SCALE] > 0).all()


@_both
def test_all_that_is_seen_lies_before_the_camera(world: str, size: tuple[int, int]) -> None:
    """Depth is above nothing, finite wherever it is not sky, and within the bounds of what is seen."""
    scene = _scene(world, size=size)
    depth, ids = glance(scene, size)
    is_sky = ids < 0
    assert (depth[is_sky] == MISS).all()
    assert (depth[~is_sky] > 0.05).all()
    assert (depth[~is_sky] < 5000).all()
    prims, _, _ = tree.build(scene.prims, np.asarray(scene.camera.position_m))
    bounds, view = tree.boxes(prims), view_row(scene.camera, *size)
    for y, x in np.argwhere(~is_sky)[::7]:
        seen = ids[y, x]
        if prims[seen, shapes.KIND] == shapes.GROUND:
            continue
        o, d = ray(view, x + 0.5, y + 0.5)
        point = np.add(o, np.multiply(depth[y, x], d))
        assert (point >= bounds[seen, :3] - 1e-6).all()
        assert (point <= bounds[seen, 3:] + 1e-6).all()


@_both
def test_a_camera_is_held_as_people_hold_it(world: str, size: tuple[int, int]) -> None:
    """A field of view that lenses have, hardly rolled, above the ground."""
    camera = _scene(world, size=size).camera
    assert 15 < camera.fov_deg < 130
    assert abs(camera.roll_deg) < 30
    assert camera.axes()[1][1] < 0
    assert abs(camera.distortion) < 0.5


@pytest.mark.parametrize("world", list(WORLDS))
def test_a_world_is_lit(world: str) -> None:
    """By a sun, lamps, glow or the sky; no colour of light is below nothing."""
    scene = _scene(world)
    row = scene.light.row(0.01)
    assert (row[light.SUN_COLOUR : light.SUN_COLOUR + 3] >= 0).all()
    assert (row[light.ZENITH : light.FOG] >= 0).all()
    assert (scene.light.lamps[:, 9:12] >= 0).all()
    assert scene.light.fog >= 0
    assert scene.light.occlusion_m > 0
    total = (
        row[3:6].sum() + scene.light.lamps[:, 9:12].sum() + scene.materials[:, 13:16].sum() + row[7:10].sum()
    )
    assert total > 0.1


@pytest.mark.parametrize("world", list(WORLDS))
def test_a_scene_says_what_it_shows(world: str) -> None:
    """By a word of its own, and it holds more than a few shapes."""
    scene = _scene(world)
    assert scene.world not in {"", "explicit"}
    assert len(scene.prims) > 5


@pytest.mark.parametrize("world", ["person", "street"])
def test_close_ups_are_often_out_of_focus(world: str) -> None:
    """As often as the table says, focused on something that is in the picture; others never are."""
    scene = replace(_scene(world), world=world)
    depth = np.full((24, 32), 4.0, np.float32)
    depth[8:14, 10:20] = 1.5
    ways = [develop_of(seed, scene, depth, (24, 32)) for seed in range(150)]
    blurred = [how for how in ways if how.defocus_px_m > 0]
    assert len(blurred) / 150 == pytest.approx(BLURRED.get(world, 0.0), abs=0.13)
    assert all(how.focus_m == 1.5 for how in blurred)


@pytest.mark.parametrize("world", sorted(set(WORLDS) - OUTDOORS - {"person", "objects", "plant"}))
def test_rooms_are_shut(world: str) -> None:
    """Indoors hardly any ray leaves for the sky."""
    _, ids = glance(_scene(world))
    assert (ids < 0).mean() < 0.3


def test_without_a_name_a_seed_chooses_by_the_shares() -> None:
    """Many kinds come, streets often, and a seed chooses the same whichever way a picture lies."""
    drawn = [scene_of(seed, (6, 8)).world for seed in range(30)]
    assert drawn.count("street") >= 3
    assert len(set(drawn)) >= 6
    assert [scene_of(seed, (8, 6)).world for seed in range(4)] == drawn[:4]
