"""Outlines of a network's map: steps become steep where the picture has its edges, nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops.outlines import brightness, sharpen

EDGE = 24


def _soft_step(width: float = 6.0) -> np.ndarray:
    """(32, 48) float32 from 1 to 3, a ramp of ``width`` pixels whose middle is the edge of `_picture`."""
    across = np.clip((np.arange(48) - EDGE + 0.5) / width + 0.5, 0, 1)
    return np.tile(np.float32(1 + 2 * across), (32, 1))


def _picture() -> np.ndarray:
    grey = np.full((32, 48), 0.2, np.float32)
    grey[:, EDGE:] = 0.8
    return grey


def _largest_step(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values, axis=1)).max())


def test_a_soft_step_becomes_steep_at_the_edge_of_the_picture() -> None:
    """The largest step between neighbours lies at the edge and is at least twice what it was."""
    before, after = _soft_step(4), sharpen(_soft_step(4), _picture())
    assert _largest_step(after) > 2 * _largest_step(before)
    assert np.abs(np.diff(after, axis=1)).argmax(axis=1).tolist() == [EDGE - 1] * 32


def test_a_step_follows_an_edge_that_lies_beside_it() -> None:
    """A step that the network put a pixel too far is moved to the edge."""
    shifted = np.roll(_soft_step(3), 1, axis=1)
    shifted[:, 0] = 1
    after = sharpen(shifted, _picture())
    assert np.abs(np.diff(after, axis=1)).argmax(axis=1).tolist() == [EDGE - 1] * 32


def test_a_slope_stays_as_it_is_whatever_its_texture() -> None:
    """A plane under stripes has no steps: within half a percent of the range."""
    slope = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (32, 1))
    stripes = np.tile(np.float32(np.arange(48) // 3 % 2), (32, 1))
    assert np.abs(sharpen(slope, stripes) - slope).max() < 0.005


def test_values_stay_within_their_range_whatever_it_is() -> None:
    """Scale and shift of the values go through, and nothing leaves their range."""
    rng = np.random.default_rng(2)
    values, grey = rng.random((40, 60), np.float32), rng.random((40, 60), np.float32)
    after = sharpen(values, grey)
    assert values.min() - 1e-6 <= after.min() <= after.max() <= values.max() + 1e-6
    np.testing.assert_allclose(sharpen(1000 * values - 7000, grey), 1000 * after - 7000, atol=0.01)


def test_two_passes_are_one_after_the_other() -> None:
    """The second works on what the first gave, in the first one's range."""
    once = sharpen(_soft_step(), _picture())
    twice = sharpen(_soft_step(), _picture(), passes=2)
    assert _largest_step(twice) > _largest_step(once)
    np.testing.assert_allclose(sharpen(once, _picture()), twice, atol=1e-5)


@pytest.mark.parametrize("values", [np.full((32, 48), 4, np.float32), np.full((32, 48), np.nan, np.float32)])
def test_what_has_no_range_is_given_back(values: np.ndarray) -> None:
    """A constant map, and one that is not finite (its error is raised later), are left alone."""
    assert sharpen(values, _picture()) is values


def test_sizes_must_agree() -> None:
    """Brightness of other pixels is refused with both sizes."""
    with pytest.raises(ParameterError, match=r"\(32, 47\) and \(32, 48\)"):
        sharpen(_soft_step(), _picture()[:, 1:])


def test_brightness_undoes_the_normalisation() -> None:
    """The mean of the three colours, 0…1, of a picture that was normalised."""
    colours = np.random.default_rng(1).random((3, 8, 9)).astype(np.float32)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    normalised = (colours - np.float32(mean)[:, None, None]) / np.float32(std)[:, None, None]
    np.testing.assert_allclose(brightness(normalised, mean, std), colours.mean(axis=0), atol=1e-6)
