"""What results keep of a photo's file: never the place unless it is asked for."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

import nearfar
from nearfar.decode.metadata import metadata_of
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.errors import ParameterError
from nearfar.types import Picture
from pictures import draw, encoded
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


def test_results_of_the_library_keep_it(tmp_path) -> None:
    """A picture and a clip made of a photo's file keep what is safe, the place on request."""
    photo = a_photo("JPEG", orientation=1)
    depth = nearfar.DepthMap(np.tile(np.linspace(0, 1, 32, dtype=np.float32), (24, 1)), "relative_inverse")

    def said(keep: dict[str, str], name: str, **options: object) -> tuple[object, bool]:
        done = nearfar.effect(name, photo, depth, **keep, **options)
        done.save(tmp_path / "a.webp")
        with Image.open(tmp_path / "a.webp") as image:
            found = image.getexif()
            return found.get(0x0110), bool(found.get_ifd(ExifTags.IFD.GPSInfo))

    for name, options in (("fog", {}), ("wiggle", {"format": "webp", "frames": 2, "size": 32})):
        assert said({}, name, **options) == ("Model 5", False)
        assert said({"keep_metadata": "all"}, name, **options) == ("Model 5", True)
        assert said({"keep_metadata": "none"}, name, **options) == (None, False)
    assert nearfar.overlay(photo, depth).kept.density == pytest.approx((300, 300))
    with pytest.raises(ParameterError, match="keep_metadata is 'al'"):
        nearfar.effect("fog", photo, depth, keep_metadata="al")


def test_a_heic_s_words_are_kept() -> None:
    """They are read without decoding its pixels."""
    kept = metadata_of(nearfar.read(Path(__file__).parents[1] / "data" / "turned.heic"))
    image = Image.open(io.BytesIO(with_metadata(Picture(DRAWING).encoded(".jpg"), kept)))
    assert image.getexif().get_ifd(ExifTags.IFD.Exif)[0xA405] == 26


def test_the_colour_space_that_is_kept_is_the_picture_s() -> None:
    """A photo of another space says so in its EXIF; what is made of it is in sRGB."""
    block = Image.Exif()
    block.get_ifd(ExifTags.IFD.Exif)[0xA001] = 65535
    kept = metadata_of(nearfar.read(encoded(DRAWING, "JPEG", exif=block.tobytes())))
    image = Image.open(io.BytesIO(with_metadata(Picture(DRAWING).encoded(".jpg"), kept)))
    assert image.getexif().get_ifd(ExifTags.IFD.Exif)[0xA001] == 1


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
