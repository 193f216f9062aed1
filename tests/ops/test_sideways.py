"""Views from the side in bands: those of whole pictures."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest

from nearfar.ops.sideways import each_view, scene
from nearfar.ops.warp import View, covering_side, look, stage
from pictures import draw

REACH = 0.03


def near_of(width: int, height: int) -> np.ndarray:
    """A floor, a pillar and a box before it."""
    near = np.linspace(0, 0.5, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    near[height // 5 :, width // 5 : width // 4] = 0.7
    near[height // 2 : height * 3 // 4, width // 2 : width * 3 // 4] = 1.0
    return cv2.GaussianBlur(near, (0, 0), 1.0)


def seen(pixels: np.ndarray, near: np.ndarray, *shifts: float) -> list[np.ndarray]:
    """All rows of each view."""
    out = [np.zeros_like(pixels) for _ in shifts]

    def take(rows: slice, *views: np.ndarray) -> None:
        for whole, view in zip(out, views, strict=True):
            whole[rows] = view

    each_view(scene(lambda rows: pixels[rows], lambda rows: near[rows], near.shape, REACH), shifts, 0.5, take)
    return out


@pytest.mark.parametrize("size", [(640, 480), (1200, 900), (2400, 400)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_they_are_those_of_the_whole_picture(
    size: tuple[int, int], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but one pixel of ten thousand, whose edge is a hair's breadth, within a step of 255."""
    monkeypatch.setattr(sys.modules["nearfar.ops.bands"], "BAND_PIXELS", 1 << 15)
    pixels, near = draw(*size).astype(kind), near_of(*size)
    pixels = pixels * kind(257 if kind is np.uint16 else 1)
    at = stage(pixels, near, REACH)
    step = 257 if kind is np.uint16 else 1
    for shift, found in zip((REACH, -REACH), seen(pixels, near, REACH, -REACH), strict=True):
        expected = look(at, View((shift, 0), 0.5)).astype(int)
        assert (np.abs(found - expected) > step).mean() < 1e-4


def test_no_move_is_the_picture() -> None:
    """Nothing moves, nothing changes."""
    pixels = draw(300, 200)
    assert np.array_equal(seen(pixels, near_of(300, 200), 0.0)[0], pixels)


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (9, 1), (33, 17)])
def test_small_pictures(size: tuple[int, int]) -> None:
    """Of any size."""
    near = np.random.default_rng(2).random(size[::-1], np.float32)
    (found,) = seen(np.full((size[1], size[0], 3), 90, np.uint8), near, REACH)
    assert (found == 90).all()


def test_the_small_copy_of_what_stands_behind_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large pictures keep no more of it than small ones, and what is filled in looks alike."""
    pixels, near = draw(1200, 900), near_of(1200, 900)
    fine = seen(pixels, near, REACH)[0].astype(int)
    monkeypatch.setattr(sys.modules["nearfar.ops.sideways"], "_MOST_BEHIND", 1200 * 900 // 64)
    coarse = seen(pixels, near, REACH)[0]
    assert 0 < np.abs(coarse - fine).mean() < 0.5


def test_far_longer_than_high_is_no_more_work_a_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither rims that are higher than the picture, nor bands of which most is their margin."""
    assert covering_side((33, 65_535)) == covering_side((65_535, 33)) == 3
    assert covering_side((1525, 65_535)) == covering_side((1525, 8 * 1525))
    seen: list[int] = []
    module = sys.modules["nearfar.ops.sideways"]
    solid = module.crisp
    monkeypatch.setattr(module, "crisp", lambda near: seen.append(len(near)) or solid(near))
    module._solid(lambda rows: np.zeros((rows.stop - rows.start, 40_000), np.float32), (400, 40_000))
    assert sum(seen) <= 2 * 400
