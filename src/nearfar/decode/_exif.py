"""What EXIF says of a photo: which side is up, and how long its lens is."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nearfar.types import Camera

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PIL.Image import Image

_log = logging.getLogger(__name__)

_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_FOCAL_LENGTH_MM = 0x920A
_PIXEL_X_DIMENSION = 0xA002
_PLANE_X_RESOLUTION = 0xA20E
_PLANE_Y_RESOLUTION = 0xA20F
_PLANE_UNIT = 0xA210
_FOCAL_35MM = 0xA405

_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}  # EXIF 2.3: inch, cm; mm and µm are written by some cameras
_DIAGONAL_35MM = math.hypot(36, 24)  # CIPA DCG-001: the equivalent is taken over the diagonal


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """``orientation``: 1 to 8. ``camera``: intrinsics of the picture as stored, before it is turned."""

    orientation: int = 1
    camera: Camera | None = None


def exif_facts(image: Image) -> ExifFacts:
    """What the EXIF of an image says; nothing where it has none or where it is damaged."""
    try:
        tags = image.getexif()
        orientation = tags.get(_ORIENTATION, 1)
        details = tags.get_ifd(_EXIF_IFD)
    except Exception as exc:
        _log.info("EXIF could not be read: %s", exc)
        return ExifFacts()
    is_known = isinstance(orientation, int) and 1 <= orientation <= 8
    return ExifFacts(orientation if is_known else 1, _camera(details, *image.size))


def _camera(tags: Mapping[int, Any], width: int, height: int) -> Camera | None:
    return _from_35mm(tags, width, height) or _from_focal_plane(tags, width, height)


def _from_35mm(tags: Mapping[int, Any], width: int, height: int) -> Camera | None:
    focal = _positive(tags.get(_FOCAL_35MM))
    if focal is None:
        return None
    focal_px = focal * math.hypot(width, height) / _DIAGONAL_35MM
    return Camera(focal_px, focal_px, width / 2, height / 2, "exif: 35 mm equivalent")


def _from_focal_plane(tags: Mapping[int, Any], width: int, height: int) -> Camera | None:
    focal_mm = _positive(tags.get(_FOCAL_LENGTH_MM))
    x_per_unit = _positive(tags.get(_PLANE_X_RESOLUTION))
    if focal_mm is None or x_per_unit is None:
        return None
    y_per_unit = _positive(tags.get(_PLANE_Y_RESOLUTION)) or x_per_unit
    unit_mm = _UNIT_MM.get(tags.get(_PLANE_UNIT, 2), _UNIT_MM[2])
    scaled = width / (_positive(tags.get(_PIXEL_X_DIMENSION)) or width)  # resized after it was taken
    fx, fy = (focal_mm * n / unit_mm * scaled for n in (x_per_unit, y_per_unit))
    return Camera(fx, fy, width / 2, height / 2, "exif: focal plane")


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and 0 < number < 1e7 else None


def upright_camera(camera: Camera | None, orientation: int, width: int, height: int) -> Camera | None:
    """The camera of the turned picture; width and height are the turned picture's."""
    if camera is None:
        return None
    fx, fy = (camera.fy_px, camera.fx_px) if orientation >= 5 else (camera.fx_px, camera.fy_px)
    return Camera(fx, fy, width / 2, height / 2, camera.source)


_TURNS: dict[int, Callable[[Any], Any]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def upright(array: Any, orientation: int) -> Any:
    """An H×W(×C) array, turned as its EXIF orientation asks (TIFF 6.0, tag 274)."""
    turn = _TURNS.get(orientation)
    return array if turn is None or array is None else turn(array).copy()
