"""JPEGs by libjpeg-turbo right into their array, and what happens where it stumbles."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.decode import _raster
from nearfar.decode.photo import read_photo
from nearfar.errors import BrokenImageError
from pictures import draw

if TYPE_CHECKING:
    from collections.abc import Callable


def jpeg(width: int, height: int, **how: object) -> bytes:
    """A drawing as a file."""
    out = io.BytesIO()
    Image.fromarray(draw(width, height)).save(out, "JPEG", **how)
    return out.getvalue()


def by_pillow(data: bytes, reduced: int = 1) -> np.ndarray:
    """What Pillow gives, at a fraction of its size."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (image.width // reduced, image.height // reduced))
        return np.asarray(image)


@pytest.fixture(params=["turbo", "opencv"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Once as installed, once as where there is no wheel of simplejpeg."""
    if request.param == "opencv":
        monkeypatch.setitem(sys.modules, "simplejpeg", None)
    return str(request.param)


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (257, 131), (640, 481)])
@pytest.mark.parametrize(
    "how", [{"subsampling": 0}, {"subsampling": 1}, {"subsampling": 2, "progressive": True}]
)
def test_the_same_pixels_as_pillow(decoder: str, size: tuple[int, int], how: dict[str, object]) -> None:
    """Bit for bit, whatever the sampling, the scans and the side lengths."""
    data = jpeg(*size, quality=80, **how)
    assert np.array_equal(nearfar.read(data).pixels, by_pillow(data))


@pytest.mark.parametrize("reduced", [2, 4, 8])
def test_the_same_pixels_where_it_is_decoded_smaller(decoder: str, reduced: int) -> None:
    """Half, a quarter and an eighth too; the photo says how large it was."""
    data = jpeg(1281, 961, quality=90)
    photo = read_photo(data, needed=lambda width, height: (width // reduced, height // reduced))
    assert photo.full_size == (1281, 961)
    assert np.array_equal(photo.pixels, by_pillow(data, reduced))


def test_it_is_what_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV, which copies each photo once more, is not asked."""
    monkeypatch.setattr(_raster, "_rgb_by_opencv", pytest.fail)
    assert nearfar.read(jpeg(64, 48)).pixels.shape == (48, 64, 3)


def _cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _overwritten(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + b"\xff\xda" * 40 + data[at + 80 :]


@pytest.mark.parametrize("damage", [_cut, _overwritten])
def test_damage_is_told_as_before(damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """What it refuses goes the old way: the same pixels or the same words."""

    def outcome(data: bytes) -> object:
        try:
            return nearfar.read(data).pixels.tobytes()
        except BrokenImageError as exc:
            return exc.message

    data = damage(jpeg(320, 240, quality=90))
    found = outcome(data)
    monkeypatch.setitem(sys.modules, "simplejpeg", None)
    assert found == outcome(data)
