"""The camera given as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.cli._intrinsics import read_text
from nearfar.errors import ParameterError
from nearfar.ops.intrinsics import camera_of, read_intrinsics
from nearfar.types import Camera
from pictures import draw

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = np.array([[500, 0, 31.0], [0, 510, 22], [0, 0, 1]])
EXPECTED = (500, 510, 31, 22)


def numbers(camera: Camera) -> tuple[float, ...]:
    """fx, fy, cx, cy."""
    return camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px


@pytest.mark.parametrize(
    "given",
    [
        "500,510,31,22",
        "500 0 31\n0 510 22\n0 0 1\n",
        "[[500, 0, 31], [0, 510, 22], [0, 0, 1]]",
        '{"fx": 500, "fy": 510, "cx": 31, "cy": 22}',
        '{"fx_px": 500, "fy_px": 510, "cx_px": 31, "cy_px": 22, "source": "EXIF"}',
        (500, 510, 31, 22),
        MATRIX,
        Camera(*EXPECTED),
    ],
)
def test_every_form_gives_the_same_camera(given: object) -> None:
    """Texts, numbers, a matrix, an object."""
    assert numbers(read_intrinsics(given)) == EXPECTED


@pytest.mark.parametrize(
    "given",
    ["", "500", "500,510,31", "a,b,c,d", "nan,1,1,1", "0,510,31,22", "-5,510,31,22", "{}", '{"fx": "x"}',
     MATRIX.T, [[500, 9, 31], [0, 510, 22], [0, 0, 1]], MATRIX * 2],
)  # fmt: skip
def test_other_numbers_are_refused(given: object) -> None:
    """Too few, none, not above 0, skew, a matrix that is none of a camera."""
    with pytest.raises(ParameterError):
        read_intrinsics(given)


def test_camera_travels_with_the_map() -> None:
    """It wins over the 60° that are assumed otherwise, and goes into files and back."""
    depth = nearfar.estimate(draw(64, 48), intrinsics=MATRIX)
    assert numbers(camera_of(depth)) == EXPECTED
    assert b"focal length 500.0 px (given intrinsics)" in nearfar.export("ply", depth)


def test_camera_of_another_picture_is_refused() -> None:
    """A principal point outside the picture tells of numbers for another size."""
    with pytest.raises(ParameterError, match="outside the picture"):
        nearfar.read(draw(20, 15), intrinsics="500,510,31,22")


def test_a_field_of_view_beside_intrinsics_is_refused() -> None:
    """Which of the two was meant is not guessed."""
    depth = nearfar.estimate(draw(64, 48), intrinsics="500,510,31,22")
    with pytest.raises(ParameterError, match="one of the two"):
        camera_of(depth, 70.0)


ROS = """image_width: 62
image_height: 44
camera_name: front
camera_matrix:
  rows: 3
  cols: 3
  data: [500.0, 0.0, 31.0, 0.0, 510.0, 22.0, 0.0, 0.0, 1.0]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [0.1, -0.2, 0.0, 0.0, 0.0]
"""
ROS2 = "height: 44\nwidth: 62\nk: [500.0, 0.0, 31.0, 0.0, 510.0, 22.0, 0.0, 0.0, 1.0]\np: [1.0, 2.0]\n"
LISTED = "K:\n" + "".join(f"- {n}\n" for n in (500, 0, 31, 0, 510, 22, 0, 0, 1)) + "P:\n- 1\n"
COLMAP = "# Camera list\n#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n1 {} 62 44 {}\n"
OPEN3D = '{"width": 62, "height": 44, "intrinsic_matrix": [500, 0, 0, 0, 510, 0, 31, 22, 1]}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ROS, EXPECTED),
        (ROS2, EXPECTED),
        (LISTED, EXPECTED),
        (COLMAP.format("PINHOLE", "500 510 31 22"), EXPECTED),
        (COLMAP.format("OPENCV", "500 510 31 22 0.1 0.2 0 0"), EXPECTED),
        (COLMAP.format("SIMPLE_RADIAL", "500 31 22 0.01"), (500, 500, 31, 22)),
        (OPEN3D, EXPECTED),
        (f'{{"intrinsic": {OPEN3D}}}', EXPECTED),
    ],
)
def test_files_of_other_programs(text: str, expected: tuple[float, ...], tmp_path: Path) -> None:
    """ROS, COLMAP and Open3D say the same camera, as texts and as files."""
    path = tmp_path / "camera"
    path.write_text(text, encoding="utf-8")
    assert numbers(read_intrinsics(text)) == expected
    assert numbers(read_intrinsics(path)) == expected


def test_numpy_file(tmp_path: Path) -> None:
    """A matrix in a NumPy file is read by its path, in the library and on the command line."""
    np.save(tmp_path / "k.npy", MATRIX)
    assert numbers(read_intrinsics(tmp_path / "k.npy")) == EXPECTED
    assert numbers(read_intrinsics(read_text(str(tmp_path / "k.npy")))) == EXPECTED


def test_several_cameras_are_listed() -> None:
    """Of two cameras none is guessed."""
    two = COLMAP.format("PINHOLE", "500 510 31 22") + "2 PINHOLE 62 44 1 1 1 1\n"
    with pytest.raises(ParameterError, match="2 cameras"):
        read_intrinsics(two)
