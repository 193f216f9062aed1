"""Small files of users that once went wrong: the right result, or the right words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.errors import UnsupportedFormatError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cases(shared: Path) -> Path:
    """The folder of such files, else the test is skipped."""
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}")
    return folder


def test_sixteen_bit_planes(cases: Path) -> None:
    """Planes of 16 bits and the same in a BigTIFF of the other order are one picture of smooth colours."""
    planes = nearfar.read(cases / "photo-planar-16bit-rgb.tif")
    big = nearfar.read(cases / "photo-bigtiff-big-endian-called-damaged.tif")
    assert planes.pixels.dtype == np.uint16
    assert np.array_equal(planes.pixels, big.pixels)


def test_first_page_is_a_thumbnail(cases: Path) -> None:
    """The whole picture is read, and it is the one that the 16 bits show."""
    photo = nearfar.read(cases / "photo-thumbnail-first-called-raw.tif")
    assert (photo.width, photo.height) == (160, 120)
    deep = nearfar.read(cases / "photo-planar-16bit-rgb.tif")
    assert np.abs(deep.rgb8().astype(int) - photo.pixels).max() <= 1


def test_float_colours(cases: Path) -> None:
    """Floats of 0…1 are every second pixel of a photo."""
    photo = nearfar.read(cases / "photo-float-rgb-called-damaged.tif")
    assert (photo.width, photo.height, photo.pixels.dtype) == (80, 60, np.uint16)
    assert int(photo.pixels.max()) == 64250


def test_twelve_bit_jpeg(cases: Path) -> None:
    """It is named, not called damaged."""
    with pytest.raises(UnsupportedFormatError, match="12 bits"):
        nearfar.read(cases / "photo-jpeg-12bit-called-damaged.jpg")
