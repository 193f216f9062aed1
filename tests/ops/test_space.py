"""Pixels and space: unprojection by projecting back, normals of known surfaces, meshes of known shapes."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.ops.mesh import jumps, mesh
from nearfar.ops.normals import Smoothing, normals, smooth_normals
from nearfar.ops.unproject import unproject
from nearfar.types import Camera
from spaces import BOXES, SPHERE_AT, SPHERE_M, room

CAMERAS = {
    "centred": Camera.from_fov(60.0, 40, 30),
    "shifted": Camera(35.0, 31.0, 12.0, 21.5),
    "wide": Camera.from_fov(120.0, 40, 30),
}
every_camera = pytest.mark.parametrize("camera", list(CAMERAS.values()), ids=list(CAMERAS))
AXES = np.array([1, -1, -1])
"""From x right, y up, z towards us to x right, y down, z ahead."""


def _grid(width: int, height: int, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:height, 0:width] + 0.5
    return (x - camera.cx_px) / camera.fx_px, (y - camera.cy_px) / camera.fy_px


def _plane(normal: tuple[float, float, float], camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Distance of a plane 5 m off that we look at from its front, and its unit normal towards us."""
    n = np.array(normal) / np.linalg.norm(normal)
    u, v = _grid(40, 30, camera)
    return (5 * n[2] / (u * n[0] + v * n[1] + n[2])).astype(np.float32), -n


@every_camera
def test_points_project_back_to_their_pixels(camera: Camera) -> None:
    """By the pinhole's own formula, at their own distance."""
    distance = np.random.default_rng(0).uniform(0.5, 20, (30, 40)).astype(np.float32)
    x, y, z = (unproject(distance, camera) * AXES).transpose(2, 0, 1)
    rows, columns = np.mgrid[0:30, 0:40]
    np.testing.assert_allclose(z, distance, rtol=1e-6)
    np.testing.assert_allclose(camera.fx_px * x / z + camera.cx_px, columns + 0.5, atol=1e-3)
    np.testing.assert_allclose(camera.fy_px * y / z + camera.cy_px, rows + 0.5, atol=1e-3)


def test_points_of_a_panorama_lie_on_their_rays() -> None:
    """So far from the middle as the map says; the angles give the pixels back."""
    camera = Camera.equirectangular(40, 20)
    distance = np.random.default_rng(1).uniform(0.5, 20, (20, 40)).astype(np.float32)
    points = unproject(distance, camera)
    np.testing.assert_allclose(np.linalg.norm(points, axis=2), distance, rtol=1e-5)
    x, y, z = points.transpose(2, 0, 1)
    rows, columns = np.mgrid[0:20, 0:40]
    across = np.arctan2(x, -z) / (2 * np.pi) * 40 + 20
    down = 10 - np.arcsin(y / distance) / np.pi * 20
    np.testing.assert_allclose(across, columns + 0.5, atol=1e-3)
    np.testing.assert_allclose(down, rows + 0.5, atol=1e-3)


@pytest.mark.parametrize(
    "camera", [CAMERAS["shifted"], Camera.equirectangular(40, 30)], ids=["photo", "turn"]
)
def test_chosen_pixels_are_those_of_the_whole(camera: Camera) -> None:
    """Rows and columns in any order."""
    distance = np.random.default_rng(2).uniform(0.5, 20, (30, 40)).astype(np.float32)
    rows, columns = np.array([3, 29, 0]), np.array([39, 7])
    part = unproject(distance, camera, rows, columns)
    np.testing.assert_array_equal(part, unproject(distance, camera)[np.ix_(rows, columns)])


@every_camera
@pytest.mark.parametrize("normal", [(0, 0, 1), (0.4, 0, 1), (0, -0.3, 1), (-0.2, 0.3, 1)])
def test_a_plane_has_its_normal_everywhere(normal: tuple[float, float, float], camera: Camera) -> None:
    """To the edges of the picture, of length one, towards us."""
    distance, expected = _plane(normal, camera)
    if (distance <= 0).any():
        pytest.skip("the plane ends in the picture")
    found = normals(distance, camera)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), atol=2e-3)


def test_normals_take_no_notice_of_the_unit() -> None:
    """Metres or millimetres."""
    depth, _ = room()
    assert depth.camera is not None
    one, other = (normals(scale * depth.values, depth.camera) for scale in (np.float32(1), np.float32(1000)))
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_all_of_a_room_faces_us() -> None:
    """Unit normals, none away from the camera; the boxes' faces straight at it, their edges too."""
    depth, label = room()
    assert depth.camera is not None
    found = normals(depth.values, depth.camera)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, atol=1e-5)
    sight = unproject(depth.values, depth.camera) * AXES
    assert ((found * sight).sum(axis=2) < 1e-6).all()
    for number in (2, 3):
        np.testing.assert_allclose(found[label == number] @ [0, 0, -1], 1, atol=1e-4)
    assert len(BOXES) == 2


def test_a_ball_s_normals_come_from_its_middle() -> None:
    """Inside of its outline."""
    depth, label = room()
    assert depth.camera is not None
    points = unproject(depth.values, depth.camera) * AXES
    expected = (points - SPHERE_AT) / SPHERE_M
    found = normals(depth.values, depth.camera)
    inside = (label == 1) & (expected[..., 2] < -0.5)
    assert inside.sum() > 500
    cosine = (found * expected).sum(axis=2)[inside]
    assert cosine.min() > 0.97
    assert cosine.mean() > 0.998


