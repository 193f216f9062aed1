"""Colour profiles: whatever a picture is stored in becomes sRGB."""

from __future__ import annotations

import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

_log = logging.getLogger(__name__)

# The mode a picture must be in for a profile of each colour space (ICC.1, table 19), and the modes it may
# come from. A profile of another space than its picture's is a mistake and is left out.
_MODES_OF_SPACE = {
    "GRAY": ("L", frozenset({"L"})),
    "RGB ": ("RGB", frozenset({"RGB", "L"})),
    "CMYK": ("CMYK", frozenset({"CMYK"})),
    "Lab ": ("LAB", frozenset({"LAB"})),
}
_SAME = 1  # levels of 255: a profile that changes no colour by more is sRGB, whatever its name


def to_srgb(image: Image, profile: bytes | None) -> Image:
    """An RGB image in sRGB; without a usable profile the colours are taken as sRGB already."""
    change = _transform(profile, image.mode) if profile else None
    if change is None and image.mode == "LAB":
        change = _transform(_lab_profile(), "LAB")
    if change is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    mode, transform = change
    if transform is None:
        return image.convert("RGB")
    from PIL import ImageCms

    given = image if image.mode == mode else image.convert(mode)
    return ImageCms.applyTransform(given, transform)  # type: ignore[return-value]  # not in place


def changes_colours(profile: bytes) -> bool:
    """Whether a profile makes any RGB colour another one in sRGB; False where it is of no use."""
    change = _transform(profile, "RGB")
    return change is not None and change[1] is not None


def grey16_to_srgb(profile: bytes) -> npt.NDArray[np.uint16] | None:
    """65536×3 uint16: the colour of each 16-bit grey in a profile of greys; None where it is none.

    The transform has 8 bits; its 256 answers are interpolated.
    """
    change = _transform(profile, "L")
    if change is None or change[0] != "L" or change[1] is None:
        return None
    from PIL import Image, ImageCms

    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    colours = np.asarray(ImageCms.applyTransform(ramp, change[1]))[0].astype(np.float64) * 257
    place = np.arange(65536) / 257
    channels = [np.interp(place, np.arange(256), colours[:, c]) for c in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), np.uint16)


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> tuple[str, Any] | None:
    """(mode to bring the image to, transform to sRGB or None where it changes nothing); None: no use."""
    from PIL import ImageCms

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted, allowed = _MODES_OF_SPACE.get(source.profile.xcolor_space, ("", frozenset()))
        if mode not in allowed:
            _log.info("A colour profile does not fit a picture of mode %s and was left out.", mode)
            return None
        transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), wanted, "RGB")
        return wanted, None if wanted == "RGB" and _changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as exc:
        _log.info("The colour profile is damaged and was left out: %s", exc)
        return None


def _changes_nothing(transform: Any) -> bool:
    """True where no colour of a 9×9×9 cube moves visibly."""
    from PIL import Image, ImageCms

    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform))
    return bool(np.abs(moved.astype(np.int16) - cube).max() <= _SAME)


@lru_cache(maxsize=1)
def _lab_profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
