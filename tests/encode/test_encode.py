"""Pixels to picture files and back."""

from __future__ import annotations

import io
import threading

import cv2
import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.encode import encode
from nearfar.encode.png import png
from nearfar.errors import ParameterError

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1, 1), (1, 1000), (333, 3)])
def test_png_round_trip(channels: int, dtype: type, size: tuple[int, int]) -> None:
    """Every kind of PNG that we write is read back exactly."""
    pixels = RNG.integers(0, np.iinfo(dtype).max, (*size, channels)).astype(dtype)
    found = nearfar.read(encode(pixels[..., 0] if channels == 1 else pixels))
    assert found.pixels.dtype == dtype
    assert np.array_equal(found.pixels[..., :channels], pixels[..., :3])
    assert channels < 4 or np.array_equal(found.alpha, pixels[..., 3])


def test_texts_are_read_by_pillow() -> None:
    """Texts of any language stand in the file, before its pixels."""
    data = encode(np.zeros((2, 2), np.uint8), text={"nearfar:kind": "metric", "note": "远近 ≈ 3 m"})
    with Image.open(io.BytesIO(data)) as image:
        assert image.text == {"nearfar:kind": "metric", "note": "远近 ≈ 3 m"}


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_lossy_formats(drawing: np.ndarray, suffix: str) -> None:
    """JPEG and WebP are close to what was given."""
    found = nearfar.read(encode(drawing, suffix, quality=95)).pixels
    assert np.abs(found.astype(int) - drawing).mean() < 4


def test_transparent_parts_are_white_in_a_jpeg() -> None:
    """JPEG has no alpha: what lies behind is white."""
    found = nearfar.read(encode(np.zeros((8, 8, 4), np.uint8), ".jpg")).pixels
    assert found.min() > 250


def test_jpeg_has_8_bits() -> None:
    """Sixteen bits are not silently cut."""
    with pytest.raises(ParameterError, match="8 bits"):
        encode(np.zeros((2, 2), np.uint16), ".jpg")


@pytest.mark.parametrize("suffix", ["", ".gif", "png", ".pgn"])
def test_unknown_suffix(suffix: str) -> None:
    """What we do not write is refused with what we do."""
    with pytest.raises(ParameterError, match="not written as"):
        encode(np.zeros((2, 2), np.uint8), suffix)


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_out_of_range(quality: int) -> None:
    """Quality runs from 1 to 100."""
    with pytest.raises(ParameterError, match="quality"):
        encode(np.zeros((2, 2), np.uint8), ".jpg", quality=quality)


@pytest.mark.parametrize(("suffix", "width"), [(".webp", 16384), (".jpg", 65536), (".png", 1_000_001)])
def test_picture_too_wide_for_its_format(suffix: str, width: int) -> None:
    """A format's own limit is an error that says so."""
    with pytest.raises(ParameterError, match="too large for"):
        encode(np.zeros((1, width, 3), np.uint8), suffix)


@pytest.mark.parametrize("threads", [1, 4])
def test_without_helpers_the_pixels_are_the_same(threads: int) -> None:
    """A busy service takes the helping threads away: the file may differ, the picture does not."""
    pixels = np.random.default_rng(4).integers(0, 256, (600, 700, 3), np.uint8)
    before, alive = cv2.getNumThreads(), threading.active_count()
    cv2.setNumThreads(threads)
    try:
        data = encode(pixels)
        strips = png(pixels)
    finally:
        cv2.setNumThreads(before)
    for found in (data, strips):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(found))), pixels)
    assert threading.active_count() == alive
