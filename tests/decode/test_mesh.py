"""Binary glTF files: what is read of them, and what is refused before any work."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from nearfar import read_mesh
from nearfar.errors import (
    BrokenImageError,
    NearfarError,
    ParameterError,
    SourceError,
    TooLargeError,
    UnsupportedFormatError,
)
from nearfar.types.solid import Solid
from pictures import draw, encoded
from solids import a_glb, cube, packed

DATA = Path(__file__).parents[1] / "data"
BOUNDS = (-1.0, 2.5, -0.5), (1.0, 5.207206629615697, 3.2494039505763825)
"""Of the two things, as trimesh tells them."""


def test_a_cube() -> None:
    """Its points, faces, normals and colour are those that were written."""
    (part,) = read_mesh(a_glb()).parts
    assert np.array_equal(part.points, cube()["POSITION"])
    assert part.faces.shape == (12, 3)
    assert np.allclose(part.normals, cube()["NORMAL"])
    assert part.colour == pytest.approx((0.8, 0.1, 0.1, 1.0))
    assert part.texture is None


def test_a_texture() -> None:
    """Lies in the file, and is decoded by the readers of photos."""
    (part,) = read_mesh(a_glb(texture=encoded(draw(32, 24)))).parts
    assert np.array_equal(part.texture[..., :3], draw(32, 24))
    assert part.uv.shape == (24, 2)


def test_nodes_put_meshes_in_place() -> None:
    """A child's translation, rotation (a quarter turn round z) and scale, within its parent's."""
    half = 2**-0.5
    nodes = [
        {"children": [1], "translation": [10, 0, 0]},
        {"mesh": 0, "scale": [2, 1, 1], "rotation": [0, 0, half, half]},
    ]
    low, high = read_mesh(a_glb(nodes=nodes)).box()
    assert low == pytest.approx([9.5, -1, -0.5], abs=1e-6)
    assert high == pytest.approx([10.5, 1, 0.5], abs=1e-6)


def test_a_file_of_another_program() -> None:
    """Two things as trimesh 5 wrote them: its own bounds, counts of faces and colours."""
    solid = read_mesh(DATA / "two_things.glb")
    low, high = solid.box()
    assert low == pytest.approx(BOUNDS[0], abs=1e-5)
    assert high == pytest.approx(BOUNDS[1], abs=1e-5)
    assert sorted(len(part.faces) for part in solid.parts) == [12, 80]
    (red,) = [part for part in solid.parts if len(part.faces) == 12]
    assert np.allclose(red.colours, (1, 0, 0, 1), atol=0.01)


def test_points_without_indices_are_triangles() -> None:
    """Three in a row."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    (part,) = read_mesh(a_glb({"POSITION": points})).parts
    assert part.faces.tolist() == [[0, 1, 2]]


def test_what_was_read_is_taken_as_it_is() -> None:
    """A solid is given back."""
    solid = read_mesh(a_glb())
    assert read_mesh(solid) is solid


@pytest.mark.parametrize(
    ("more", "error", "text"),
    [
        ({"buffers": [{"byteLength": 4, "uri": "a.bin"}]}, UnsupportedFormatError, "nothing is fetched"),
        ({"images": [{"uri": "http://a.example/b.png"}]}, UnsupportedFormatError, "nothing is fetched"),
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, UnsupportedFormatError, "draco"),
        ({"nodes": [{"mesh": 0}] * 5000}, TooLargeError, "nodes"),
        ({"nodes": [{"children": [0]}]}, BrokenImageError, "circle"),
        ({"nodes": [{"mesh": 7}]}, BrokenImageError, r"meshes\[7\]"),
        ({"nodes": [{"mesh": 0, "scale": [1, 1]}]}, BrokenImageError, "3 finite numbers"),
        ({"meshes": [{"primitives": []}]}, ParameterError, "no triangle"),
        ({"meshes": {}}, BrokenImageError, "no array of objects"),
        ({"scene": True}, BrokenImageError, "scenes"),
        (
            {"bufferViews": [{"buffer": 0, "byteLength": 1}]},
            BrokenImageError,
            "reaches beyond|no bufferViews",
        ),
    ],
)
def test_what_is_refused(more: dict, error: type[NearfarError], text: str) -> None:
    """Each says what is wrong."""
    with pytest.raises(error, match=text):
        read_mesh(a_glb(**more))


def test_points_are_counted_before_they_are_read() -> None:
    """The file claims a hundred million, and each instance counts."""
    many = [{"bufferView": 0, "componentType": 5126, "count": 100_000_000, "type": "VEC3"}]
    mesh = [{"primitives": [{"attributes": {"POSITION": 0}}]}]
    with pytest.raises(TooLargeError, match="100,000,000 points"):
        read_mesh(a_glb(accessors=many, meshes=mesh))
    with pytest.raises(TooLargeError, match="faces"):
        read_mesh(_instances(50_000))


def _instances(count: int) -> bytes:
    """A file whose one cube has many primitives of the same points."""
    primitive = {"attributes": {"POSITION": 0}, "indices": 3}
    return a_glb(meshes=[{"primitives": [primitive] * count}])


def test_pixels_of_textures_are_counted_before_they_are_decoded() -> None:
    """A PNG that claims 20,000×20,000 pixels."""
    bomb = bytearray(encoded(draw(8, 8)))
    bomb[16:24] = struct.pack(">II", 20_000, 20_000)
    with pytest.raises(TooLargeError, match="million pixels"):
        read_mesh(a_glb(texture=bytes(bomb)))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"glTF", UnsupportedFormatError),
        (b"glTF" + bytes(20), UnsupportedFormatError),
        (encoded(draw(8, 8)), UnsupportedFormatError),
        (a_glb()[:200], BrokenImageError),
        (a_glb()[:-40], BrokenImageError),
        (struct.pack("<4sIII4s", b"glTF", 2, 99, 2**31, b"JSON"), BrokenImageError),
        (packed({}, b""), ParameterError),
    ],
)
def test_no_glb_or_a_damaged_one(data: bytes, error: type[NearfarError]) -> None:
    """Told apart."""
    with pytest.raises(error):
        read_mesh(data)


def test_faces_name_points_that_are_there() -> None:
    """An index beyond them is refused."""
    arrays = cube()
    arrays["indices"] = np.full((6, 1), 99, np.uint16)
    with pytest.raises(ParameterError, match="beyond the 24"):
        read_mesh(a_glb(arrays))


def test_an_absent_file() -> None:
    """Is a source that cannot be read."""
    with pytest.raises(SourceError):
        read_mesh("no-such.glb")


def test_damage_anywhere_is_told() -> None:
    """Changed bytes and changed members give a solid or an error of ours, nothing else."""
    rng = np.random.default_rng(3)
    whole = a_glb(texture=encoded(draw(8, 8)))
    length = struct.unpack_from("<I", whole, 12)[0]
    document, binary = json.loads(whole[20 : 20 + length]), whole[28 + length :]
    broken = []
    for _ in range(150):
        changed = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            changed[place] = rng.integers(256)
        broken.append(bytes(changed))
    for key in document:
        broken += [
            packed(document | {key: value}, binary) for value in (None, -1, 1e9, "x", [], [[]], [{}], {})
        ]
    told = 0
    for data in broken:
        try:
            assert isinstance(read_mesh(data), Solid)
        except NearfarError:
            told += 1
    assert told > 50
