"""What the seams of effects and exports promise: errors of the tree, whatever a library raises."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

import nearfar
from nearfar.errors import EffectError, MemoryShortError, ParameterError
from nearfar.ops import warp
from nearfar.plugins import Effect, Export
from nearfar.registry import EFFECTS
from nearfar.types import DepthKind, DepthMap, Photo

DEPTH = DepthMap(np.eye(4, dtype=np.float32), DepthKind.METRIC)


@dataclass(frozen=True, slots=True)
class NoOptions:
    """There is nothing to choose."""


def raising(error: Exception):
    """A plug-in's work that fails."""

    def work(photo, depth, options):
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("shapes differ"), EffectError),
        (cv2.error("OpenCV: (-215) dst.cols < SHRT_MAX"), EffectError),
        (MemoryError(), MemoryShortError),
        (cv2.error("Insufficient memory: Failed to allocate"), MemoryShortError),
        (cv2.error("std::bad_alloc"), MemoryShortError),
        (OSError(12, "Cannot allocate memory"), MemoryShortError),
        (ParameterError("no such colour"), ParameterError),
    ],
)
def test_errors_of_libraries_are_translated(error: Exception, kind: type[Exception]) -> None:
    """Out of an effect and an export come errors of the tree alone; they name it and its size."""
    for work in (
        Effect("blur", "", NoOptions, raising(error)).apply,
        Export("cloud", "", ".x", "", NoOptions, raising(error)).write,
    ):
        with pytest.raises(kind) as caught:
            work(None, DEPTH, NoOptions())
        assert kind is ParameterError or "4×4" in str(caught.value)


@pytest.mark.parametrize(("width", "height"), [(17, 33_000), (33_000, 17)])
@pytest.mark.parametrize("name", EFFECTS.names())
def test_sides_beyond_opencvs_limit(name: str, width: int, height: int) -> None:
    """Every effect takes pictures longer than 32,767 pixels."""
    values = np.linspace(0, 1, width)[None] + np.linspace(0, 3, height)[:, None]
    depth = DepthMap(values.astype(np.float32), DepthKind.RELATIVE_INVERSE)
    photo = Photo(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8))
    options = {"frames": 2} if name in {"wiggle", "parallax"} else {}
    assert nearfar.effect(name, photo, depth, **options) is not None


def test_long_pictures_are_fetched_as_short_ones() -> None:
    """What NumPy fetches between pixels is what OpenCV does, beyond the rim too."""
    rng = np.random.default_rng(1)
    pixels = cv2.GaussianBlur(rng.integers(0, 255, (60, 50, 4), np.uint8), (0, 0), 2)
    x, y = (rng.uniform(-4, side + 4, (70, 40)).astype(np.float32) for side in (50, 60))
    wanted = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(int)
    assert np.abs(warp._fetched_by_numpy(pixels, x, y) - wanted).max() <= 2


@pytest.mark.parametrize(("width", "height"), [(50, 1), (1, 50), (1, 1), (2, 1)])
@pytest.mark.parametrize("name", EFFECTS.names())
def test_sides_of_one_pixel(name: str, width: int, height: int) -> None:
    """Every effect takes pictures of one row or one column."""
    values = np.arange(width * height, dtype=np.float32).reshape(height, width)
    photo = Photo(np.full((height, width, 3), 90, np.uint8))
    options = {"frames": 2} if name in {"wiggle", "parallax"} else {}
    depth = DepthMap(values, DepthKind.RELATIVE_INVERSE)
    assert nearfar.effect(name, photo, depth, **options) is not None
