"""Depth edges on the photo's edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops.refine import refine
from nearfar.ops.resize import enlarge
from spaces import steps


def edge_f1(found: np.ndarray, exact: np.ndarray, jump: float = 0.2) -> float:
    """F1 of jumps between neighbours along rows and columns, at the very pixel."""
    hits = near = far = 0
    for axis in (0, 1):
        a, b = (np.abs(np.diff(m, axis=axis)) > jump for m in (found, exact))
        hits, near, far = hits + (a & b).sum(), near + a.sum(), far + b.sum()
    return 2 * hits / max(near + far, 1)


def soft(near: np.ndarray, factor: int = 4) -> np.ndarray:
    """What a network of a quarter of the size would give."""
    height, width = near.shape
    small = cv2.resize(near, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    return enlarge(small, width, height)


def test_edges_are_much_better_than_bicubic() -> None:
    """On a scene with exact depth at four times the network's size, boundary F1 gains at least 0.3."""
    photo, near = steps(320, 240)
    refined = refine(soft(near), photo, (80, 60))
    assert edge_f1(refined, near) > edge_f1(soft(near), near) + 0.3


@pytest.mark.parametrize(("seed", "world"), [(1, "tabletop"), (5, "person")])
def test_edges_of_drawn_scenes_gain(seed: int, world: str) -> None:
    """Against the generator's exact depth boundary F1 gains at least 0.2, and the map stays near it."""
    pytest.importorskip("numba")
    from nearfar_lab.scenes.pictures import picture_of, scene_of

    drawn = picture_of(scene_of(seed, (240, 320), world), (240, 320))
    inverse = np.where(np.isfinite(drawn.depth_m), 1 / drawn.depth_m, 0).astype(np.float32)
    near = np.clip(inverse / np.percentile(inverse, 99.9), 0, 1)
    refined = refine(soft(near), drawn.rgb, (80, 60))
    assert edge_f1(refined, near, 0.05) > edge_f1(soft(near), near, 0.05) + 0.2
    assert np.abs(refined - near).mean() < 0.015


def test_values_stay_in_range_and_mean() -> None:
    """Nothing beyond the given values appears, and the picture as a whole stays as near as it was."""
    photo, near = steps()
    given = soft(near)
    refined = refine(given, photo, (40, 30))
    assert given.min() <= refined.min() <= refined.max() <= given.max()
    assert abs(refined.mean() - near.mean()) < 0.02


def test_texture_leaves_a_slope_alone() -> None:
    """A painted pattern on a slope makes no steps in its depth."""
    slope = np.linspace(0, 1, 200, dtype=np.float32)[None, :].repeat(100, axis=0)
    photo = np.where((np.indices((100, 200)).sum(axis=0) // 16 % 2)[..., None], 220, 40)
    refined = refine(slope, photo.repeat(3, axis=2).astype(np.uint8), (50, 25))
    assert np.abs(refined - slope).max() < 0.08
    assert np.abs(refined - slope)[4:-4, 16:-16].max() < 0.01


def test_sixteen_bits_and_tiny_photos() -> None:
    """The guide may have 16 bits, and there is nothing to refine in a few pixels."""
    photo, near = steps()
    eight, sixteen = (refine(soft(near), p, (40, 30)) for p in (photo, photo.astype(np.uint16) * 257))
    assert np.abs(eight - sixteen).mean() < 1e-3
    assert refine(near[:1, :1], photo[:1, :1]).shape == (1, 1)


def test_sizes_must_agree() -> None:
    """A guide of another size is refused."""
    with pytest.raises(ParameterError, match="differ in size"):
        refine(np.zeros((4, 5), np.float32), np.zeros((5, 5, 3), np.uint8))


def test_no_ditch_beside_an_edge() -> None:
    """A sloping surface keeps its depth right up to the edge at which it ends."""
    rng = np.random.default_rng(3)
    x = np.arange(320, dtype=np.float32)[None].repeat(160, axis=0)
    exact = np.where(x < 200, 0.6 + x / 800, 0.2).astype(np.float32)
    photo = np.where((x < 200)[..., None], 50, 200) + rng.normal(0, 5, (160, 320, 3))
    refined = refine(soft(exact), np.clip(photo, 0, 255).astype(np.uint8), (80, 40))
    assert np.abs(refined - exact)[8:-8, 8:198].max() < 0.02
    assert np.abs(refined - exact)[8:-8, 203:-8].max() < 0.02
