"""What results keep of a photo's file: never the place unless it is asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

import nearfar
from nearfar.decode.metadata import metadata_of
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.types import Picture
from pictures import draw
from pictures import taken as a_photo

DRAWING = draw(32, 24)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("keep", ["safe", "all", "none"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_what_is_kept(format: str, keep: str, suffix: str) -> None:
    """Date, camera and lens are kept, the place on request, orientation and maker's notes never."""
    photo = nearfar.read(a_photo(format))
    plain = Picture(photo.pixels).encoded(suffix)
    data = with_metadata(plain, metadata_of(photo, keep))
    image = Image.open(io.BytesIO(data))
    found = image.getexif()
    details, place = found.get_ifd(ExifTags.IFD.Exif), found.get_ifd(ExifTags.IFD.GPSInfo)
    assert found.get(0x0110) == (None if keep == "none" else "Model 5")
    assert details.get(0x9003) == (None if keep == "none" else "2026:11:27 03:00:00")
    assert bool(place) == (keep == "all")
    assert 0x0112 not in found
    assert 0x927C not in details
    assert np.array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(plain))))
    if keep != "none" and suffix != ".webp":
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_alpha_of_a_webp_stays() -> None:
    """The extended form of a WebP says that there is alpha."""
    pixels = np.dstack([DRAWING, DRAWING[..., 0]])
    for quality in (90, 100):
        plain = Picture(pixels).encoded(".webp", quality)
        data = with_metadata(plain, Metadata(b"II*\0\x08\0\0\0\0\0\0\0\0\0"))
        images = [np.asarray(Image.open(io.BytesIO(file))) for file in (plain, data)]
        assert np.array_equal(*images)


def test_nothing_to_keep() -> None:
    """An array and a damaged block give nothing, and a picture stays as it is."""
    assert metadata_of(nearfar.read(DRAWING)) == Metadata()
    plain = Picture(DRAWING).encoded()
    assert with_metadata(plain, Metadata()) == plain
