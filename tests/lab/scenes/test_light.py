"""What light arrives: closed forms of sun, lamps, sky and what is open."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nearfar_lab.scenes import light, shapes, tree
from nearfar_lab.scenes.builder import Builder, rotation
from nearfar_lab.scenes.scene import Camera, Lens, Light, view_row
from nearfar_lab.scenes.shapes import MISS

UP, AHEAD = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
NOON = Light(sun=(0.0, 2.0, 0.0), sun_colour=(2.0, 1.5, 1.0), sun_radius=0.0)


def _world(b: Builder) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tree.build(np.array(b.rows), np.zeros(3))


@pytest.fixture
def floor() -> Builder:
    """A level floor."""
    b = Builder()
    b.ground(0.0, b.material((0.5, 0.5, 0.5)))
    return b


def _roofed(floor: Builder) -> Builder:
    floor.quad((0.0, 2.0, 0.0), (4.0, 4.0), 0, turn=(0.0, 90.0, 0.0))
    return floor


@pytest.mark.parametrize("degrees", [0, 30, 60, 89])
def test_the_sun_gives_its_colour_times_a_cosine(floor: Builder, degrees: float) -> None:
    """Nothing on what faces away from it."""
    tilt = math.radians(degrees)
    normal = (math.sin(tilt), math.cos(tilt), 0.0)
    found = light.sun_light(_world(floor), NOON.row(0.01), ((0.0, 1.0, 0.0), normal, 0.5, 0.5))
    np.testing.assert_allclose(found, np.multiply(NOON.sun_colour, math.cos(tilt)), atol=1e-12)
    away = (normal[0], -normal[1], 0.0)
    assert light.sun_light(_world(floor), NOON.row(0.01), ((0.0, 1.0, 0.0), away, 0.5, 0.5)) == (0, 0, 0)


def test_under_a_roof_there_is_no_sun(floor: Builder) -> None:
    """Beside it there is."""
    world, env = _world(_roofed(floor)), NOON.row(0.01)
    assert light.sun_light(world, env, ((0.0, 1.0, 0.0), UP, 0.5, 0.5)) == (0.0, 0.0, 0.0)
    assert light.sun_light(world, env, ((3.0, 1.0, 0.0), UP, 0.5, 0.5)) == pytest.approx(NOON.sun_colour)


def _lamp(b: Builder, *, one_sided: bool) -> np.ndarray:
    b.lamps.clear()
    b.lamp((0.0, 3.0, 0.0), (0.1, 0.0, 0.0), (0.0, 0.0, 0.1), (4.0, 3.0, 2.0), one_sided=one_sided)
    return np.array(b.lamps)


@pytest.mark.parametrize("height", [0.0, 1.0, 2.0])
def test_a_lamp_fades_with_the_square_of_its_distance(floor: Builder, height: float) -> None:
    """Over 0.05 m² more, so that none is endless."""
    lamps = _lamp(floor, one_sided=False)
    found = light.lamp_light(_world(floor), lamps, 0, ((0.0, height + 1e-3, 0.0), UP, 0.5, 0.5), 0.0)
    expected = np.array([4.0, 3.0, 2.0]) / ((3.0 - height - 1e-3) ** 2 + 0.05)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_one_sided_lamp_shines_one_way(floor: Builder) -> None:
    """Along the cross product of its edges: here down, and not on a ceiling above it."""
    lamps, world = _lamp(floor, one_sided=True), _world(floor)
    below = light.lamp_light(world, lamps, 0, ((0.0, 1.0, 0.0), UP, 0.5, 0.5), 0.0)
    above = light.lamp_light(world, lamps, 0, ((0.0, 5.0, 0.0), (0.0, -1.0, 0.0), 0.5, 0.5), 0.0)
    assert below[0] > 0
    assert above == (0.0, 0.0, 0.0)
    both = light.lamp_light(
        world, _lamp(floor, one_sided=False), 0, ((0.0, 5.0, 0.0), (0.0, -1.0, 0.0), 0.5, 0.5), 0.0
    )
    assert both[0] > 0


def test_what_stands_between_takes_a_lamp_s_light(floor: Builder) -> None:
    """And what is too faint to be seen is not followed."""
    lamps = _lamp(floor, one_sided=False)
    at = ((0.0, 0.5, 0.0), UP, 0.5, 0.5)
    assert light.lamp_light(_world(floor), lamps, 0, at, 0.0)[1] > 0
    assert light.lamp_light(_world(floor), lamps, 0, at, 10.0) == (0.0, 0.0, 0.0)
    assert light.lamp_light(_world(_roofed(floor)), lamps, 0, at, 0.0) == (0.0, 0.0, 0.0)


def test_a_point_in_the_open_is_open(floor: Builder) -> None:
    """Every direction above a floor; in a corner the mean is less, and never under 0.15."""
    rng = np.random.default_rng(0)
    free = [
        light.open_share(_world(floor), 2.0, ((0.0, 0.01, 0.0), UP, u, v)) for u, v in rng.random((80, 2))
    ]
    assert min(free) == 1.0
    floor.quad((0.0, 1.0, 0.1), (8.0, 2.0), 0)
    shut = [
        light.open_share(_world(floor), 2.0, ((0.0, 0.01, 0.0), UP, u, v)) for u, v in rng.random((80, 2))
    ]
    assert 0.15 <= min(shut) < 0.4
    assert 0.4 < np.mean(shut) < 0.85


@pytest.mark.parametrize("normal", [UP, AHEAD, (0.0, 0.0, -1.0), (0.6, -0.64, 0.48)])
def test_directions_of_openness_gather_about_the_normal(normal: tuple[float, float, float]) -> None:
    """A wall across the normal is met by every ray, one behind it by none."""
    b = Builder()
    b.ball(tuple(-3.0 * n for n in normal), (2.9, 2.9, 2.9), b.material((0.5, 0.5, 0.5)))
    rng = np.random.default_rng(1)
    found = [
        light.open_share(_world(b), 9.0, ((0.0, 0.0, 0.0), normal, u, v)) for u, v in rng.random((60, 2))
    ]
    assert min(found) == 1.0
    b.ball(tuple(6.0 * n for n in normal), (5.9, 5.9, 5.9), 0)
    found = [
        light.open_share(_world(b), 9.0, ((0.0, 0.0, 0.0), normal, u, v)) for u, v in rng.random((60, 2))
    ]
    assert np.mean(np.array(found) < 1) > 0.8


def test_the_sky_goes_from_horizon_to_zenith() -> None:
    """Away from the sun: one colour level with us and below, nearly the other overhead."""
    day = Light(sun=(0.0, 0.0, -1.0))
    env = day.row(0.01)
    np.testing.assert_allclose(light.sky(env, AHEAD), day.horizon)
    np.testing.assert_allclose(light.sky(env, (0.0, -0.6, 0.8)), day.horizon)
    np.testing.assert_allclose(light.sky(env, UP), day.zenith, atol=0.03)


def test_the_sun_stands_in_the_sky_where_it_shines_from() -> None:
    """Much brighter there than a few degrees beside it."""
    env = NOON.row(0.01)
    beside = (math.sin(0.1), math.cos(0.1), 0.0)
    assert light.sky(env, UP)[0] > light.sky(env, beside)[0] + 5


def test_clouds_take_away_from_the_blue() -> None:
    """A covered sky is greyer over its directions than a clear one."""
    rng = np.random.default_rng(2)
    ways = rng.standard_normal((60, 3))
    ways[:, 1] = np.abs(ways[:, 1]) + 0.3
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    blue = []
    for clouds in (0.0, 1.0):
        env = Light(sun=(0.0, 0.0, -1.0), clouds=clouds).row(0.01)
        seen = np.array([light.sky(env, tuple(way)) for way in ways])
        assert (seen >= 0).all()
        blue.append(np.mean(seen[:, 2] - seen[:, 0]))
    assert blue[1] < 0.7 * blue[0]


def test_light_from_all_around_depends_on_the_slope() -> None:
    """Bounce from below, sky from above, their mean on a wall; all in proportion to its strength."""
    day = Light(ambient=0.5)
    down, level, up = (np.array(light.ambient(day.row(0.01), ny)) for ny in (-1.0, 0.0, 1.0))
    np.testing.assert_allclose(down, 0.5 * np.array(day.bounce))
    np.testing.assert_allclose(up, 0.25 * np.add(day.zenith, day.horizon))
    np.testing.assert_allclose(level, (down + up) / 2)


def test_a_primitive_s_frame_and_the_world_s_undo_each_other() -> None:
    """Directions and points, of a shape that is turned and moved."""
    b = Builder()
    b.box((1.0, 2.0, 3.0), (1.0, 1.0, 1.0), b.material((0.5, 0.5, 0.5)), turn=(20.0, 40.0, 60.0))
    prims = np.array(b.rows)
    for v in np.random.default_rng(3).standard_normal((10, 3)):
        there = shapes.turned(prims, 0, light.to_world(prims, 0, tuple(v)))
        np.testing.assert_allclose(there, v, atol=1e-12)
        point = np.add(light.to_world(prims, 0, tuple(v)), [1.0, 2.0, 3.0])
        np.testing.assert_allclose(light.own_frame(prims, 0, tuple(point)), v, atol=1e-12)


def test_a_mirror_shows_what_stands_there(floor: Builder) -> None:
    """The sky upwards, and downwards the floor in the light that falls on it."""
    day = Light(sun=(0.0, 1.0, 0.0))
    env = day.row(0.01)
    stage = (_world(floor), np.array(floor.materials), floor.photos, np.zeros((0, light.LAMP_ROW)), env)
    assert light.reflection(stage, (0.0, 1.0, 0.0), UP) == light.sky(env, UP)
    shown = light.reflection(stage, (0.0, 1.0, 0.0), (0.0, -1.0, 0.0))
    expected = 0.5 * (np.array(light.ambient(env, 1.0)) + 0.5 * np.array(day.sun_colour))
    np.testing.assert_allclose(shown, expected)


def test_only_gloss_has_a_highlight(floor: Builder) -> None:
    """Brightest where the mirrored view meets the sun, falling by the power of its shine."""
    floor.material((0.5, 0.5, 0.5), gloss=0.5, shine=10.0)
    stage = (_world(floor), np.array(floor.materials), floor.photos, np.zeros((0, 13)), NOON.row(0.01))
    assert light.highlight(stage, 0, (0.0, 0.0, 0.0), UP) == 0
    assert light.highlight(stage, 1, (0.0, 0.0, 0.0), UP) == pytest.approx(0.5)
    tilted = (math.sin(0.3), math.cos(0.3), 0.0)
    assert light.highlight(stage, 1, (0.0, 0.0, 0.0), tilted) == pytest.approx(0.5 * math.cos(0.3) ** 10)


@pytest.mark.parametrize("angles", [(0, 0, 0), (90, 0, 0), (30, -20, 0), (-120, 45, 15)])
def test_a_camera_s_axes_are_a_right_angled_frame(angles: tuple[float, float, float]) -> None:
    """Right, down, ahead: of length one, at right angles; level, the ground is below."""
    axes = Camera(yaw_deg=angles[0], pitch_deg=angles[1], roll_deg=angles[2]).axes()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(axes[0], axes[1]) @ axes[2], -1.0, atol=1e-12)
    assert axes[1][1] < 0


def test_yaw_turns_right_and_pitch_up() -> None:
    """As the camera's docstring says."""
    np.testing.assert_allclose(Camera(yaw_deg=90).axes()[2], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(Camera(pitch_deg=90).axes()[2], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(rotation(yaw_deg=90) @ [0, 0, 1], [1, 0, 0], atol=1e-12)


def test_points_of_a_lens_fill_its_opening_evenly() -> None:
    """None beyond its radius, a quarter within half of it, and their middle is the lens's."""
    points = Lens(aperture_m=0.2, focus_m=2.0, samples=400).points()
    away = np.hypot(*points.T)
    assert away.max() < 0.2
    assert np.mean(away < 0.1) == pytest.approx(0.25, abs=0.01)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=2e-3)


def test_rays_through_a_lens_meet_in_the_focal_plane() -> None:
    """From every point of the opening to the same place at the distance in focus, and apart elsewhere."""
    from nearfar_lab.scenes.pixel import ray

    camera, lens = Camera((1.0, 2.0, 3.0), 25.0, -10.0), Lens(0.1, 2.5, samples=12)
    ends, beyond = [], []
    for offset in lens.points():
        o, d = ray(view_row(camera, 40, 60, offset, lens.focus_m), 17.5, 31.5)
        ends.append(np.add(o, np.multiply(2.5, d)))
        beyond.append(np.add(o, np.multiply(5.0, d)))
    assert np.ptp(ends, axis=0).max() < 1e-9
    assert np.ptp(beyond, axis=0).max() > 0.1


def test_a_light_row_says_how_many_lamps_there_are(floor: Builder) -> None:
    """In the column that the kernels read, and the sun at length one."""
    lamps = _lamp(floor, one_sided=True)
    row = Light(sun=(0.0, 3.0, 4.0), lamps=lamps).row(0.25)
    assert len(row) == light.ENV
    assert (row[light.LAMPS], row[light.PIXEL]) == (1, 0.25)
    np.testing.assert_allclose(row[:3], [0, 0.6, 0.8])
    assert row[light.AO_REACH] < MISS
