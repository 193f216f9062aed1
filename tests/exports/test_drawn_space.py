"""Pictures of the scene generator with exact depth: shapes come back through points and meshes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

import nearfar
from nearfar.types import Camera, DepthKind, DepthMap
from spaces import glb_parts, ply_points

SIZE = (480, 640)
TILT_DEG, RADIUS_M = 35.0, 0.6
BOXES = {"near": ((0.6, -0.3, 3.0), (0.5, 0.8, 0.4), 0.0), "far": ((1.5, 0.8, 4.4), (0.9, 0.7, 0.8), 30.0)}
"""Name to (centre against the camera: right, up, ahead; width, height, depth; yaw in degrees)."""
PLANE, BALL = 0, 1


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, DepthMap, np.ndarray]:
    """The picture's colours, its exact depth with intrinsics, and which thing each pixel shows."""
    from nearfar_lab.scenes import Builder, Light, picture_of, tree
    from nearfar_lab.scenes import Camera as SceneCamera
    from nearfar_lab.scenes.scene import glance

    b = Builder()
    b.material((0.6, 0.5, 0.4))
    b.quad((0.0, 0.0, 6.0), (60.0, 60.0), 0, turn=(0.0, TILT_DEG, 0.0))
    b.ball((-1.0, -0.2, 4.0), (RADIUS_M,) * 3, 0)
    for centre, size, yaw in BOXES.values():
        b.box(centre, size, 0, turn=(yaw, 0.0, 0.0))
    scene = b.scene(SceneCamera((0.0, 0.0, 0.0), fov_deg=60.0), Light(), "shapes")
    picture = picture_of(scene, SIZE)
    camera = Camera(picture.fx, picture.fy, picture.cx, picture.cy)
    depth = DepthMap(picture.depth_m, DepthKind.METRIC, np.isfinite(picture.depth_m), camera)
    order = tree.build(scene.prims, np.zeros(3))[0]  # the renderer numbers primitives as its tree has them
    number = [int(np.argmin(np.abs(scene.prims - row).sum(axis=1))) for row in order]
    return picture.rgb, depth, np.array(number)[glance(scene, SIZE)[1]]


@pytest.fixture(scope="module", params=["ply", "glb"])
def cloud(request: pytest.FixtureRequest, drawn: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points and normals (x right, y up, z towards the viewer) of the file, and what each belongs to."""
    rgb, depth, ids = drawn
    if request.param == "ply":
        points = ply_points(nearfar.export("ply", depth, rgb))
        places, facing = (
            np.stack([points[n] for n in names], 1) for names in (["x", "y", "z"], ["nx", "ny", "nz"])
        )
        return places.astype(np.float64), facing, ids[depth.valid] if depth.valid is not None else ids.ravel()
    _, arrays = glb_parts(nearfar.export("glb", depth, rgb, faces=10_000_000))
    column, row = (arrays["uv"] / 65535 * SIZE[::-1]).astype(int).T
    return arrays["points"].astype(np.float64), arrays["normals"], ids[row, column]


def test_plane_has_its_slant(cloud: tuple) -> None:
    """Within one percent, through its points and by its normals."""
    places, facing, ids = cloud
    plane = places[ids == PLANE]
    normal = np.linalg.svd(plane - plane.mean(axis=0), full_matrices=False)[2][2]
    assert np.degrees(np.arccos(abs(normal[2]))) == pytest.approx(TILT_DEG, rel=0.01)
    assert np.degrees(np.arccos(np.median(facing[ids == PLANE][:, 2]))) == pytest.approx(TILT_DEG, rel=0.01)


def test_ball_has_its_radius(cloud: tuple) -> None:
    """Within one percent, by a sphere through its points."""
    places = cloud[0][cloud[2] == BALL]
    matrix = np.c_[2 * places, np.ones(len(places))]
    *centre, rest = np.linalg.lstsq(matrix, (places**2).sum(axis=1), rcond=None)[0]
    assert np.sqrt(rest + np.dot(centre, centre)) == pytest.approx(RADIUS_M, rel=0.01)


@pytest.mark.parametrize("name", BOXES)
def test_box_has_its_sizes_and_angle(cloud: tuple, name: str) -> None:
    """The front face's width, height and yaw are right within one percent (and the pixel at its rim)."""
    places, facing, ids = cloud
    centre, (wide, high, deep), yaw = BOXES[name]
    turn = np.radians(yaw)
    ahead, across = np.array([-np.sin(turn), 0, np.cos(turn)]), np.array([np.cos(turn), 0, np.sin(turn)])
    is_front = (ids == 2 + list(BOXES).index(name)) & (facing @ ahead > 0.98)
    face = places[is_front]
    normal = np.linalg.svd(face - face.mean(axis=0), full_matrices=False)[2][2]
    assert np.degrees(np.arccos(abs(normal @ ahead))) < 0.3
    middle = np.array(centre) * [1, 1, -1]
    assert (face - middle).mean(axis=0) @ ahead == pytest.approx(deep / 2, rel=0.01)
    pixel = float(-face[:, 2].mean()) / 554.3
    assert np.ptp(face @ across) + pixel / np.cos(turn) == pytest.approx(wide, abs=0.01 * wide + pixel)
    assert np.ptp(face[:, 1]) + pixel == pytest.approx(high, abs=0.01 * high + pixel)
