"""What EXIF says of a photo: which side is up, and how long its lens is."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nearfar.types import Camera

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

_log = logging.getLogger(__name__)

_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_FOCAL_LENGTH_MM = 0x920A
_PIXEL_X_DIMENSION = 0xA002
_PIXEL_Y_DIMENSION = 0xA003
_PLANE_X_RESOLUTION = 0xA20E
_PLANE_Y_RESOLUTION = 0xA20F
_PLANE_UNIT = 0xA210
_FOCAL_35MM = 0xA405

_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}  # EXIF 2.3: inch, cm; mm and µm are written by some cameras
_DIAGONAL_35MM = math.hypot(36, 24)  # CIPA DCG-001: the equivalent is taken over the diagonal
_PLAUSIBLE = (0.05, 200.0)  # focal length over diagonal: from a fisheye's 2 mm to a telescope's 8.6 m


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """``orientation``: 1 to 8. ``tags``: of the EXIF directory, unchecked."""

    orientation: int = 1
    tags: Mapping[int, Any] = field(default_factory=dict)


def exif_facts(image: Image) -> ExifFacts:
    """What the EXIF of an image says; nothing where it has none or where it is damaged."""
    try:
        tags = image.getexif()
        orientation = tags.get(_ORIENTATION, 1)
        is_known = isinstance(orientation, int) and 1 <= orientation <= 8
        return ExifFacts(orientation if is_known else 1, dict(tags.get_ifd(_EXIF_IFD)))
    except Exception as exc:
        _log.info("EXIF could not be read: %s", exc)
        return ExifFacts()


def exif_camera(facts: ExifFacts, width: int, height: int) -> Camera | None:
    """The intrinsics of the upright picture of that size in pixels, or None where EXIF does not say.

    The picture may have been resized or turned since it was taken; cropping cannot be seen.
    """
    try:
        focal = _from_35mm(facts.tags, width, height) or _from_focal_plane(facts, width, height)
    except (TypeError, ValueError, OverflowError) as exc:
        _log.info("The focal length in EXIF makes no sense: %s", exc)
        return None
    if focal is None:
        return None
    fx_px, fy_px, source = focal
    low, high = (factor * math.hypot(width, height) for factor in _PLAUSIBLE)
    if not (low <= fx_px <= high and low <= fy_px <= high):
        return None
    return Camera(fx_px, fy_px, width / 2, height / 2, source)


def _from_35mm(tags: Mapping[int, Any], width: int, height: int) -> tuple[float, float, str] | None:
    focal = _positive(tags.get(_FOCAL_35MM))
    if focal is None:
        return None
    focal_px = focal * math.hypot(width, height) / _DIAGONAL_35MM
    return focal_px, focal_px, "exif: 35 mm equivalent"


def _from_focal_plane(facts: ExifFacts, width: int, height: int) -> tuple[float, float, str] | None:
    tags = facts.tags
    focal_mm = _positive(tags.get(_FOCAL_LENGTH_MM))
    x_per_unit = _positive(tags.get(_PLANE_X_RESOLUTION))
    if focal_mm is None or x_per_unit is None:
        return None
    y_per_unit = _positive(tags.get(_PLANE_Y_RESOLUTION)) or x_per_unit
    unit_mm = _UNIT_MM.get(tags.get(_PLANE_UNIT, 2), _UNIT_MM[2])
    taken = [_positive(tags.get(tag)) for tag in (_PIXEL_X_DIMENSION, _PIXEL_Y_DIMENSION)]
    longest = max((side for side in taken if side), default=None)
    scaled = max(width, height) / longest if longest and all(taken) else 1.0
    fx, fy = (focal_mm * n / unit_mm * scaled for n in (x_per_unit, y_per_unit))
    return (fy, fx, "exif: focal plane") if facts.orientation >= 5 else (fx, fy, "exif: focal plane")


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) and 0 < number < 1e7 else None
