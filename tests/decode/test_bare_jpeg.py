"""JPEGs with nothing but their picture, read without Pillow: the same photo, or none."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nearfar.decode import _raster, metadata
from nearfar.decode._bare_jpeg import read_bare
from nearfar.decode.photo import read_photo
from pictures import draw

PROFILE = b"\0" * 128


def jpeg(mode: str = "RGB", size: tuple[int, int] = (75, 52), **how: Any) -> bytes:
    """A JPEG by Pillow."""
    out = io.BytesIO()
    Image.fromarray(draw(*size)).convert(mode).save(out, "JPEG", **how)
    return out.getvalue()


def by_pillow(monkeypatch: pytest.MonkeyPatch, data: bytes, **how: Any) -> Any:
    """The photo as it comes by the long way."""
    with monkeypatch.context() as context:
        context.setattr(_raster, "read_bare", lambda _: None)
        return read_photo(data, **how)


@pytest.mark.parametrize(
    "how",
    [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30, "dpi": (300, 200)}, {"comment": b"hm"}],
    ids=str,
)
def test_a_bare_jpeg_is_the_photo_that_pillow_reads(
    how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pixels bit for bit, and all that is said of it."""
    data = jpeg(**how)
    assert read_bare(data) is not None
    ours, theirs = read_photo(data), by_pillow(monkeypatch, data)
    assert np.array_equal(ours.pixels, theirs.pixels)
    for name in ("alpha", "camera", "name", "format", "reduced_from", "encoded", "orientation", "own_depth"):
        assert getattr(ours, name) == getattr(theirs, name)


@pytest.mark.parametrize("least", [(300, 200), (299, 200), (150, 101), (80, 60), (30, 20), (1, 1), (700, 3)])
def test_it_is_reduced_as_pillow_reduces(least: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """To a half, a quarter or an eighth, and it says of what."""
    data = jpeg(size=(601, 403))
    ours = read_photo(data, needed=lambda *_: least)
    theirs = by_pillow(monkeypatch, data, needed=lambda *_: least)
    assert np.array_equal(ours.pixels, theirs.pixels)
    assert ours.reduced_from == theirs.reduced_from


@pytest.mark.parametrize(
    "data",
    [
        jpeg("L"),
        jpeg("CMYK"),
        jpeg(exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
        jpeg(icc_profile=PROFILE),
        jpeg(xmp=b"<x/>"),
        jpeg()[:-2],
        jpeg()[:900],
        jpeg()[:2] + b"\xff" + jpeg()[2:],
        jpeg() + jpeg()[:100],
        b"\xff\xd8\xff",
    ],
    ids=["grey", "ink", "exif", "profile", "xmp", "no end", "cut", "filled", "more behind", "nothing"],
)
def test_any_other_is_left_to_pillow(data: bytes) -> None:
    """Whatever carries more than its picture, or is odd."""
    assert read_bare(data) is None


@pytest.mark.parametrize("how", [{}, {"dpi": (300, 200)}], ids=str)
def test_its_density_is_kept(how: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a result keeps of it is what Pillow says."""
    photo = read_photo(jpeg(**how))
    ours = metadata.metadata_of(photo)
    monkeypatch.setattr(metadata, "read_bare", lambda _: None)
    assert ours == metadata.metadata_of(photo)


def test_a_density_in_centimetres_is_an_inch_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """JFIF has two units."""
    data = bytearray(jpeg(dpi=(100, 50)))
    data[data.index(b"JFIF") + 7] = 2
    photo = read_photo(bytes(data))
    ours = metadata.metadata_of(photo)
    monkeypatch.setattr(metadata, "read_bare", lambda _: None)
    assert ours == metadata.metadata_of(photo) != metadata.Metadata()


def test_where_the_fast_decoder_stumbles_pillow_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare JPEG is read all the same."""
    data = jpeg()
    whole = read_photo(data)
    monkeypatch.setattr(_raster, "by_turbo", lambda *_: None)
    assert np.array_equal(read_photo(data).pixels, whole.pixels)
