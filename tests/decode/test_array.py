"""Arrays to a photo."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.errors import ParameterError

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_whole_numbers(dtype: object, channels: int) -> None:
    """Grey, grey and alpha, RGB and RGBA come through unchanged, in any byte order."""
    array = RNG.integers(0, np.iinfo(dtype).max, (4, 5, channels)).astype(dtype)
    photo = nearfar.read(array)
    assert np.array_equal(
        photo.pixels, array[..., :3] if channels > 2 else np.repeat(array[..., :1], 3, axis=2)
    )
    assert (photo.alpha is None) == (channels in {1, 3})
    assert photo.alpha is None or np.array_equal(photo.alpha, array[..., -1])


def test_two_dimensions_are_grey() -> None:
    """An (H, W) array is grey."""
    assert nearfar.read(np.full((2, 3), 7, np.uint8)).pixels.tolist() == [[[7] * 3] * 3] * 2


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats(dtype: type) -> None:
    """Floats of 0…1 fill 16 bits."""
    photo = nearfar.read(np.array([[0, 0.5, 1]], dtype))
    assert photo.pixels[0, :, 0].tolist() == [0, 32768, 65535]


def test_booleans_are_black_and_white() -> None:
    """True is white."""
    assert nearfar.read(np.array([[True, False]])).pixels[0, :, 0].tolist() == [255, 0]


def test_an_array_that_is_not_contiguous() -> None:
    """A view that runs backwards is read in its own order."""
    array = RNG.integers(0, 255, (4, 5, 3)).astype(np.uint8)
    assert np.array_equal(nearfar.read(array[::-1, ::2]).pixels, array[::-1, ::2])


@pytest.mark.parametrize("shape", [(), (3,), (0, 4), (4, 0, 3), (4, 4, 5), (4, 4, 0), (1, 4, 4, 3)])
def test_wrong_shape(shape: tuple[int, ...]) -> None:
    """What is no picture is refused with its shape."""
    with pytest.raises(ParameterError, match="has shape"):
        nearfar.read(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, np.complex64, object])
def test_wrong_type(dtype: type) -> None:
    """A type that could mean anything is refused, with the way out."""
    with pytest.raises(ParameterError, match="astype"):
        nearfar.read(np.zeros((2, 2, 3), dtype))


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan"), float("inf")])
def test_floats_out_of_range(value: float) -> None:
    """Floats beyond 0…1 are refused."""
    with pytest.raises(ParameterError, match="0…1"):
        nearfar.read(np.full((2, 2), value))
