"""Depth in 16 bits and back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from nearfar.exports.png16 import PLUGIN
from nearfar.types import DepthKind, DepthMap

RELATIVE = DepthKind.RELATIVE_INVERSE


def read_back(data: bytes) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """(numbers, values by the texts' scale and offset, texts): what a stranger would do with the file."""
    with Image.open(io.BytesIO(data)) as image:
        numbers, text = np.asarray(image).astype(np.float64), image.text
    return numbers, numbers * float(text["nearfar:scale"]) + float(text["nearfar:offset"]), text


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-0.7, 3.3), (1000, 1000.5), (1e-20, 2e-20), (-3e38, 3e38)]
)
def test_round_trip(low: float, high: float) -> None:
    """Scale and offset give the values back to half a step of 65534."""
    values = np.random.default_rng(12).uniform(low, high, (50, 60)).astype(np.float32)
    numbers, found, _ = read_back(PLUGIN.write(None, DepthMap(values, RELATIVE), PLUGIN.options()))
    step = (float(values.max()) - float(values.min())) / 65534
    assert (numbers.min(), numbers.max()) == (1, 65535)
    assert np.abs(found - values).max() <= 0.51 * step


def test_every_step_is_used() -> None:
    """A ramp of 65535 values becomes all of 1 to 65535."""
    values = np.linspace(0, 1, 65535, dtype=np.float32).reshape(257, 255)
    numbers, _, _ = read_back(PLUGIN.write(None, DepthMap(values, RELATIVE), PLUGIN.options()))
    assert np.array_equal(numbers.ravel(), np.arange(1, 65536))


def test_zero_marks_what_is_not_valid() -> None:
    """Holes are 0, and nothing else is."""
    values = np.array([[1, np.nan, 2]], np.float32)
    depth = DepthMap(values, RELATIVE, np.isfinite(values))
    numbers, _, _ = read_back(PLUGIN.write(None, depth, PLUGIN.options()))
    assert numbers.tolist() == [[1, 0, 65535]]


def test_flat_map_keeps_its_value() -> None:
    """Scale 0 and the offset say what the one value is."""
    _, found, text = read_back(
        PLUGIN.write(None, DepthMap(np.full((2, 2), 7, np.float32), RELATIVE), PLUGIN.options())
    )
    assert text["nearfar:scale"] == "0.0"
    assert (found == 7).all()


def test_texts_say_what_numbers_mean() -> None:
    """Kind, unit and direction stand in the file."""
    depth = DepthMap(np.array([[1, 2]], np.float32), DepthKind.METRIC)
    _, _, text = read_back(PLUGIN.write(None, depth, PLUGIN.options()))
    assert (text["nearfar:kind"], text["nearfar:unit"], text["nearfar:near_is_large"]) == (
        "metric",
        "m",
        "false",
    )
