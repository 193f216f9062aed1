"""Portable pictures: what was written is what is read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import BrokenImageError, TooLargeError, UnsupportedFormatError
from pictures import draw

DRAWING = draw(13, 9)


def test_eight_bits_as_pillow_writes_them() -> None:
    """Colour and grey of 8 bits are exact."""
    for image in (Image.fromarray(DRAWING), Image.fromarray(DRAWING[..., 0])):
        out = io.BytesIO()
        image.save(out, "PPM")
        photo = nearfar.read(out.getvalue())
        assert photo.format == "PNM"
        assert np.array_equal(photo.pixels, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(("kind", "channels"), [(5, 1), (6, 3)])
def test_sixteen_bits_stay_sixteen(kind: int, channels: int) -> None:
    """The largest value 65535 gives uint16, bit for bit."""
    deep = (DRAWING[..., :channels].astype(np.uint16) * 257) ^ 5
    photo = nearfar.read(b"P%d # deep\n13 9\n65535\n" % kind + deep.astype(">u2").tobytes())
    assert np.array_equal(photo.pixels, np.broadcast_to(deep, (9, 13, 3)))


def test_smaller_largest_value_is_spread() -> None:
    """Values up to 1023 span all of 16 bits."""
    photo = nearfar.read(b"P5 2 1 1023\n" + np.array([0, 1023], ">u2").tobytes())
    assert photo.pixels[0, :, 0].tolist() == [0, 65535]


def test_text_and_bits() -> None:
    """Numbers as text, and one bit a pixel where 1 is black."""
    assert nearfar.read(b"P2\n2 1\n255\n7 # seven\n9\n").pixels[0, :, 0].tolist() == [7, 9]
    assert nearfar.read(b"P3 1 1 255 1 2 3").pixels.tolist() == [[[1, 2, 3]]]
    assert nearfar.read(b"P1 3 1 101").pixels[0, :, 0].tolist() == [0, 255, 0]
    assert nearfar.read(b"P4 3 1\n" + bytes([0b10100000])).pixels[0, :, 0].tolist() == [0, 255, 0]


def test_four_channels_have_alpha() -> None:
    """A PAM of four channels is colour and alpha."""
    head = b"P7\nWIDTH 13\nHEIGHT 9\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    photo = nearfar.read(head + np.dstack([DRAWING, DRAWING[..., 2]]).tobytes())
    assert np.array_equal(photo.pixels, DRAWING)
    assert np.array_equal(photo.alpha, DRAWING[..., 2])


@pytest.mark.parametrize(
    "data", [b"P6 13 9 255\n" + bytes(20), b"P5 0 9 255\n", b"P5 2 2 99999\n" + bytes(8), b"P2 2 1 255 a b"]
)
def test_damaged_ones_are_told(data: bytes) -> None:
    """A file that ends early or makes no sense is damaged."""
    with pytest.raises(BrokenImageError):
        nearfar.read(data)


def test_size_is_checked_first() -> None:
    """A header that claims too much is refused before anything is made of it."""
    with pytest.raises(TooLargeError):
        nearfar.read(b"P6 100000 100000 255\n")


def test_text_that_begins_alike_is_no_picture() -> None:
    """A word such as P51 is no picture."""
    with pytest.raises(UnsupportedFormatError):
        nearfar.read(b"P51 is a plane")
