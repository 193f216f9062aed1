"""PNG files written in strips."""

from __future__ import annotations

import importlib.util
import io
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from nearfar.encode.png import png

RNG = np.random.default_rng(8)


@pytest.fixture(params=["isal", "zlib"], autouse=True)
def _deflate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture is written with the fast library, and as where there is no wheel of it."""
    if request.param == "zlib":
        monkeypatch.setattr(sys.modules["nearfar.encode.png"], "isal_zlib", None)


@pytest.mark.parametrize(
    "shape", [(1, 1), (5, 3, 3), (3, 1, 4), (700, 900, 3), (2000, 1100), (300, 1000, 4), (1, 9), (4096, 257)]
)
def test_read_back_by_another_decoder(shape: tuple[int, ...]) -> None:
    """Pillow checks every checksum and finds the same pixels, whether in one strip or in several."""
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)
    with Image.open(io.BytesIO(png(pixels))) as image:
        image.verify()


def test_places_in_a_palette() -> None:
    """A picture of places is shown in the palette's colours."""
    palette = RNG.integers(0, 256, (256, 3), dtype=np.uint8)
    places = RNG.integers(0, 256, (40, 50), dtype=np.uint8)
    with Image.open(io.BytesIO(png(places, palette))) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image.convert("RGB")), palette[places])


def test_rows_read_backwards() -> None:
    """Pixels need not lie in order in memory."""
    pixels = RNG.integers(0, 256, (30, 20, 3), dtype=np.uint8)[::-1, ::2]
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_same_bytes_each_time() -> None:
    """Threads do not change what is written."""
    pixels = RNG.integers(0, 4, (1500, 1500), dtype=np.uint8)
    assert png(pixels) == png(pixels)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3, 3), (3, 1, 4), (900, 800, 3), (2000, 1100), (300, 1000, 4)])
def test_sixteen_bits(shape: tuple[int, ...]) -> None:
    """OpenCV finds the same 16 bits, whether in one strip or in several."""
    pixels = RNG.integers(0, 65536, shape, dtype=np.uint16)
    found = cv2.imdecode(np.frombuffer(png(pixels), np.uint8), cv2.IMREAD_UNCHANGED)
    order = [2, 1, 0, 3][: shape[2]] if len(shape) == 3 else ...
    assert np.array_equal(found[..., order] if len(shape) == 3 else found, pixels)


def test_the_fast_library_is_there() -> None:
    """Where its wheel is installed it is what writes; without, files would be right and slow."""
    assert importlib.util.find_spec("isal") is not None
