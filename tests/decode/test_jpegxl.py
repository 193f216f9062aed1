"""JPEG XL: read where the extra is installed, named where it is not."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import nearfar
from nearfar.errors import BrokenImageError, TooLargeError, UnsupportedFormatError
from nearfar.settings import Settings
from pictures import draw, encoded

NAKED = b"\xff\x0a" + bytes(30)
BOXED = b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(30)


@pytest.fixture
def picture() -> np.ndarray:
    """A picture that Pillow's plug-in can write."""
    pytest.importorskip("pillow_jxl")
    return draw(64, 48)


def test_colours_without_loss(picture: np.ndarray) -> None:
    """A picture that lost nothing comes back as it was, and says what it was."""
    photo = nearfar.read(encoded(picture, "JXL", lossless=True))
    assert photo.format == "JXL"
    assert np.array_equal(photo.pixels, picture)


def test_alpha(picture: np.ndarray) -> None:
    """Alpha is kept beside colours."""
    alpha = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    photo = nearfar.read(encoded(np.dstack([picture, alpha]), "JXL", lossless=True))
    assert np.array_equal(photo.alpha8(), alpha)


def test_damage_and_limits(picture: np.ndarray) -> None:
    """A file that was cut off is damaged, one over the limit too large."""
    data = encoded(picture, "JXL", lossless=True)
    with pytest.raises(BrokenImageError):
        nearfar.read(data[: len(data) // 2])
    with pytest.raises(TooLargeError):
        nearfar.read(data, settings=Settings(max_pixels=1000))


@pytest.mark.parametrize("data", [NAKED, BOXED])
def test_without_the_extra_it_is_named(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words say which format it is, and what to install."""
    monkeypatch.setitem(sys.modules, "pillow_jxl", None)
    with pytest.raises(UnsupportedFormatError, match="JPEG XL") as told:
        nearfar.read(data)
    assert "nearfar[jxl]" in told.value.hint
