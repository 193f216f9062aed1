"""The camera of a picture: given as numbers, or assumed where nothing is known."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.ops.camera_files import camera_text, numbers_of_text
from nearfar.types import Camera, DepthMap, Photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Intrinsics = Camera | str | os.PathLike[str] | Sequence[float] | npt.NDArray[Any]

ASSUMED_FOV_DEG = 60.0
INTRINSICS_HELP = "Camera in pixels of the photo: fx,fy,cx,cy or the nine numbers of its 3×3 matrix."
_SOURCE = "given intrinsics"


def camera_of(depth: DepthMap, fov_deg: float = 0.0) -> Camera:
    """The camera: of the given field of view, else the map's own, else 60° (``source`` says so).

    Raises:
        ParameterError: a field of view, and intrinsics too: one of them must be wrong.
    """
    if fov_deg > 0:
        if depth.camera is not None and depth.camera.source == _SOURCE:
            raise ParameterError(
                f"A field of view of {fov_deg:g}° and intrinsics were given: they may contradict each other.",
                "Give one of the two.",
                parameter="fov",
            )
        return Camera.from_fov(fov_deg, depth.width, depth.height, "given field of view")
    if depth.camera is not None:
        return depth.camera
    return Camera.from_fov(
        ASSUMED_FOV_DEG, depth.width, depth.height, f"assumed: {ASSUMED_FOV_DEG:g}° field of view"
    )


def assumption() -> str:
    """What people are told where a camera is needed and nothing is known of it."""
    return f"The camera is not known: a field of view of {ASSUMED_FOV_DEG:g}° is assumed."


def read_intrinsics(given: Intrinsics) -> Camera:
    """The camera of a 3×3 matrix, of fx, fy, cx, cy, or of a text that holds one of both.

    Args:
        given: in pixels of the upright photo. A text may have commas, spaces, brackets or line breaks between
            its four or nine numbers, be a JSON object with fx, fy, cx, cy (or fx_px, ...), or what files of
            ROS (camera_info), COLMAP (cameras.txt) and Open3D hold. A ``Path`` is such a file, or a ``.npy``.

    Raises:
        ParameterError: other numbers than these, skew, or a focal length that is not above 0.
    """
    if isinstance(given, Camera):
        return given
    if isinstance(given, os.PathLike):
        given = camera_text(given)
    numbers = _numbers(given) if isinstance(given, str) else _of_array(given)
    if numbers.size == 9:
        numbers = _of_matrix(numbers.reshape(3, 3))
    if numbers.size != 4:
        raise ParameterError(
            f"intrinsics holds {numbers.size} numbers.",
            "Give fx,fy,cx,cy in pixels, or the nine numbers of a 3×3 matrix, row by row.",
            parameter="intrinsics",
        )
    fx, fy, cx, cy = numbers.tolist()
    return Camera(fx, fy, cx, cy, _SOURCE)


def _of_array(given: Any) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(given, np.float64).ravel()
    except (TypeError, ValueError) as exc:
        raise ParameterError(
            f"Intrinsics cannot be read from {type(given).__name__}.",
            "Give a Camera, fx,fy,cx,cy in pixels, or a 3×3 matrix.",
            parameter="intrinsics",
        ) from exc


def seen_by(photo: Photo, given: Intrinsics | None) -> Photo:
    """The photo with the camera that was given in place of its own; the photo itself where none was.

    Raises:
        ParameterError: as of :func:`read_intrinsics`, or a principal point outside the photo: the numbers are
            those of another size.
    """
    if given is None:
        return photo
    camera, (width, height) = read_intrinsics(given), photo.full_size
    if not (0 <= camera.cx_px <= width and 0 <= camera.cy_px <= height):
        raise ParameterError(
            f"The principal point {camera.cx_px:g},{camera.cy_px:g} lies outside the picture of "
            f"{width}×{height} pixels.",
            "Give intrinsics in pixels of this very photo, upright.",
            parameter="intrinsics",
        )
    return replace(photo, camera=camera)


def _numbers(text: str) -> npt.NDArray[np.float64]:
    try:
        found = numbers_of_text(text)
        if found is not None:
            return found
        return np.array([float(word) for word in re.split(r"[\s,;\[\]()]+", text) if word])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as exc:
        if isinstance(exc, ParameterError):
            raise
        raise ParameterError(
            f"intrinsics is '{text[:80]}'.",
            "Give fx,fy,cx,cy in pixels, or the nine numbers of a 3×3 matrix, row by row.",
            parameter="intrinsics",
        ) from exc


def _of_matrix(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    has_skew = abs(matrix[0, 1]) > 1e-6 * abs(matrix[0, 0]) or matrix[1, 0] != 0
    if has_skew or not np.array_equal(matrix[2], [0, 0, 1]):
        raise ParameterError(
            "The matrix is none of a camera without skew.",
            "Expected: fx 0 cx, 0 fy cy, 0 0 1.",
            parameter="intrinsics",
        )
    return matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
