"""Points and meshes: shapes come back at their sizes and angles."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.ops.resize import enlarge
from nearfar.types import DepthKind, DepthMap, Provenance
from spaces import BOXES, PLANE_TILT_DEG, SPHERE_M, glb_parts, ply_points, room, steps

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def cloud() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points and normals (axes x right, y down, z ahead) of the room, and what each belongs to."""
    depth, labels = room()
    points = ply_points(nearfar.export("ply", depth))
    axes = np.array([1, -1, -1])
    places = np.stack([points[n] for n in "xyz"], axis=1) * axes
    normals = np.stack([points[n] for n in ("nx", "ny", "nz")], axis=1) * axes
    return places.astype(np.float64), normals, labels.ravel()


def test_plane_keeps_its_angle(cloud: tuple) -> None:
    """The slant of a plane through its points is right within one percent, and so are its normals."""
    places, normals, labels = cloud
    plane = places[labels == 0]
    facing = np.linalg.svd(plane - plane.mean(axis=0), full_matrices=False)[2][2]
    tilt = np.degrees(np.arccos(abs(facing[2])))
    assert tilt == pytest.approx(PLANE_TILT_DEG, rel=0.01)
    middle = np.median(normals[labels == 0], axis=0)
    assert np.degrees(np.arccos(-middle[2])) == pytest.approx(PLANE_TILT_DEG, rel=0.01)


def test_sphere_keeps_its_radius(cloud: tuple) -> None:
    """The sphere through its points is as large as it was, within one percent."""
    places = cloud[0][cloud[2] == 1]
    matrix = np.c_[2 * places, np.ones(len(places))]
    *centre, rest = np.linalg.lstsq(matrix, (places**2).sum(axis=1), rcond=None)[0]
    assert np.sqrt(rest + np.dot(centre, centre)) == pytest.approx(SPHERE_M, rel=0.01)


@pytest.mark.parametrize("name", BOXES)
def test_boxes_keep_their_sizes(cloud: tuple, name: str) -> None:
    """Width, height and distance of the faces are right within one percent of a size (and one pixel)."""
    (_, _, distance), wide, high = BOXES[name]
    places = cloud[0][cloud[2] == 2 + list(BOXES).index(name)]
    pixel = distance / 277.1
    assert places[:, 2].mean() == pytest.approx(distance, rel=1e-4)
    assert np.ptp(places[:, 0]) + pixel == pytest.approx(wide, abs=0.01 * wide + pixel)
    assert np.ptp(places[:, 1]) + pixel == pytest.approx(high, abs=0.01 * high + pixel)


def test_mesh_is_cut_between_things() -> None:
    """No triangle reaches from one thing to another."""
    depth, labels = room()
    _, arrays = glb_parts(nearfar.export("glb", depth, faces=200_000))
    place = (arrays["uv"] / 65535 * (320, 240)).astype(int)
    of_corner = labels[place[:, 1], place[:, 0]][arrays["faces"]]
    assert len(arrays["faces"]) > 100_000
    assert (of_corner == of_corner[:, :1]).all()


def test_mesh_faces_the_viewer() -> None:
    """Triangles run counter-clockwise as seen from the camera, like their normals."""
    _, arrays = glb_parts(nearfar.export("glb", room()[0], faces=5000))
    a, b, c = (arrays["points"][arrays["faces"][:, i]] for i in range(3))
    facing = np.cross(b - a, c - a)
    assert (np.einsum("fc,fc->f", facing, (a + b + c)) < 0).all()
    assert (np.einsum("fc,fc->f", facing, arrays["normals"][arrays["faces"][:, 0]]) > 0).mean() > 0.98


@pytest.mark.parametrize("budget", [2, 500, 5000])
def test_mesh_keeps_its_budget(budget: int) -> None:
    """There are never more triangles than asked for."""
    _, arrays = glb_parts(nearfar.export("glb", room()[0], faces=budget, edge=10.0))
    assert 0 < len(arrays["faces"]) <= budget


def test_invalid_pixels_leave_holes() -> None:
    """What is not valid is neither a point nor a corner."""
    depth, _ = room()
    valid = np.ones(depth.values.shape, bool)
    valid[50:100, 60:200] = False
    holed = depth.with_values(depth.values, valid)
    assert len(ply_points(nearfar.export("ply", holed))) == valid.sum()
    _, arrays = glb_parts(nearfar.export("glb", holed))
    place = (arrays["uv"] / 65535 * (320, 240)).astype(int)
    assert valid[place[:, 1], place[:, 0]].all()


def test_relative_depth_is_put_between_stated_distances() -> None:
    """Without metres the nearest pixel is at ``near`` and the farthest at ``far``, and the file says so."""
    depth = DepthMap(np.linspace(0, 1, 30, dtype=np.float32).reshape(5, 6), DepthKind.RELATIVE_INVERSE)
    data = nearfar.export("ply", depth, near=2, far=8)
    away = -ply_points(data)["z"]
    assert (away.min(), away.max()) == (pytest.approx(2), pytest.approx(8))
    assert b"put at 2, the farthest at 8" in data
    assert b"assumed: 60" in data


