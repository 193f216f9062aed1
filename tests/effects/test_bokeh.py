"""Blur as a lens makes it."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError
from nearfar.ops.defocus import SHAPES, Aperture, aperture_kernel, defocus
from nearfar.types import DepthKind, DepthMap, Photo
from spaces import steps


def scene(size: tuple[int, int] = (240, 180)) -> tuple[Photo, DepthMap]:
    """Three flat things one behind the other with exact depth."""
    pixels, near = steps(*size)
    return Photo(pixels), DepthMap(near, DepthKind.RELATIVE_INVERSE)


def two_halves(is_left_near: bool) -> tuple[np.ndarray, np.ndarray]:
    """A red half beside a blue one, and the half that is at the focus."""
    pixels = np.zeros((80, 120, 3), np.uint8)
    pixels[:, :60, 0], pixels[:, 60:, 2] = 255, 255
    return pixels, (np.arange(120)[None].repeat(80, axis=0) < 60) == is_left_near


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_strength_nought_is_the_photo(kind: type) -> None:
    """Every bit is kept."""
    photo, depth = scene()
    photo = Photo(photo.pixels.astype(kind) * (257 if kind is np.uint16 else 1))
    assert np.array_equal(nearfar.effect("bokeh", photo, depth, strength=0).pixels, photo.pixels)


def test_sharp_foreground_does_not_bleed() -> None:
    """Right beside a sharp near object the blurred background has none of its colour."""
    pixels, is_front = two_halves(is_left_near=True)
    blurred = defocus(pixels, np.where(is_front, 0, -8).astype(np.float32))
    assert np.array_equal(blurred[:, :60], pixels[:, :60])
    assert blurred[:, 60:, 0].max() <= 8


def test_blurred_foreground_spreads() -> None:
    """A near object out of focus lies half see-through over the sharp background."""
    pixels, is_front = two_halves(is_left_near=True)
    blurred = defocus(pixels, np.where(is_front, 8, 0).astype(np.float32))
    middle = blurred[40].astype(int)
    assert middle[62, 0] > 100
    assert middle[66, 0] > 30
    assert np.array_equal(blurred[:, 75:], pixels[:, 75:])


def test_focus_point_is_sharp() -> None:
    """What the point is on stays, what is elsewhere does not."""
    photo, depth = scene()
    done = nearfar.effect("bokeh", photo, depth, focus=(150.0, 120.0), strength=3, refine=False).pixels
    changed = (done != photo.pixels).any(axis=2)
    inner = np.zeros_like(changed)
    inner[105:165, 105:180] = True
    assert not changed[inner].any()
    assert changed[depth.values == 0].mean() > 0.9


def test_focus_range_is_in_the_maps_unit() -> None:
    """A range of metres keeps what is within it."""
    photo, depth = scene()
    metres = DepthMap(np.float32(4) - 3 * depth.values, DepthKind.METRIC)
    done = nearfar.effect("bokeh", photo, metres, focus_range=(3.9, 4.1), strength=2, refine=False).pixels
    assert np.array_equal(done[:30], photo.pixels[:30])
    with pytest.raises(ParameterError, match="No depth lies within"):
        nearfar.effect("bokeh", photo, metres, focus_range=(50, 60))


def test_mask_stays_sharp() -> None:
    """What a mask marks is in focus whatever its depth."""
    photo, depth = scene()
    mask = depth.values == 0.5
    done = nearfar.effect("bokeh", photo, depth, mask=mask, strength=2, refine=False).pixels
    inner = np.zeros_like(mask)
    inner[60:85, 60:90] = True
    assert np.array_equal(done[inner], photo.pixels[inner])


def test_focus_outside_is_refused() -> None:
    """A point that is not in the picture is an error, not a guess."""
    with pytest.raises(ParameterError, match="focus is 999,0"):
        nearfar.effect("bokeh", *scene(), focus=(999.0, 0.0))


def test_highlights_bloom() -> None:
    """A small lamp becomes a bright disc, brighter than plain averaging makes it."""
    pixels = np.full((90, 90, 3), 20, np.uint8)
    pixels[43:47, 43:47] = 255
    far = np.full((90, 90), -8, np.float32)
    plain, glowing = (defocus(pixels, far, Aperture("disc", h)) for h in (0, 10))
    assert glowing[45, 50].max() > plain[45, 50].max() + 40


def test_white_paper_does_not_bloom() -> None:
    """Thin dark lines on white are not swallowed: large bright areas are no lamps."""
    pixels = np.full((90, 90, 3), 250, np.uint8)
    pixels[:, 40:46] = 30
    far = np.full((90, 90), -4, np.float32)
    plain, glowing = (defocus(pixels, far, Aperture("disc", h)).astype(int) for h in (0, 4))
    assert np.abs(plain - glowing).max() <= 12


@pytest.mark.parametrize("shape", SHAPES)
def test_kernel_has_its_shape(shape: str) -> None:
    """The sum is 1, both axes are mirrored, and the anamorphic opening is taller than wide."""
    kernel = aperture_kernel(6.0, shape)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-6)
    wide, high = ((kernel.sum(axis=a) > 1e-4).sum() for a in (0, 1))
    assert high > wide if shape == "anamorphic" else abs(int(high) - int(wide)) <= 2


def test_flat_light_stays_flat() -> None:
    """An even picture is as bright after the blur, whatever the depth."""
    rng = np.random.default_rng(2)
    coc = np.repeat(np.repeat(rng.uniform(-20, 20, (6, 8)), 20, 0), 20, 1).astype(np.float32)
    pixels = np.full((120, 160, 3), 150, np.uint8)
    assert np.abs(defocus(pixels, coc).astype(int) - 150).max() <= 2


@pytest.mark.parametrize("blur_px", [(3, 16), (-16, -3), (-6, 6)])
def test_no_seam_shows_where_blur_grows_over_a_surface(blur_px: tuple[float, float]) -> None:
    """A dark thing through many layers of blur stays dark within: nothing behind it shines through."""
    pixels, coc = np.full((160, 320, 3), 230, np.uint8), np.zeros((160, 320), np.float32)
    pixels[40:, 40:280] = 40
    coc[40:, 40:280] = np.linspace(*blur_px, 240, dtype=np.float32)
    assert defocus(pixels, coc)[90:, 80:240].max() <= 42
