"""Colour profiles: whatever a picture is stored in becomes sRGB."""

from __future__ import annotations

import io
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

_log = logging.getLogger(__name__)
_PROFILE_MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}


def to_srgb(image: Image, profile: bytes | None) -> Image:
    """An RGB image in sRGB; without a usable profile the colours are taken as sRGB already."""
    if profile and not _is_srgb(profile):
        converted = _through_profile(image, profile)
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _is_srgb(profile: bytes) -> bool:
    """True for the usual profiles of that name, which need no conversion."""
    return b"sRGB" in profile[:4096] or "sRGB".encode("utf-16-be") in profile[:4096]


def _through_profile(image: Image, profile: bytes) -> Image | None:
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _PROFILE_MODES.get(source.profile.xcolor_space)
        if mode is None:
            return None
        given = image if image.mode == mode else image.convert(mode)
        return ImageCms.profileToProfile(given, source, _srgb(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as exc:
        _log.warning("The colour profile is damaged and was left out: %s", exc)
        return None


@cache
def _srgb() -> Any:
    from PIL import ImageCms

    return ImageCms.createProfile("sRGB")
