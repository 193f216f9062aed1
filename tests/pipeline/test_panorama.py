"""Panoramas that go all the way round: noticed, without a seam, and a sphere in space."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from carriers import description
from nearfar.encode.jpeg import with_xmp
from nearfar.ops.unproject import unproject
from nearfar.types import Camera, DepthKind, DepthMap
from pictures import encoded

GPANO = (
    'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" GPano:ProjectionType="equirectangular" '
    'GPano:FullPanoWidthPixels="{0}" GPano:CroppedAreaImageWidthPixels="{1}"'
)


def round_scene(width: int = 512, height: int = 256) -> np.ndarray:
    """Sky, ground and a few posts, whose left and right ends fit; one post stands on the seam."""
    y, x = np.mgrid[0:height, 0:width]
    turn = 2 * np.pi * (x + 0.5) / width
    ground = 90 + 60 * np.sin(3 * turn) * (y > height / 2)
    scene = np.stack([ground, ground + 20, 200 - ground * (y > height / 2)], axis=-1)
    scene[y < height / 2] = (150, 180, 235)
    for angle, size in ((0.0, 30), (2.0, 18), (4.0, 10)):
        away = np.abs((turn - angle + np.pi) % (2 * np.pi) - np.pi) * width / (2 * np.pi)
        scene[(away < size) & (np.abs(y - height * 0.55) < size * 3)] = (190, 40, 35)
    return np.clip(scene, 0, 255).astype(np.uint8)


def panorama(full: int = 512) -> bytes:
    """The scene as a JPEG that says what it is."""
    return with_xmp(encoded(round_scene(), "JPEG", quality=95), description(GPANO.format(full, 512)))


def test_panorama_is_noticed() -> None:
    """A whole turn has a camera of its own; a part of one is a photo like others."""
    camera = nearfar.read(panorama()).camera
    assert camera is not None
    assert camera.is_equirectangular
    assert camera.fx_px == pytest.approx(512 / (2 * np.pi))
    assert nearfar.read(panorama(1024)).camera is None


@pytest.mark.parametrize("tiles", [False, True])
def test_rims_meet_without_a_seam(tiles: bool) -> None:
    """The step from the last column to the first is under 1 % of the range, save where depth itself steps."""
    depth = nearfar.estimate(panorama(), tiles=tiles)
    assert (depth.width, depth.height) == (512, 256)
    assert depth.camera is not None
    assert depth.camera.is_equirectangular
    low, high = depth.value_range
    step = np.abs(depth.values[:, 0] - depth.values[:, -1]) / (high - low)
    assert step.mean() < 0.01
    plain = nearfar.estimate(encoded(round_scene(), "JPEG", quality=95), tiles=tiles)
    low, high = plain.value_range
    assert step.mean() < 0.5 * (np.abs(plain.values[:, 0] - plain.values[:, -1]) / (high - low)).mean()


def test_points_lie_on_a_sphere() -> None:
    """Equal distances all round are a sphere: forward is -z, a quarter turn to the right is +x."""
    camera = Camera.equirectangular(64, 32)
    points = unproject(np.full((32, 64), 3, np.float32), camera)
    assert np.linalg.norm(points, axis=2) == pytest.approx(3, rel=1e-5)
    middle = points[15:17].mean(axis=0)
    assert middle[31:33].mean(axis=0) == pytest.approx([0, 0, -3], abs=0.05)
    assert middle[47:49].mean(axis=0) == pytest.approx([3, 0, 0], abs=0.05)
    assert points[0, :, 1] == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("name", ["ply", "glb", "obj"])
def test_exports_are_spheres(name: str) -> None:
    """A room of one distance all round is written as a ball, with and without its photo."""
    depth = DepthMap(
        np.full((32, 64), 3, np.float32), DepthKind.METRIC, camera=Camera.equirectangular(64, 32)
    )
    for photo in (None, np.full((32, 64, 3), 90, np.uint8)):
        data = nearfar.export(name, depth, photo)
        if name == "obj":
            rows = [line.split()[1:4] for line in data.decode().splitlines() if line.startswith("v ")]
            points = np.array(rows, float)
            assert np.linalg.norm(points, axis=1) == pytest.approx(3, rel=1e-3)
            assert points.min(axis=0) == pytest.approx([-3, -3, -3], abs=0.1)
            assert points.max(axis=0) == pytest.approx([3, 3, 3], abs=0.1)
        assert len(data) > 1000


def test_normals_face_the_middle() -> None:
    """On a sphere every surface faces the camera."""
    from nearfar.ops.normals import normals

    camera = Camera.equirectangular(64, 32)
    facing = normals(np.full((32, 64), 3, np.float32), camera) * (1, -1, -1)
    points = unproject(np.full((32, 64), 3, np.float32), camera)
    assert np.einsum("hwc,hwc->hw", facing, points)[2:-2, 2:-2] == pytest.approx(-3, rel=1e-2)
