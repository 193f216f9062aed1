"""Colour profiles to sRGB."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image, ImageCms

import nearfar
from pictures import encoded, profile

# Columns of the matrix from linear light to XYZ at D50 (Bradford): published for each space.
ADOBE_RGB = (0.60974, 0.31111, 0.01947, 0.20528, 0.62567, 0.06087, 0.14919, 0.06322, 0.74457)
DISPLAY_P3 = (0.51512, 0.24120, -0.00105, 0.29198, 0.69225, 0.04189, 0.15710, 0.06657, 0.78407)
SRGB = (0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.71410)
SWATCHES = np.array([[[100, 150, 90], [200, 60, 60], [128, 128, 128], [20, 40, 80]]], np.uint8)


def converted(primaries: tuple[float, ...], gamma: float) -> np.ndarray:
    """The swatches in sRGB, by the formulas: an independent second way."""
    linear = (SWATCHES / 255.0) ** gamma
    to_xyz = np.array(primaries).reshape(3, 3).T
    from_xyz = np.linalg.inv(np.array(SRGB).reshape(3, 3).T)
    light = np.clip(linear @ (from_xyz @ to_xyz).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("primaries", [ADOBE_RGB, DISPLAY_P3, SRGB])
@pytest.mark.parametrize("gamma", [1.8, 2.2])
def test_rgb_profile(primaries: tuple[float, ...], gamma: float) -> None:
    """Colours come out as the profile's own primaries and gamma ask."""
    found = nearfar.read(encoded(SWATCHES, "PNG", icc_profile=profile(gamma, primaries))).pixels
    assert np.abs(found - converted(primaries, gamma)).max() < 3


def test_profile_of_a_palette() -> None:
    """A palette's colours go through the profile as well."""
    image = Image.fromarray(SWATCHES).quantize(4)
    image.info["icc_profile"] = profile(2.2, ADOBE_RGB)
    before = np.asarray(image.convert("RGB"))
    found = nearfar.read(image).pixels
    expected = nearfar.read(encoded(before, "PNG", icc_profile=profile(2.2, ADOBE_RGB))).pixels
    assert np.array_equal(found, expected)


def test_profile_keeps_alpha() -> None:
    """Alpha passes by the profile."""
    rgba = np.dstack([SWATCHES, [[255, 128, 10, 0]]]).astype(np.uint8)
    found = nearfar.read(encoded(rgba, "PNG", icc_profile=profile(2.2, ADOBE_RGB)))
    assert found.alpha.tolist() == [[255, 128, 10, 0]]
    assert np.abs(found.pixels - converted(ADOBE_RGB, 2.2)).max() < 3


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_profile(mode: str) -> None:
    """Linear grey becomes lighter."""
    image = Image.new("L", (4, 3), 55).convert(mode)
    image.info["icc_profile"] = profile(1.0)
    assert np.abs(nearfar.read(image).pixels.astype(int) - 128).max() <= 2


def test_profile_named_srgb_that_is_not() -> None:
    """A profile is judged by what it does, not by its name: this one is linear."""
    linear = profile(1.0, SRGB).replace(b"test\0", b"sRGB\0")
    found = nearfar.read(encoded(SWATCHES, "PNG", icc_profile=linear)).pixels
    assert np.abs(found - converted(SRGB, 1.0)).max() < 3


def test_srgb_profile_changes_nothing(drawing: np.ndarray) -> None:
    """Pictures that say they are sRGB keep their pixels."""
    block = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(nearfar.read(encoded(drawing, "PNG", icc_profile=block)).pixels, drawing)


@pytest.mark.parametrize("block", [b"x", b"\0" * 200, profile(2.2, ADOBE_RGB)[:200], profile(1.0)])
def test_profile_of_no_use_is_left_out(drawing: np.ndarray, block: bytes) -> None:
    """A damaged profile, or one of greys on a colour picture, changes nothing."""
    assert np.array_equal(nearfar.read(encoded(drawing, "PNG", icc_profile=block)).pixels, drawing)


def test_lab_without_profile() -> None:
    """A Lab image without a profile is understood."""
    grey = nearfar.read(Image.new("LAB", (3, 2), (137, 128, 128))).pixels
    assert np.abs(grey.astype(int) - 128).max() <= 2


def test_profiles_in_threads() -> None:
    """Eight threads that convert at once get what one gets."""
    data = encoded(np.repeat(SWATCHES, 50, axis=0), "PNG", icc_profile=profile(2.2, DISPLAY_P3))
    expected, found = nearfar.read(data).pixels, []
    workers = [threading.Thread(target=lambda: found.append(nearfar.read(data).pixels)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [np.array_equal(pixels, expected) for pixels in found] == [True] * 8
