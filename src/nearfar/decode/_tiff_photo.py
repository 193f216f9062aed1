"""A TIFF page to the planes of a photo, where its samples are more than Pillow keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.decode import _tiff as t
from nearfar.decode._color import changes_colours, grey16_to_srgb, to_srgb
from nearfar.decode._icc import matrix_of
from nearfar.decode._tiff_pixels import READ_COMPRESSIONS, can_read, read_samples
from nearfar.errors import UnsupportedFormatError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.decode._tiff import Page

    Planes = tuple[npt.NDArray[Any], npt.NDArray[Any] | None]  # (H, W, 3) colours, (H, W) alpha or None

_GREY, _RGB, _INKS = {0, 1}, 2, 5
_ASSOCIATED, _UNASSOCIATED = 1, 2  # of ExtraSamples
_TOP = 65535


def is_ours(page: Page, name: str) -> bool:
    """Whether a page has samples that Pillow would cut, misread or not open at all.

    Raises:
        UnsupportedFormatError: it has, and we do not know its layout either.
    """
    if not _is_odd(page) or page.compression not in READ_COMPRESSIONS:
        return False
    if not can_read(page):
        raise unknown_layout(page, name)
    return True


def unknown_layout(page: Page, name: str) -> UnsupportedFormatError:
    """What is told of a whole file whose pixels no decoder here knows."""
    bits = page.bits or "+".join(str(count) for count in page.numbers(t.BITS))
    return UnsupportedFormatError(
        f"{name} is a TIFF of {page.samples} × {bits} bits (colours of kind {page.photometric}, predictor "
        f"{page.number(t.PREDICTOR, 1)}), which nearfar does not read.",
        "Save it as RGB of 8 or 16 bits a channel.",
    )


def _is_odd(page: Page) -> bool:
    if page.photometric == _INKS:
        return page.samples >= 4 and (page.bits != 8 or page.samples > 4 or page.number(t.PLANAR, 1) == 2)
    if page.photometric not in {*_GREY, _RGB}:
        return False
    is_whole = page.number(t.SAMPLE_FORMAT, 1) in {1, 4}
    if page.bits == 8 and is_whole:
        has_more = page.samples > (3 if page.photometric == _RGB else 1)
        return has_more or (page.number(t.PLANAR, 1) == 2 and page.samples > 1)
    is_turned_over = (
        page.photometric == 0 and page.bits == 16
    )  # Pillow knows it of 16 bits in one byte order only
    return page.samples > 1 or not is_whole or page.bits > 16 or is_turned_over


def planes_of(page: Page, name: str) -> Planes:
    """(H, W, 3) colours in sRGB and (H, W) alpha, uint8 or uint16, as the file has them: not yet turned.

    Raises:
        UnsupportedFormatError: its numbers are no colours.
        ValueError: it is damaged.
    """
    if page.photometric == _INKS:
        return _of_inks(page), None
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
    return _in_srgb(rgb, page, is_grey=colour_count == 1), alpha


def _of_inks(page: Page) -> npt.NDArray[Any]:
    """(H, W, 3) uint8 in sRGB of four inks, whose profile knows 8 bits alone."""
    from PIL import Image

    inks = read_samples(page)[..., :4]
    if inks.dtype.kind != "u":
        raise ValueError(f"its inks are {inks.dtype}")
    eight = np.ascontiguousarray((inks >> (8 * (inks.dtype.itemsize - 1))).astype(np.uint8))
    image = Image.frombytes("CMYK", (page.width, page.height), eight.tobytes())
    profile = bytes(value & 255 for value in page.numbers(t.PROFILE))
    return np.array(to_srgb(image, profile or None))


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


def _in_srgb(rgb: npt.NDArray[Any], page: Page, *, is_grey: bool) -> npt.NDArray[Any]:
    """The same in sRGB; 16 bits stay 16 where the profile is curves and a matrix, else they become 8."""
    profile = bytes(value & 255 for value in page.numbers(t.PROFILE))
    table = grey16_to_srgb(profile) if profile and is_grey and rgb.dtype == np.uint16 else None
    if table is not None:
        return np.asarray(table[rgb[..., 0]])
    if is_grey and rgb.dtype == np.uint16:  # a profile of colours says nothing of grey
        return rgb
    if not profile or not changes_colours(profile):
        return rgb
    matrix = matrix_of(profile) if rgb.dtype == np.uint16 else None
    if matrix is not None:
        return matrix.to_srgb(rgb)
    from PIL import Image

    eight = rgb if rgb.dtype == np.uint8 else ((rgb.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return np.array(to_srgb(Image.fromarray(eight), profile))
