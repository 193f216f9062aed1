"""The heat map over the photo."""

from __future__ import annotations

import numpy as np

import nearfar
from nearfar.types import DepthKind, DepthMap

DEPTH = DepthMap(np.array([[0, 1]], np.float32), DepthKind.RELATIVE_INVERSE)


def test_mix_of_both() -> None:
    """At 0.25 a quarter is heat map."""
    photo = nearfar.Photo(np.full((1, 2, 3), 100, np.uint8))
    found = nearfar.overlay(photo, DEPTH, 0.25, colormap="grey").pixels[..., 0]
    assert found.tolist() == [[75, 139]]


def test_alpha_is_kept() -> None:
    """What is transparent stays transparent."""
    photo = nearfar.Photo(np.full((1, 2, 3), 100, np.uint8), np.array([[0, 200]], np.uint8))
    assert nearfar.overlay(photo, DEPTH).pixels[..., 3].tolist() == [[0, 200]]


def test_sixteen_bits_are_kept() -> None:
    """A photo of 16 bits stays one, alpha and all."""
    photo = nearfar.Photo(np.full((1, 2, 3), 40_001, np.uint16), np.array([[1, 40_000]], np.uint16))
    found = nearfar.overlay(photo, DEPTH, 0.0).pixels
    assert found.dtype == np.uint16
    assert found.tolist() == [[[40_001] * 3 + [1], [40_001] * 3 + [40_000]]]
