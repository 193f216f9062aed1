"""From radiance to a picture: each flaw of a camera by itself."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from nearfar_lab.scenes import optics
from nearfar_lab.scenes.optics import Develop

PLAIN = Develop(filmic=0.0)


@pytest.fixture
def radiance() -> np.ndarray:
    """48 x 64 of smooth and fine detail, a decade and a half of brightness."""
    rng = np.random.default_rng(0)
    slope = np.linspace(0.1, 1.5, 64)[None, :, None] * np.ones((48, 1, 3))
    return (slope * rng.uniform(0.7, 1.3, (48, 64, 1)) * [1.0, 0.9, 0.7]).astype(np.float32)


def _developed(radiance: np.ndarray, how: Develop, seed: int = 0) -> np.ndarray:
    depth = np.full(radiance.shape[:2], 3.0, np.float32)
    return optics.developed(radiance, depth, how, np.random.default_rng(seed)).astype(int)


@pytest.mark.parametrize("radius", [0.4, 0.8, 2.1, 3.3, 6.9])
def test_a_disc_is_as_large_as_it_says(radius: float) -> None:
    """Sum one, symmetric, its second moment that of a disc; nothing beyond its rim."""
    kernel = optics.disc(radius)
    n = len(kernel) // 2
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(kernel, kernel.T)
    np.testing.assert_array_equal(kernel, kernel[::-1])
    assert not kernel[np.hypot(x, y) > radius + 0.5].any()
    if radius > 2:
        assert (kernel * (x * x + y * y)).sum() == pytest.approx(radius**2 / 2, rel=0.15)


@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_a_streak_lies_along_its_angle(angle: float) -> None:
    """Sum one, about as long as asked for, and thin."""
    kernel = optics.streak(9.0, angle)
    n = len(kernel) // 2
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    a = np.radians(angle)
    along, across = x * np.cos(a) + y * np.sin(a), y * np.cos(a) - x * np.sin(a)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert (kernel * along**2).sum() == pytest.approx(9.0**2 / 12, rel=0.5)
    assert (kernel * across**2).sum() < 0.6


def test_exposure_follows_the_light(radiance: np.ndarray) -> None:
    """Twice the light, half the factor: the picture is the same."""
    assert optics.exposure(2 * radiance) == pytest.approx(optics.exposure(radiance) / 2, rel=0.02)
    assert np.abs(_developed(2 * radiance, PLAIN) - _developed(radiance, PLAIN)).max() <= 2


def test_a_lamp_in_the_picture_hardly_darkens_it(radiance: np.ndarray) -> None:
    """A hundredth of very bright pixels changes the exposure by less than a tenth."""
    lamp = radiance.copy()
    lamp[:4, :8] = 1000.0
    assert optics.exposure(lamp) == pytest.approx(optics.exposure(radiance), rel=0.1)


def test_the_srgb_curve_is_the_standard_s() -> None:
    """IEC 61966-2-1: ends, the joint of its two parts, a middle value; rising throughout."""
    x = np.array([0.0, 0.0031308, 0.18, 1.0], np.float32)
    np.testing.assert_allclose(optics.srgb(x), [0, 0.04045, 0.46135, 1], atol=1e-4)
    assert (np.diff(optics.srgb(np.linspace(0, 1, 500, dtype=np.float32))) > 0).all()


def test_stops_lighten_and_darken(radiance: np.ndarray) -> None:
    """Each pixel in order."""
    dark, middle, light = (_developed(radiance, replace(PLAIN, stops=stops)) for stops in (-1, 0, 1))
    assert (dark <= middle).all()
    assert (middle <= light).all()
    assert light.mean() > dark.mean() + 30


def test_a_grey_picture_has_no_colour(radiance: np.ndarray) -> None:
    """Nor has one without saturation; with twice of it there is more."""
    for how in (replace(PLAIN, grey=True), replace(PLAIN, saturation=0.0)):
        assert np.ptp(_developed(radiance, how), axis=2).max() <= 1
    plain, rich = (
        np.ptp(_developed(radiance, replace(PLAIN, saturation=s)), axis=2).mean() for s in (1, 1.5)
    )
    assert rich > 1.2 * plain > 0


def test_balance_is_by_channel(radiance: np.ndarray) -> None:
    """Warm light raises red and lowers blue."""
    warm, plain = (
        _developed(radiance, replace(PLAIN, balance=b)) for b in ((1.2, 1.0, 0.8), (1.0, 1.0, 1.0))
    )
    moved = (warm - plain).mean(axis=(0, 1))
    assert moved[0] > 3
    assert moved[2] < -3


def test_a_vignette_darkens_the_corners_alone(radiance: np.ndarray) -> None:
    """The middle stays as it was."""
    even = np.full_like(radiance, 0.2)
    found, plain = (_developed(even, replace(PLAIN, vignette=v)) for v in (0.6, 0.0))
    assert abs(found[24, 32, 0] - plain[24, 32, 0]) <= 1
    assert found[0, 0, 0] < plain[0, 0, 0] - 20


def test_noise_is_as_its_seed_says(radiance: np.ndarray) -> None:
    """The same twice, another for another seed, and more where more is asked for."""
    how = replace(PLAIN, noise=0.03)
    one, again, other = (_developed(radiance, how, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.3
    clean = _developed(radiance, PLAIN)
    strong = _developed(radiance, replace(PLAIN, noise=0.1), 1)
    assert np.abs(strong - clean).mean() > 2 * np.abs(one - clean).mean() > 0


def test_contrast_spreads_light_and_dark(radiance: np.ndarray) -> None:
    """About the middle, whose pixels stay."""
    flat, plain, hard = (_developed(radiance, replace(PLAIN, contrast=c)) for c in (-0.4, 0.0, 0.8))
    assert flat.std() < plain.std() < hard.std()
    middle = np.abs(plain - 127) <= 2
    assert np.abs(hard - plain)[middle].max() <= 6


@pytest.mark.parametrize("change", [{"blur_px": 1.5}, {"motion_px": 6.0, "motion_deg": 20.0}])
def test_blur_takes_detail_and_keeps_the_mean(radiance: np.ndarray, change: dict[str, float]) -> None:
    """Whether of the lens or of a moving hand."""
    plain, soft = (_developed(radiance, how) for how in (PLAIN, replace(PLAIN, **change)))
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.6 * np.abs(np.diff(plain, axis=1)).mean()
    assert soft.mean() == pytest.approx(plain.mean(), abs=4)


def test_bloom_spreads_what_is_too_bright(radiance: np.ndarray) -> None:
    """Its surroundings become lighter, a picture without it does not change."""
    spot = np.full_like(radiance, 0.2)
    spot[20:28, 28:36] = 30.0
    plain, bloomed = (_developed(spot, replace(PLAIN, bloom=b)) for b in (0.0, 0.2))
    assert bloomed[24, 38, 0] > plain[24, 38, 0] + 10
    dim = np.full_like(radiance, 0.2)
    np.testing.assert_array_equal(_developed(dim, PLAIN), _developed(dim, replace(PLAIN, bloom=0.2)))


def test_a_filmic_curve_keeps_more_of_what_is_bright(radiance: np.ndarray) -> None:
    """Three stops over: fewer pixels are white."""
    hard, soft = (_developed(radiance, replace(PLAIN, stops=2.5, filmic=f)) for f in (0.0, 1.0))
    assert (soft == 255).mean() < 0.5 * (hard == 255).mean()


def test_jpeg_of_low_quality_loses_more(radiance: np.ndarray) -> None:
    """Size and type stay; the channels are not swapped."""
    picture = _developed(radiance, PLAIN).astype(np.uint8)
    error = [np.abs(optics.compressed(picture, quality).astype(int) - picture).mean() for quality in (95, 30)]
    assert error[0] < error[1]
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    assert optics.compressed(red, 95)[8, 8] == pytest.approx([200, 0, 0], abs=6)


def _sharpness(image: np.ndarray) -> float:
    return float(np.abs(cv2.Laplacian(image, cv2.CV_32F))[8:-8, 8:-8].mean())


@pytest.mark.parametrize("focus_m", [1.0, 2.0, 8.0])
def test_what_is_in_focus_stays_as_it_is(radiance: np.ndarray, focus_m: float) -> None:
    """However wide the opening."""
    depth = np.full(radiance.shape[:2], focus_m, np.float32)
    np.testing.assert_array_equal(optics.defocused(radiance, depth, 20.0, focus_m), radiance)


@pytest.mark.parametrize("depths", [(2.4, 3.0, 5.0, np.inf), (1.8, 1.4, 1.0, 0.7)])
def test_blur_grows_with_distance_from_the_focus(radiance: np.ndarray, depths: tuple[float, ...]) -> None:
    """Behind it and before it, focus at 2 m."""
    found = [
        _sharpness(optics.defocused(radiance, np.full((48, 64), depth, np.float32), 12.0, 2.0))
        for depth in depths
    ]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.5 * found[0]


def test_a_sharp_thing_does_not_bleed_into_a_blurred_background() -> None:
    """A bright object in focus before a dark wall leaves the wall dark to its outline."""
    image = np.full((48, 64, 3), 0.1, np.float32)
    depth = np.full((48, 64), 20.0, np.float32)
    image[16:32, 24:40], depth[16:32, 24:40] = 1.0, 1.0
    found = optics.defocused(image, depth, 6.0, 1.0)
    np.testing.assert_array_equal(found[16:32, 24:40], 1.0)
    assert found[:14].max() == pytest.approx(0.1, abs=1e-3)
    assert found[18:30, 43:].max() == pytest.approx(0.1, abs=1e-3)


def test_a_near_thing_out_of_focus_covers_what_is_behind_it() -> None:
    """Its colour reaches over its own outline, and the picture keeps its range."""
    image = np.full((48, 64, 3), 0.1, np.float32)
    depth = np.full((48, 64), 5.0, np.float32)
    image[16:32, 24:40], depth[16:32, 24:40] = 1.0, 0.5
    found = optics.defocused(image, depth, 2.5, 5.0)
    assert found[24, 41, 0] > 0.2
    assert 0.1 - 1e-4 <= found.min() <= found.max() <= 1 + 1e-4


def test_cameras_by_chance_are_mostly_sane() -> None:
    """In range, each its own; some grey, some JPEG, few moved."""
    drawn = [optics.random_develop(np.random.default_rng(seed)) for seed in range(400)]
    assert all(-1.8 <= how.stops <= 1.6 for how in drawn)
    assert all(min(how.balance) > 0.6 and max(how.balance) < 1.6 for how in drawn)
    assert all(how.jpeg == 0 or 40 <= how.jpeg < 96 for how in drawn)
    assert all(how.vignette >= 0 and how.noise >= 0 and how.blur_px >= 0 for how in drawn)
    assert 0.6 < np.mean([how.jpeg > 0 for how in drawn]) < 0.8
    assert 0 < np.mean([how.grey for how in drawn]) < 0.08
    assert 0 < np.mean([how.motion_px > 0 for how in drawn]) < 0.15
    assert len({how.stops for how in drawn}) > 300
    assert optics.random_develop(np.random.default_rng(7)) == optics.random_develop(np.random.default_rng(7))
