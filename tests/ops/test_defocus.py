"""The blur of a lens: what it keeps, how it grows, how openings look."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from nearfar.ops.defocus import SHAPES, Aperture, _filtered, aperture_kernel, defocus
from pictures import draw

RNG = np.random.default_rng(0)


@pytest.fixture
def photo() -> np.ndarray:
    """120 x 160 of fine detail without highlights."""
    return RNG.integers(60, 180, (120, 160, 3)).astype(np.uint8)


def _detail(pixels: np.ndarray) -> float:
    return float(np.abs(cv2.Laplacian(pixels.astype(np.float32), cv2.CV_32F))[20:-20, 20:-20].mean())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_larger_circle_is_a_stronger_blur(photo: np.ndarray, shape: str, sign: int) -> None:
    """Before the focus and behind it, for every opening."""
    found = [
        _detail(defocus(photo, np.full((120, 160), sign * radius, np.float32), Aperture(shape)))
        for radius in (0.0, 1.5, 4.0, 9.0)
    ]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.1 * found[0]


@pytest.mark.parametrize("radius", [-8.0, -2.5, 2.5, 8.0])
def test_blur_keeps_the_light(photo: np.ndarray, radius: float) -> None:
    """The mean of squared colours, as light is mixed, stays; no value leaves the photo's range."""
    photo = np.repeat(np.repeat(photo[:30, :40], 4, axis=0), 4, axis=1)  # detail that half the size holds
    found = defocus(photo, np.full((120, 160), radius, np.float32))
    assert found.dtype == photo.dtype
    light, before = (np.mean((one / 255.0) ** 2) for one in (found, photo))
    assert light == pytest.approx(before, rel=0.02)
    assert found.min() >= photo.min() - 1
    assert found.max() <= photo.max() + 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_what_is_in_focus_is_the_photo(kind: type) -> None:
    """To the bit, beside a background that is blurred."""
    photo = RNG.integers(0, np.iinfo(kind).max, (60, 80, 3)).astype(kind)
    coc = np.zeros((60, 80), np.float32)
    coc[:, 50:] = -6.0
    found = defocus(photo, coc)
    np.testing.assert_array_equal(found[:, :40], photo[:, :40])
    assert _rough(found[:, 60:]) < 0.4 * _rough(photo[:, 60:])


def _rough(pixels: np.ndarray) -> float:
    return float(np.abs(np.diff(pixels.astype(float), axis=0)).mean())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("radius", [1.0, 3.5, 10.0])
def test_an_opening_lets_all_light_through(shape: str, radius: float) -> None:
    """Sum one, nothing below nothing, point-symmetric, its weight about its middle."""
    kernel = aperture_kernel(radius, shape)
    assert kernel.sum() == pytest.approx(1, abs=1e-4)
    assert kernel.min() >= 0
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)
    if shape == "disc":
        np.testing.assert_allclose(kernel, kernel.T, atol=1e-6)


def test_an_anamorphic_opening_is_taller_than_wide() -> None:
    """As such lenses draw lights; a disc is neither."""

    def spread(shape: str, axis: int) -> float:
        line = aperture_kernel(9.0, shape).sum(axis=axis)
        place = np.arange(len(line)) - (len(line) - 1) / 2
        return float((line * place**2).sum())

    assert spread("anamorphic", 1) > 1.5 * spread("anamorphic", 0)
    assert spread("disc", 1) == pytest.approx(spread("disc", 0), rel=1e-3)


@pytest.mark.parametrize("size", [(3, 90), (90, 3), (1, 1), (40, 40)])
def test_a_blur_wider_than_the_picture_is_done_in_its_size(size: tuple[int, int]) -> None:
    """A kernel cut to what lies within the picture gives what the whole kernel does."""
    values = RNG.random(size, np.float32)
    kernel = aperture_kernel(21.3, "hexagon")
    reach = len(kernel) // 2
    around = np.pad(values, reach, mode="edge")
    wanted = np.array(
        [
            [(around[y : y + len(kernel), x : x + len(kernel)] * kernel).sum() for x in range(size[1])]
            for y in range(size[0])
        ]
    )
    assert np.abs(_filtered(values, kernel) - wanted).max() < 1e-5


@pytest.mark.parametrize(("size", "most"), [((33, 2000), 33), ((2000, 33), 33), ((400, 600), 37)])
def test_lamps_are_looked_for_within_the_picture(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], most: int
) -> None:
    """However long a picture is: OpenCV keeps as many rows as the window is high, 400 MB for 65,535×33."""
    sides: list[tuple[int, int]] = []
    blur = cv2.blur
    monkeypatch.setattr(cv2, "blur", lambda given, side: (sides.append(side), blur(given, side))[1])
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    defocus(pixels, np.full(size, 2.0, np.float32), Aperture(highlights=1.0))
    assert sides
    assert max(min(side) for side in sides) <= most
    assert all(side[0] <= max(9, size[1]) and side[1] <= max(9, size[0]) for side in sides)


@pytest.mark.parametrize("side", [1, -1])
def test_a_large_picture_is_blurred_on_a_smaller_copy(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own pixels where it is sharp; where it is blurred, what blurring all of it gives, nearly."""
    pixels = draw(1200, 900)
    coc = np.zeros(pixels.shape[:2], np.float32)
    coc[:, 600:] = 14.0 * side
    whole = defocus(pixels, coc).astype(int)
    monkeypatch.setattr(sys.modules["nearfar.ops.defocus"], "WHOLE_PIXELS", 500_000)
    monkeypatch.setattr(sys.modules["nearfar.ops.defocus"], "_MOST_PIXELS", 300_000)
    found = defocus(pixels, coc)
    assert np.array_equal(found[:, :560], pixels[:, :560])
    assert np.abs(found - whole).mean() < 1.0