def test_a_map_of_one_pixel_faces_us() -> None:
    """There is no slope to read."""
    camera = Camera(50.0, 50.0, 0.5, 0.5)
    np.testing.assert_allclose(normals(np.full((1, 1), 2.0, np.float32), camera), [[[0, 0, -1]]], atol=1e-6)


def test_smooth_normals_see_through_noise() -> None:
    """A slanted plane with noise: much nearer to its true normal than without smoothing."""
    camera = CAMERAS["centred"]
    distance, expected = _plane((0.4, -0.3, 1), camera)
    inverse = 1 / distance
    noise = np.random.default_rng(3).normal(0, 0.003, inverse.shape)
    noisy = (inverse + noise).astype(np.float32)
    rough = normals(1 / noisy, camera) @ expected
    smooth = smooth_normals(noisy, noisy, camera, Smoothing(0.08)) @ expected
    assert np.mean(smooth) > 0.99
    assert np.mean(1 - smooth) < 0.2 * np.mean(1 - rough)


def test_smoothing_takes_faint_relief_for_noise() -> None:
    """Slopes far below the noise go; a slope far above it stays."""
    camera = CAMERAS["centred"]
    distance, expected = _plane((0.5, 0, 1), camera)
    inverse = (1 / distance).astype(np.float32)
    kept = smooth_normals(inverse, inverse, camera, Smoothing(0.05, noise=0.01))
    gone = smooth_normals(inverse, inverse, camera, Smoothing(0.05, noise=100.0))
    assert (kept @ expected)[5:-5, 5:-5].min() > 0.999
    assert gone[15, 20] @ [0, 0, -1] > 0.999


@pytest.mark.parametrize("budget", [50, 400, 10_000])
def test_a_flat_wall_is_one_whole_mesh(budget: int) -> None:
    """Two faces a cell, all of one area that sums to the wall's, facing us, corners at the picture's."""
    camera = CAMERAS["centred"]
    found = mesh(np.full((30, 40), 2.0, np.float32), None, camera, most_faces=budget, edge=0.05)
    assert 2 <= len(found.faces) <= budget
    a, b, c = (found.points[found.faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a) / 2
    assert (area[:, 2] > 0).all()
    focal = camera.fx_px
    assert area[:, 2].sum() == pytest.approx((39 * 2 / focal) * (29 * 2 / focal), rel=1e-4)
    np.testing.assert_allclose(found.normals, np.broadcast_to([0, 0, 1], found.normals.shape), atol=1e-5)
    assert found.uv.min(axis=0) == pytest.approx([0.5 / 40, 0.5 / 30])
    assert found.uv.max(axis=0) == pytest.approx([39.5 / 40, 29.5 / 30])


def test_vertices_are_the_points_of_their_pixels() -> None:
    """Places, points and texture coordinates belong together, and every vertex is used."""
    depth, _ = room()
    assert depth.camera is not None
    found = mesh(depth.values, None, depth.camera, most_faces=3000, edge=0.05)
    rows, columns = found.places.T
    np.testing.assert_array_equal(found.points, unproject(depth.values, depth.camera)[rows, columns])
    np.testing.assert_allclose(found.uv[:, 0] * depth.width, columns + 0.5, atol=1e-3)
    np.testing.assert_allclose(found.uv[:, 1] * depth.height, rows + 0.5, atol=1e-3)
    assert set(found.faces.ravel()) == set(range(len(found.points)))


def test_a_mesh_leaves_out_what_is_not_valid() -> None:
    """No vertex there; the rest stays, with a single face at the two corners that a diagonal leaves whole."""
    valid = np.ones((30, 40), bool)
    valid[10:20, 10:20] = False
    camera = CAMERAS["centred"]
    found = mesh(np.full((30, 40), 2.0, np.float32), valid, camera, most_faces=10_000, edge=0.05)
    assert valid[found.places[:, 0], found.places[:, 1]].all()
    assert len(found.faces) == 2 * (29 * 39 - 11 * 11) + 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_a_line_of_pixels_has_no_surface(shape: tuple[int, int]) -> None:
    """And no error."""
    found = mesh(np.ones(shape, np.float32), None, CAMERAS["centred"], most_faces=100, edge=0.05)
    assert (len(found.faces), len(found.points)) == (0, 0)


def test_a_floor_to_the_horizon_is_whole_and_a_step_is_not() -> None:
    """Inverse distance is linear on a floor, however steep; a box on it jumps on both its sides."""
    floor = (1 / np.linspace(0.02, 1, 40)).astype(np.float32)
    line = np.broadcast_to(floor, (3, 40))
    assert not jumps(line, 1, 0.05)[:, 3:].any()
    stepped = line.copy()
    stepped[:, 15:22] = 0.9
    cut = np.flatnonzero(jumps(stepped, 1, 0.05)[0])
    assert {14, 21} <= set(cut)
    assert set(cut[cut > 3]) == {14, 21}
    np.testing.assert_array_equal(jumps(stepped.T, 0, 0.05), jumps(stepped, 1, 0.05).T)
