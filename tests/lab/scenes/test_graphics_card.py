"""The graphics card renders the scenes that the processor renders."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")

from nearfar_lab.errors import DeviceMissingError
from nearfar_lab.scenes.pictures import render_many

COMPARE = """
import numpy as np
from nearfar_lab.scenes import Builder, Camera, Light, surfaces
from nearfar_lab.scenes.graphics_card import raw_batch
from nearfar_lab.scenes.scene import raw

def scene(x):
    b = Builder(None)
    b.ground(0.0, b.material((0.4, 0.4, 0.3), (0.1, 0.1, 0.1), surfaces.TILES, scale=1.0))
    b.box((x, 0.5, 4.0), (1.0, 1.0, 1.0), b.material((0.7, 0.2, 0.1), gloss=0.4, mirror=0.3))
    b.cone((x - 1.2, 0.5, 3.0), 0.4, 1.0, b.material((0.1, 0.5, 0.2)))
    return b.scene(Camera((0.0, 1.0, 0.0), pitch_deg=-8.0), Light(), "test")

size = (12, 16)
scenes = [scene(0.0), scene(0.5)]
for ours, card in zip([raw(s, size) for s in scenes], raw_batch(scenes, size), strict=True):
    assert np.isfinite(ours.depth_m).any() and (ours.ids < 0).any()
    np.testing.assert_array_equal(ours.ids, card.ids)
    np.testing.assert_allclose(card.depth_m, ours.depth_m, rtol=1e-6)
    np.testing.assert_allclose(card.radiance, ours.radiance, rtol=1e-3, atol=1e-3)
print("the same")
"""


def test_the_kernels_give_the_same_scene() -> None:
    """In numba's simulator of a card, every kernel runs as plain Python: depth, light, shadows, outlines."""
    run = subprocess.run(
        [sys.executable, "-c", COMPARE],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.stdout == "the same\n", run.stderr


def test_without_a_card_one_is_asked_for() -> None:
    """One clear error where there is none."""
    from numba import cuda

    if cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(DeviceMissingError, match="--device cpu"):
        list(render_many(range(2), (24, 32), device="cuda"))


def test_with_a_card_the_picture_is_the_same() -> None:
    """On a real device, a random scene of every kind: within a thousandth nearly everywhere."""
    from numba import cuda

    if not cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    import numpy as np

    seeds = range(24)
    for ours, card in zip(
        render_many(seeds, (96, 128)), render_many(seeds, (96, 128), device="cuda"), strict=True
    ):
        depth_is_same = np.isclose(card.depth_m, ours.depth_m, rtol=1e-3)
        colour_is_same = np.abs(card.rgb.astype(int) - ours.rgb).max(axis=2) <= 2
        assert depth_is_same.mean() > 0.999
        assert colour_is_same.mean() > 0.99
