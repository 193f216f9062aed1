"""Depth files of ARCore, Android and ARKit, with their confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.errors import EmptyInputError, ParameterError, UnsupportedFormatError
from nearfar.types import DepthKind
from pictures import draw, encoded, png

if TYPE_CHECKING:
    from pathlib import Path

MILLIMETRES = np.array([[0, 500, 1500, 9000], [65535, 2000, 250, 8191]], np.uint16)


def grey16(numbers: np.ndarray) -> bytes:
    """A 16-bit PNG of one channel."""
    return png(numbers[..., None].astype(np.uint16), 0, 16)


def grey8(numbers: np.ndarray) -> bytes:
    """An 8-bit PNG of one channel."""
    return png(numbers[..., None].astype(np.uint8), 0)


def test_arcore_is_millimetres() -> None:
    """All 16 bits of them; 0 is no distance, and that is told."""
    depth = nearfar.read_sensor_depth(grey16(MILLIMETRES), "arcore")
    assert depth.kind is DepthKind.METRIC
    assert np.allclose(depth.values[depth.valid], MILLIMETRES[MILLIMETRES > 0] / 1000)
    assert not depth.valid[0, 0]
    assert [warning.code for warning in depth.warnings] == ["depth_invalid"]


def test_arcore_confidence_is_of_255() -> None:
    """By itself what has any counts; a share may be asked for."""
    sure = np.array([[255, 0, 1, 128], [255, 127, 255, 255]], np.uint8)
    some = nearfar.Sensor("arcore", grey8(sure))
    assert np.array_equal(
        nearfar.read_sensor_depth(grey16(MILLIMETRES), some).valid, (sure > 0) & (MILLIMETRES > 0)
    )
    half = nearfar.Sensor("arcore", grey8(sure), least=0.5)
    found = nearfar.read_sensor_depth(grey16(MILLIMETRES), half)
    assert np.array_equal(found.valid, (sure >= 128) & (MILLIMETRES > 0))
    assert "less sure than 0.5" in found.warnings[-1].message


def test_depth16_has_its_confidence_in_the_upper_bits() -> None:
    """0 is all, 1 none, 2 to 7 a seventh to six sevenths; below them 13 bits of millimetres."""
    codes = np.arange(8, dtype=np.uint16)[None]
    numbers = (codes << 13) | 1234
    depth = nearfar.read_sensor_depth(grey16(numbers), "depth16")
    shares = np.array([1, 0, 1 / 7, 2 / 7, 3 / 7, 4 / 7, 5 / 7, 6 / 7])
    assert np.array_equal(depth.valid[0], shares >= 0.5)
    assert np.allclose(depth.values[depth.valid], 1.234)
    every = nearfar.read_sensor_depth(grey16(numbers), nearfar.Sensor("depth16", least=0))
    assert every.valid is None
    exact = nearfar.read_sensor_depth(grey16(numbers), nearfar.Sensor("depth16", least=2 / 7))
    assert np.array_equal(exact.valid[0], shares >= 2 / 7)


def test_raw_numbers_have_a_size() -> None:
    """Little-endian, row by row; another count is refused, and so is a file without one."""
    raw = MILLIMETRES.astype("<u2").tobytes()
    depth = nearfar.read_sensor_depth(raw, nearfar.Sensor("arcore", size=(4, 2)))
    assert depth.values[1, 1] == pytest.approx(2.0)
    with pytest.raises(ParameterError, match="8×2 numbers are 32"):
        nearfar.read_sensor_depth(raw, nearfar.Sensor("arcore", size=(8, 2)))
    with pytest.raises(UnsupportedFormatError, match="say the size"):
        nearfar.read_sensor_depth(raw, "arcore")


@pytest.mark.parametrize("is_raw", [True, False])
def test_arkit_is_metres(tmp_path: Path, is_raw: bool) -> None:
    """Floats, raw or in an array; low confidence is not valid, medium and high are."""
    metres = np.array([[0.5, 1.25], [np.nan, 4.0]], np.float32)
    sure = np.array([[0, 1], [2, 2]], np.uint8)
    confidence = sure.tobytes() if is_raw else grey8(sure)
    if is_raw:
        source: object = metres.astype("<f4").tobytes()
    else:
        source = tmp_path / "depth.npy"
        np.save(source, metres)
    sensor = nearfar.Sensor("arkit", confidence, size=(2, 2) if is_raw else None)
    depth = nearfar.read_sensor_depth(source, sensor)
    assert depth.valid.tolist() == [[False, True], [False, True]]
    assert depth.values[0, 1] == np.float32(1.25)
    high = nearfar.Sensor("arkit", confidence, 1.0, sensor.size)
    assert nearfar.read_sensor_depth(source, high).valid.tolist() == [[False, False], [False, True]]


def test_arkit_in_a_picture_is_millimetres() -> None:
    """As programs that record it write; the confidence may be of another size of the same shape."""
    sure = np.array([[2, 0]], np.uint8)
    depth = nearfar.read_sensor_depth(grey16(MILLIMETRES), nearfar.Sensor("arkit", grey8(sure)))
    assert np.array_equal(depth.valid, np.array([[False, True, False, False], [True, True, False, False]]))
    assert depth.values[0, 1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("data", "sensor", "text"),
    [
        (grey16(MILLIMETRES), "lidar", "sensor is 'lidar'"),
        (grey8(MILLIMETRES % 255), "arcore", "16 bits"),
        (grey16(MILLIMETRES), ("arkit", grey8(np.full((1, 2), 3))), "0 to 2"),
        (grey16(MILLIMETRES), ("arkit", grey8(np.full((3, 2), 1))), "another shape"),
        (grey16(MILLIMETRES), ("depth16", grey8(np.full((1, 2), 1))), "within"),
        (grey16(MILLIMETRES), ("arkit", grey8(np.zeros((1, 2)))), "no distance"),
        (grey16(MILLIMETRES), ("arkit", None, 2.0), "0 to 1"),
        (encoded(draw(8, 8)), "arcore", "colours"),
    ],
)
def test_what_it_cannot_be_is_refused(data: bytes, sensor: object, text: str) -> None:
    """Rather than guessed."""
    with pytest.raises((ParameterError, UnsupportedFormatError), match=text):
        nearfar.read_sensor_depth(data, sensor if isinstance(sensor, str) else nearfar.Sensor(*sensor))


def test_an_empty_file() -> None:
    """Says so."""
    with pytest.raises(EmptyInputError):
        nearfar.read_sensor_depth(b"", "arcore")
