"""What every effect must do, over the whole registry."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.options import describe
from nearfar.registry import EFFECTS
from nearfar.types import DepthKind, DepthMap, Photo
from pictures import draw

SIZES = [(1, 1), (3, 1000), (641, 427)]
PLUGINS = [EFFECTS.load(name) for name in EFFECTS.names()]
every_effect = pytest.mark.parametrize("effect", PLUGINS, ids=lambda effect: effect.name)


def ramp(size: tuple[int, int], kind: DepthKind, valid: np.ndarray | None = None) -> DepthMap:
    """A map whose values grow downwards."""
    width, height = size
    values = np.repeat(np.linspace(1, 5, height, dtype=np.float32)[:, None], width, axis=1)
    if valid is not None:
        values[~valid] = np.nan
    return DepthMap(values, kind, valid)


@every_effect
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", DepthKind)
def test_any_size_and_kind(effect: object, size: tuple[int, int], kind: DepthKind) -> None:
    """A picture of at least the photo's size in one dimension comes out, and the inputs stay as they were."""
    photo, depth = Photo(draw(*size)), ramp(size, kind)
    before = (photo.pixels.copy(), depth.values.copy())
    picture = effect.apply(photo, depth, effect.options())
    assert picture.pixels.dtype == np.uint8
    assert min(picture.pixels.shape[:2]) >= 1
    assert np.array_equal(photo.pixels, before[0])
    assert np.array_equal(depth.values, before[1])


@every_effect
def test_flat_map(effect: object) -> None:
    """A flat map gives a picture, not a crash."""
    depth = DepthMap(np.full((20, 30), 3, np.float32), DepthKind.METRIC)
    assert effect.apply(Photo(draw(30, 20)), depth, effect.options()).pixels.size


@every_effect
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_pixels_that_are_not_valid(effect: object, share: float) -> None:
    """Holes, or nothing but holes, give a picture."""
    valid = np.random.default_rng(11).random((20, 30)) < share
    depth = ramp((30, 20), DepthKind.RELATIVE_INVERSE, valid)
    assert effect.apply(Photo(draw(30, 20)), depth, effect.options()).pixels.size


@every_effect
def test_photo_with_alpha_and_16_bits(effect: object) -> None:
    """Deep and transparent photos are taken."""
    pixels = draw(30, 20).astype(np.uint16) * 257
    depth = ramp((30, 20), DepthKind.METRIC)
    assert effect.apply(Photo(pixels, pixels[..., 0]), depth, effect.options()).pixels.size


@every_effect
def test_name_is_the_file_name_and_words_are_there(effect: object) -> None:
    """The registry's name is the effect's, and each option has its help."""
    assert effect.name.replace("-", "_") in EFFECTS.names()
    assert effect.summary
    assert all(row.help for row in describe(effect.options))


@every_effect
def test_photo_of_another_size(effect: object) -> None:
    """An effect that needs the photo refuses one that does not fit, or none."""
    if not effect.needs_photo:
        return
    for photo in (Photo(draw(9, 9)), None):
        with pytest.raises(ParameterError):
            effect.apply(photo, ramp((30, 20), DepthKind.METRIC), effect.options())
