"""A TIFF page to the planes of a photo, where its samples are more than Pillow keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode import _tiff as t
from nearfar.decode._color import changes_colours, to_srgb
from nearfar.decode._tiff_pixels import can_read, read_samples
from nearfar.errors import UnsupportedFormatError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.decode._tiff import Page

    Planes = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]  # (H, W, 3) colours, (H, W) alpha or None

_GREY, _RGB = {0, 1}, 2
_ASSOCIATED, _UNASSOCIATED = 1, 2  # of ExtraSamples
_TOP = 65535


def is_ours(page: Page) -> bool:
    """Whether a page has samples that Pillow would cut, misread or not open at all."""
    if page.photometric not in {*_GREY, _RGB} or not can_read(page):
        return False
    is_whole = page.number(t.SAMPLE_FORMAT, 1) in {1, 4}
    if page.bits == 8 and is_whole:
        has_more = page.samples > (3 if page.photometric == _RGB else 1)
        is_odd = has_more and not {_ASSOCIATED, _UNASSOCIATED} & set(page.numbers(t.EXTRA_SAMPLES))
        return is_odd or (page.number(t.PLANAR, 1) == 2 and page.samples > 1)
    return page.samples > 1 or not is_whole or page.bits > 16


def planes_of(page: Page, name: str) -> Planes:
    """(H, W, 3) colours in sRGB and (H, W) alpha, uint8 or uint16, as the file has them: not yet turned.

    Raises:
        UnsupportedFormatError: its numbers are no colours.
        ValueError: it is damaged.
    """
    colour_count = 3 if page.photometric == _RGB else 1
    if page.samples < colour_count:
        raise ValueError(f"it has {page.samples} samples a pixel where RGB has 3")
    values = read_samples(page)
    if values.dtype.kind != "u" or values.dtype.itemsize > 2:
        if colour_count == 1 and page.samples == 1:
            raise _no_colours(name, f"one {values.dtype} a pixel")
        values = _whole(values, colour_count, name)
    colours, alpha = values[..., :colour_count], None
    meanings = page.numbers(t.EXTRA_SAMPLES)
    for place, meaning in enumerate(meanings[: page.samples - colour_count]):
        if meaning in {_ASSOCIATED, _UNASSOCIATED}:
            alpha = np.ascontiguousarray(values[..., colour_count + place])
            colours = _divided(colours, alpha) if meaning == _ASSOCIATED else colours
            break
    if page.photometric == 0:  # white is zero
        colours = np.iinfo(values.dtype).max - colours
    rgb = np.repeat(colours, 3, axis=2) if colour_count == 1 else np.ascontiguousarray(colours)
    return _in_srgb(rgb, page), alpha


def _whole(values: npt.NDArray[Any], colour_count: int, name: str) -> npt.NDArray[np.uint16]:
    """Floats in 0…1, or 32-bit whole numbers, as uint16; what is brighter than white is white."""
    if values.dtype.kind == "u":
        return np.asarray(values >> (8 * values.dtype.itemsize - 16), np.uint16)
    if values.dtype.kind == "i":
        raise _no_colours(name, f"signed numbers ({values.dtype})")
    known = values[..., :colour_count]
    if not np.isfinite(known).all() or float(known.min()) < -0.01:
        raise _no_colours(name, "numbers that are not finite or below 0")
    bright = float(np.percentile(known, 99)) if known.size else 0.0
    if bright > 2:
        raise _no_colours(name, f"floats up to {float(known.max()):g} where 0…1 was expected")
    return np.asarray(np.rint(np.clip(values, 0, 1) * np.float64(_TOP)), np.uint16)


def _no_colours(name: str, what: str) -> UnsupportedFormatError:
    return UnsupportedFormatError(
        f"{name} holds measurements ({what}), not a photo's colours.",
        "Save it with 8 or 16 bits a channel; depth is read with --depth.",
    )


def _divided(colours: npt.NDArray[Any], alpha: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Colours that were multiplied by alpha as they were before; black where nothing is seen."""
    top = int(np.iinfo(colours.dtype).max)
    share = alpha[..., None].astype(np.uint64)
    whole = (colours.astype(np.uint64) * top + share // 2) // np.maximum(share, 1)
    return np.where(share > 0, np.minimum(whole, top), 0).astype(colours.dtype)


def _in_srgb(rgb: npt.NDArray[Any], page: Page) -> npt.NDArray[Any]:
    """The same in sRGB; with a profile that changes colours in 8 bits, for Little CMS in Pillow has no 16."""
    profile = bytes(value & 255 for value in page.numbers(t.PROFILE))
    if not profile or not changes_colours(profile):
        return rgb
    from PIL import Image

    eight = rgb if rgb.dtype == np.uint8 else ((rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.array(to_srgb(Image.fromarray(eight), profile))
