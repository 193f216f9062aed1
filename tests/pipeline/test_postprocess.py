"""What the network said to a depth map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nearfar.cards import DepthKind
from nearfar.errors import NonFiniteOutputError
from nearfar.pipeline.postprocess import finish
from nearfar.types import Camera, DepthMap, PhotoWarning, Provenance, Undo
from nearfar.zoo.catalogue import card

EMBEDDED = card("embedded")
CAMERA = Camera(10, 10, 4, 3)
WARNING = PhotoWarning("dark", "Too dark.")


def finished(raw: np.ndarray, width: int = 40, height: int = 30) -> DepthMap:
    """The map of a photo of that size."""
    return finish(raw.astype(np.float32), Undo(width, height, CAMERA, (WARNING,)), EMBEDDED, Provenance("m"))


@pytest.mark.parametrize("size", [(40, 30), (8, 6), (1, 1), (20000, 10), (3, 1000)])
def test_map_has_the_photos_size(size: tuple[int, int]) -> None:
    """Larger or smaller than the network's output, the map is as large as the photo."""
    found = finished(np.random.default_rng(7).random((6, 8)), *size)
    assert found.values.shape == (size[1], size[0])
    assert found.values.flags.c_contiguous


def test_values_stay_within_what_the_network_said() -> None:
    """Cubic interpolation does not overshoot."""
    raw = np.zeros((6, 8))
    raw[:, 4:] = 1
    assert finished(raw).value_range == (0, 1)


def test_a_ramp_stays_a_ramp() -> None:
    """Pixel centres are lined up: a ramp is not shifted."""
    x = (np.arange(40) + 0.5) / 40 * 8 - 0.5
    found = finished(np.tile(np.arange(8.0), (6, 1)))
    assert found.values[15, 8:-8] == pytest.approx(x[8:-8], abs=0.06)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_name_the_model(wrong: float) -> None:
    """A network that fails is named, never papered over."""
    raw = np.zeros((6, 8))
    raw[2, 3] = wrong
    with pytest.raises(NonFiniteOutputError, match="'embedded' answered with NaN or infinity"):
        finished(raw)


def test_meaning_travels_along() -> None:
    """Kind, camera, provenance and warnings come with the values."""
    found = finished(np.eye(6))
    assert (found.kind, found.camera, found.warnings) == (EMBEDDED.kind, CAMERA, (WARNING,))
    assert found.provenance.model == "m"


def test_flat_output_is_a_flat_map() -> None:
    """A network that sees nothing gives 0 everywhere."""
    assert not finished(np.full((6, 8), 0.3)).near_is_large().any()


def focal_card() -> object:
    """A metric network that is right for 100 pixels of focal length."""
    return replace(EMBEDDED, kind=DepthKind.METRIC, reference_focal_px=100.0)


def test_metres_follow_the_focal_length() -> None:
    """400 pixels in the photo are 200 in a network input of half the width: twice the depth."""
    camera = Camera(400.0, 400.0, 40.0, 20.0)
    undo = Undo(80, 40, camera, ())
    depth = finish(np.ones((20, 40), np.float32), undo, focal_card(), Provenance(input_size=(40, 20)))
    assert np.allclose(depth.values, 2.0)
    assert depth.warnings == ()


def test_unknown_focal_length_is_warned_of() -> None:
    """Without a camera metres stay as they come, and the map says that they may be off."""
    undo = Undo(80, 40, None, ())
    depth = finish(np.ones((20, 40), np.float32), undo, focal_card(), Provenance(input_size=(40, 20)))
    assert [warning.code for warning in depth.warnings] == ["focal_unknown"]
    assert np.allclose(depth.values, 1.0)