def test_near_must_be_nearer_than_far() -> None:
    """A turned-over range is refused."""
    with pytest.raises(ParameterError, match="0 < near < far"):
        nearfar.export("ply", DepthMap(np.eye(3, dtype=np.float32), DepthKind.AFFINE_DEPTH), near=5, far=2)


def test_obj_and_glb_hold_the_same_mesh() -> None:
    """Both have the same corners and triangles."""
    depth, _ = room()
    text = nearfar.export("obj", depth, faces=3000).decode()
    _, arrays = glb_parts(nearfar.export("glb", depth, faces=3000))
    places = np.array([line.split()[1:4] for line in text.splitlines() if line.startswith("v ")], float)
    faces = [[int(w.split("/")[0]) for w in li.split()[1:]] for li in text.splitlines() if li[:2] == "f "]
    assert np.allclose(places, arrays["points"], rtol=1e-4, atol=1e-5)
    assert np.array_equal(np.array(faces) - 1, arrays["faces"])


def test_no_surface_is_told() -> None:
    """One pixel has no surface."""
    with pytest.raises(ParameterError, match="No surface is left"):
        nearfar.export("glb", DepthMap(np.ones((1, 1), np.float32), DepthKind.METRIC))


@pytest.fixture(scope="module")
def validator() -> Path:
    """The Khronos glTF validator beside node, installed on first use; else the test is skipped."""
    home = REPOSITORY / ".gltf-validator"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no node: install it to check GLB files with the Khronos validator")
    if not (home / "node_modules" / "gltf-validator").is_dir():
        home.mkdir(exist_ok=True)
        wanted = ["gltf-validator@2.0.0-dev.3.10", "--no-audit", "--no-fund", "--no-save"]
        done = subprocess.run(
            [npm, "install", "--prefix", str(home), *wanted], check=False, capture_output=True
        )
        if done.returncode:
            pytest.skip("npm cannot install gltf-validator here")
    return home


@pytest.mark.parametrize("faces", [2, 20_000])
def test_khronos_validator_finds_nothing(validator: Path, tmp_path: Path, faces: int) -> None:
    """The GLB is valid: no error and no warning."""
    path = tmp_path / "room.glb"
    path.write_bytes(nearfar.export("glb", room()[0], faces=faces, edge=10 if faces == 2 else 0.06))
    code = (
        "const v=require('gltf-validator'),f=require('fs');"
        "v.validateBytes(new Uint8Array(f.readFileSync(process.argv[1])))"
        ".then(r=>console.log(JSON.stringify(r.issues)))"
    )
    done = subprocess.run(
        ["node", "-e", code, str(path)],
        env={"NODE_PATH": str(validator / "node_modules"), "PATH": "/usr/bin:/usr/local/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    issues = json.loads(done.stdout)
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_cloud_uses_its_budget() -> None:
    """As many points as are allowed, or nearly, however odd the picture; the file's words are plain ASCII."""
    for height, width in ((60, 80), (3, 1000), (1, 500)):
        slope = np.linspace(1, 2, height * width, dtype=np.float32)
        depth = DepthMap(slope.reshape(height, width), DepthKind.METRIC)
        for most in (1, 7, 400, 10_000):
            data = nearfar.export("ply", depth, points=most)
            count = len(ply_points(data))
            assert count <= most
            assert count >= 0.6 * min(most, height * width)
    assert b"60 degrees field of view" in data


@pytest.mark.parametrize("name", ["glb", "ply"])
def test_soft_edges_of_a_network_are_made_steps(name: str) -> None:
    """With the photo, nothing hangs between two surfaces; depth that was not enlarged is left as it is."""
    photo, near = steps(320, 240)
    small = cv2.resize(near, (80, 60), interpolation=cv2.INTER_AREA)
    soft = enlarge(small, 320, 240)
    seen = DepthMap(soft, DepthKind.RELATIVE_INVERSE, provenance=Provenance(input_size=(80, 60)))
    planes = 0.1 + 0.9 * np.array([0, 0.5, 1])

    def astray(depth: DepthMap, **options: object) -> float:
        data = nearfar.export(name, depth, photo, **options)
        if name == "ply":
            away = -ply_points(data)["z"]
        else:
            arrays = glb_parts(data)[1]
            away = -arrays["points"][arrays["faces"]][..., 2].mean(axis=1)
        return float((np.abs(1 / away[:, None] - planes).min(axis=1) > 0.05).mean())

    assert astray(seen) < 0.4 * astray(seen, refine=False)
    own = DepthMap(soft, DepthKind.RELATIVE_INVERSE)
    assert astray(own) == astray(own, refine=False)
