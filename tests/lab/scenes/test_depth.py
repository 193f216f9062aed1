"""Depth is exact: closed forms, brute force, and the same source run as plain Python."""

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar_lab.scenes import Builder, Camera, Light, Scene, compiled, picture_of, shapes, tree
from nearfar_lab.scenes.scene import view_row

SIZE = (48, 64)
CAMERA = Camera((0.3, 1.4, -0.2), yaw_deg=12.0, pitch_deg=-17.0, roll_deg=5.0, fov_deg=70.0)


def rays(camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """World directions (H, W, 3) of pixel centres with forward component one."""
    height, width = size
    f = camera.focal_px(width)
    x, y = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
    right, down, forward = camera.axes()
    return x[..., None] / f * right + y[..., None] / f * down + forward


def bench() -> Builder:
    """A workbench with one plain material."""
    b = Builder()
    b.material((0.5, 0.4, 0.3))
    return b


def test_ground_plane_has_closed_form_depth() -> None:
    """Depth of the floor is eye height over the slope of the ray; above the horizon it is infinite."""
    b = bench()
    b.ground(0.0, 0)
    depth = picture_of(b.scene(CAMERA, Light(), "x"), SIZE).depth_m
    slope = -rays(CAMERA, SIZE)[..., 1]
    expected = np.where(slope > 0, 1.4 / np.where(slope > 0, slope, 1.0), np.inf)
    np.testing.assert_allclose(depth, expected, rtol=1e-5)


def test_slanted_plane_has_closed_form_depth() -> None:
    """A large turned rectangle has the depth of its plane."""
    b = bench()
    b.quad((0.0, 1.0, 6.0), (200.0, 200.0), 0, turn=(30.0, 10.0, 0.0))
    depth = picture_of(b.scene(CAMERA, Light(), "x"), SIZE).depth_m
    normal = b.rows[0][10:13]
    away = normal @ (np.array([0.0, 1.0, 6.0]) - CAMERA.position_m)
    np.testing.assert_allclose(depth, away / (rays(CAMERA, SIZE) @ normal), rtol=1e-5)


def test_ball_has_closed_form_depth() -> None:
    """Depth of a ball is the smaller root of its quadratic."""
    b = bench()
    b.ball((0.5, 0.9, 4.0), (0.8, 0.8, 0.8), 0)
    depth = picture_of(b.scene(CAMERA, Light(), "x"), SIZE).depth_m
    d = rays(CAMERA, SIZE)
    o = np.array(CAMERA.position_m) - [0.5, 0.9, 4.0]
    qa, qb, qc = (d * d).sum(-1), d @ o, o @ o - 0.64
    disc = qb * qb - qa * qc
    expected = np.where(disc > 0, (-qb - np.sqrt(np.maximum(disc, 0))) / qa, np.inf)
    assert np.isfinite(expected).sum() > 100
    np.testing.assert_allclose(depth, expected, rtol=1e-5)


def test_box_face_has_closed_form_depth() -> None:
    """A box square to the camera shows its front face at one depth everywhere."""
    b = bench()
    b.box((0.0, 1.0, 5.0), (2.0, 1.0, 2.0), 0)
    depth = picture_of(b.scene(Camera((0.0, 1.0, 0.0), fov_deg=60.0), Light(), "x"), SIZE).depth_m
    seen = depth[np.isfinite(depth)]
    np.testing.assert_allclose(seen, 4.0, rtol=1e-6)
    focal = 32 / np.tan(np.radians(30))
    assert seen.size == pytest.approx(2.0 * 1.0 * (focal / 4.0) ** 2, rel=0.1)


def test_tree_finds_what_brute_force_finds() -> None:
    """Walking the tree gives the nearest of all primitives, whatever their shape."""
    rng = np.random.default_rng(3)
    b = bench()
    for k in range(60):
        x, y, z = (float(v) for v in rng.uniform((-4, 0, 2), (4, 3, 12)))
        size = tuple(float(v) for v in rng.uniform(0.2, 1.0, 3))
        turn = tuple(float(v) for v in rng.uniform(-90, 90, 3))
        b.add(k % 7, (x, y, z), size, 0, turn=turn, extra=(0.6, 0.5, 0.1), seed=k)
    run = compiled.cpu()
    world = tree.build(np.array(b.rows), np.zeros(3))
    flat = (world[0], np.zeros((1, 6)), np.array([[0, 0, len(world[0])]]))
    view = view_row(CAMERA, *SIZE)
    depth, ids = run.first_hits(world, view, *SIZE)
    brute, brute_ids = run.first_hits(flat, view, *SIZE)
    np.testing.assert_array_equal(depth, brute)
    np.testing.assert_array_equal(ids, brute_ids)
    assert len(np.unique(ids)) > 20


def test_plain_python_gives_what_the_compiler_gives() -> None:
    """The kernels are one source: run uncompiled they find the same depth."""
    b = bench()
    for k in range(7):
        b.add(k, (k - 3.0, 0.5, 5.0), (0.4, 0.5, 0.3), 0, turn=(20.0, 0, 0), extra=(0.2, 0.5, 0.0), seed=k)
    prims = np.array(b.rows)
    plain, fast = compiled.functions(lambda f: f), compiled.cpu()
    d = rays(Camera((0.0, 0.6, 0.0), fov_deg=90.0), (6, 40)).reshape(-1, 3)
    for i in range(7):
        for x, y, z in d:
            ray = ((0.0, 0.6, 0.0), (x, y, z), (0.02, shapes.MISS))
            a = plain.hit(prims, i, *ray)
            c = fast.hit(prims, i, *ray)
            assert a == pytest.approx(c, rel=1e-6)


def test_capsule_limb_reaches_both_ends() -> None:
    """A limb from a to b is a capsule that ends one radius beyond each."""
    b = bench()
    b.limb((-1.0, 1.0, 4.0), (1.0, 1.0, 4.0), 0.25, 0)
    low_high = tree.boxes(np.array(b.rows))[0]
    np.testing.assert_allclose(low_high, [-1.25, 0.75, 3.75, 1.25, 1.25, 4.25], atol=2e-3)


def test_scene_names_what_is_wrong_with_its_rows() -> None:
    """A scene of rows of the wrong width is refused in words."""
    with pytest.raises(ParameterError, match=r"Primitives are \(N > 0"):
        Scene(np.zeros((2, 5)), np.zeros((1, 19)))
