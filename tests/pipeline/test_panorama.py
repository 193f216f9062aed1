"""Panoramas that go all the way round: noticed, without a seam, and a sphere in space."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import nearfar
from carriers import description
from nearfar.encode.jpeg import with_xmp
from nearfar.ops.mesh import mesh
from nearfar.ops.normals import normals
from nearfar.ops.unproject import unproject
from nearfar.types import Camera, DepthKind, DepthMap
from pictures import draw, encoded
from tiffs import Layout, tiff_of

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


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("full", [512, 1024])
def test_panorama_is_noticed_in_other_formats(format: str, full: int) -> None:
    """XMP stands in a chunk of PNG and WebP, a tag of TIFF and an item of AVIF."""
    words = description(GPANO.format(full, 512)).encode()
    if format == "PNG":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", words.decode())
        data = encoded(round_scene(), format, pnginfo=text)
    elif format == "TIFF":
        data = encoded(round_scene(), format, tiffinfo={700: words})
    else:
        data = encoded(round_scene(), format, xmp=words)
    camera = nearfar.read(data).camera
    assert (camera is not None and camera.is_equirectangular) == (full == 512)
    image = Image.open(io.BytesIO(data))
    assert (nearfar.read(image).camera is not None) == (full == 512)


def test_panorama_is_noticed_in_a_deep_tiff() -> None:
    """A TIFF of 16 bits a channel, which is read here, has the tag too."""
    words = description(GPANO.format(64, 64)).encode()
    deep = draw(64, 32).astype(np.uint16) * 257
    camera = nearfar.read(tiff_of((deep, Layout(tags=((700, "B", list(words)),))))).camera
    assert camera is not None
    assert camera.is_equirectangular


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


def room(width: int = 128) -> tuple[np.ndarray, Camera, np.ndarray]:
    """(H, W) distance along the rays of a cube of 4 m round the viewer, its camera, and the wall of each ray.

    A wall is a unit vector (x right, y down, z ahead).
    """
    camera = Camera.equirectangular(width, width // 2)
    ahead = unproject(np.ones((width // 2, width), np.float32), camera) * np.array([1, -1, -1])
    axis = np.abs(ahead).argmax(axis=2)
    reach = np.take_along_axis(ahead, axis[..., None], axis=2)
    wall = np.eye(3)[axis] * np.sign(reach)
    return (2 / np.abs(reach[..., 0])).astype(np.float32), camera, wall


def test_a_mesh_closes_behind_the_viewer() -> None:
    """Faces join the last column to the first, whose corners stand where the first column's do."""
    distance, camera, _ = room(64)
    found = mesh(distance, None, camera, most_faces=100_000, edge=0.5)
    columns = found.places[found.faces][..., 1]
    joins = (columns == 63).any(axis=1) & (columns == 0).any(axis=1)
    assert joins.sum() == 2 * 31
    spans = np.ptp(found.points[found.faces], axis=1).max(axis=1)
    assert spans[joins].max() < 0.5
    beyond = found.uv[:, 0] > 1
    first = (found.places[:, 1] == 0) & ~beyond
    assert found.uv[beyond, 0] == pytest.approx(1 + 0.5 / 64)
    assert np.array_equal(found.points[beyond], found.points[first])
    pinhole = mesh(distance, None, Camera.from_fov(60, 64, 32), most_faces=100_000, edge=0.5)
    assert pinhole.uv.max() < 1


@pytest.mark.parametrize("name", ["glb", "obj"])
def test_files_of_meshes_hold_the_joined_column(name: str) -> None:
    """Texture coordinates go on beyond the right end, where the picture repeats."""
    distance, camera, _ = room(64)
    data = nearfar.export(name, DepthMap(distance, DepthKind.METRIC, camera=camera), edge=0.5)
    if name == "obj":
        rows = [line.split() for line in data.decode().splitlines()]
        across = np.array([float(row[1]) for row in rows if row[0] == "vt"])
    else:
        length = int.from_bytes(data[12:16], "little")
        found = json.loads(data[20 : 20 + length])
        part = found["bufferViews"][found["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"]]
        start = 28 + length + part["byteOffset"]
        across = np.frombuffer(data[start : start + part["byteLength"]], "<f4")[::2]
        assert found["samplers"][0]["wrapS"] == 10497
    assert across.max() == pytest.approx(1 + 0.5 / 64, abs=1e-5)


def test_normals_of_a_room_are_its_walls() -> None:
    """Floor, ceiling and four walls face the viewer, the wall on the seam too."""
    distance, camera, wall = room()
    facing = normals(distance, camera)
    angle = np.degrees(np.arccos(np.clip(-np.einsum("hwc,hwc->hw", facing, wall), -1, 1)))
    assert np.median(angle) < 1.5
    assert angle[24:40, [0, 1, -2, -1]].max() < 2.5


@pytest.mark.parametrize("smooth", [0, 1])
def test_the_effect_shows_the_normals_of_a_sphere(smooth: float) -> None:
    """The picture of a room has one colour for each wall, smoothed or not, also over the seam."""
    distance, camera, wall = room(256)
    depth = DepthMap(distance, DepthKind.METRIC, camera=camera)
    shown = nearfar.effect("normals", None, depth, smooth=smooth).pixels / 127.5 - 1
    error = np.degrees(np.arccos(np.clip(-np.einsum("hwc,hwc->hw", shown, wall * (1, -1, -1)), -1, 1)))
    assert np.median(error) < 2
    assert error[56:72, [0, 1, -2, -1]].max() < 4


def test_normals_face_the_middle() -> None:
    """On a sphere every surface faces the camera."""
    camera = Camera.equirectangular(64, 32)
    facing = normals(np.full((32, 64), 3, np.float32), camera) * (1, -1, -1)
    points = unproject(np.full((32, 64), 3, np.float32), camera)
    assert np.einsum("hwc,hwc->hw", facing, points)[2:-2, 2:-2] == pytest.approx(-3, rel=1e-2)
