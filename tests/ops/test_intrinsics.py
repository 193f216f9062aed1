"""The camera given as numbers."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.ops.intrinsics import camera_of, read_intrinsics
from nearfar.types import Camera
from pictures import draw

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
