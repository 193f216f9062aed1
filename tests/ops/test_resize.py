"""Sizes of arrays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from nearfar.ops.resize import enlarge, middle, shrink

RNG = np.random.default_rng(9)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (64, 48), (40000, 2), (3, 1000)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shrink_gives_the_size_asked_for(size: tuple[int, int], dtype: type) -> None:
    """From any size to any size, the type kept."""
    pixels = RNG.integers(0, 255, (30, 50, 3)).astype(dtype)
    found = shrink(pixels, *size)
    assert (found.shape, found.dtype) == ((size[1], size[0], 3), dtype)


def test_shrink_does_not_alias() -> None:
    """Stripes too fine for the goal become grey, not other stripes."""
    stripes = np.zeros((64, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(shrink(stripes, 64, 32).astype(int) - 128).max() <= 8


def test_shrink_to_the_same_size_is_the_same() -> None:
    """Nothing to do, nothing done."""
    pixels = RNG.integers(0, 255, (30, 50, 3)).astype(np.uint8)
    assert shrink(pixels, 50, 30) is pixels


def test_flat_stays_flat() -> None:
    """One colour stays that colour in every direction."""
    for size in [(5, 90), (90, 5), (200, 200), (1, 1)]:
        assert (shrink(np.full((40, 30, 3), 77, np.uint8), *size) == 77).all()


def test_enlarge_stays_within_bounds() -> None:
    """No value beyond the smallest and the largest; the given array is not changed."""
    values = RNG.random((6, 8)).astype(np.float32)
    before = values.copy()
    found = enlarge(values, 300, 200)
    assert (found.min(), found.max()) >= (values.min(), 0)
    assert found.max() <= values.max()
    assert np.array_equal(values, before)


@pytest.mark.parametrize("steps", [0, 2, 5])
def test_no_row_that_needs_it_is_left_unclipped(steps: int) -> None:
    """A large map, clipped where it can overshoot alone, is the one that is clipped everywhere."""
    values = np.round(RNG.random((30, 40)) * steps).astype(np.float32) if steps else np.full((3, 4), 0.3, "f")
    values[: len(values) // 2] = values[0, 0]
    plain = cv2.resize(values, (1300, 1000), interpolation=cv2.INTER_CUBIC)
    found = enlarge(values, 1300, 1000)
    assert np.array_equal(found, np.clip(plain, values.min(), values.max()))


def test_the_middle_is_cut_out_where_its_edges_are_those_of_pixels() -> None:
    """Half of the width and all of the height: values as they are."""
    values = RNG.random((6, 8), np.float32)
    np.testing.assert_array_equal(middle(values, (0.5, 1.0)), values[:, 2:6])


def test_the_middle_is_not_shifted_where_its_edges_fall_between_pixels() -> None:
    """A ramp over the width stays one: each value is that of its own place."""
    ramp = np.broadcast_to(np.arange(20, dtype=np.float32) + 0.5, (10, 20))
    found = middle(ramp, (0.83, 0.71))
    assert found.shape == (7, 17)  # of 7.1 and 16.6
    expected = 10 + (np.arange(17) + 0.5 - 8.5) * (16.6 / 17)
    np.testing.assert_allclose(found, np.broadcast_to(expected, (7, 17)), rtol=1e-5)


@pytest.mark.parametrize("how", ["linear", "corners"])
def test_published_ways_are_those_of_torch(how: str) -> None:
    """Bilinear without averaging, corners on corners or edges on edges."""
    torch = pytest.importorskip("torch")
    pixels = RNG.random((30, 50, 3)).astype(np.float32)
    given = torch.from_numpy(pixels.transpose(2, 0, 1)[None])
    expected = torch.nn.functional.interpolate(
        given, (17, 64), mode="bilinear", align_corners=how == "corners"
    )
    found = shrink(pixels, 64, 17, how=how)
    assert np.allclose(found, expected[0].numpy().transpose(1, 2, 0), atol=2e-2 if how == "corners" else 1e-5)


def test_area_is_the_mean_of_what_falls_together() -> None:
    """Twofold smaller: each pixel is the mean of four."""
    pixels = RNG.random((32, 48, 3)).astype(np.float32)
    expected = pixels.reshape(16, 2, 24, 2, 3).mean(axis=(1, 3))
    assert np.allclose(shrink(pixels, 24, 16, how="area"), expected, atol=1e-5)
