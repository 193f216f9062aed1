"""Effects of large photos are made in bands of rows: nobody sees where one ends."""

from __future__ import annotations

from importlib import import_module

import cv2
import numpy as np
import pytest

import nearfar
from nearfar.ops.circles import Circles
from nearfar.ops.resize import shrunk_rows
from nearfar.registry import EFFECTS
from nearfar.types import DepthKind, DepthMap, Photo, Provenance
from pictures import draw

SIZE = 300, 260
CLIPS = {"parallax", "wiggle"}  # they are made of smaller copies


def scene() -> tuple[Photo, DepthMap]:
    """A photo, and depth with a slope and two things that stand out."""
    small = np.linspace(0, 1, 48, dtype=np.float32)[:, None] * np.ones((1, 64), np.float32)
    small[10:30, 8:24], small[25:40, 36:56] = 0.9, 0.6
    values = np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), 1), SIZE), np.float32)
    made_by = Provenance(input_size=(64, 48))
    return Photo(draw(*SIZE)), DepthMap(values, DepthKind.RELATIVE_INVERSE, provenance=made_by)


@pytest.mark.parametrize("name", sorted({n.replace("_", "-") for n in EFFECTS.names()} - CLIPS))
def test_many_bands_are_the_picture_of_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one step of rounding."""
    photo, depth = scene()
    bands = import_module("nearfar.ops.bands")
    found = []
    for pixels in (1 << 30, 300 * 7):
        monkeypatch.setattr(bands, "BAND_PIXELS", pixels)
        found.append(nearfar.effect(name, photo, depth).pixels.astype(int))
    assert np.abs(found[0] - found[1]).max() <= 1


@pytest.mark.parametrize("options", [{}, {"background": "blur"}, {"background": "grey"}], ids=str)
def test_a_cutout_of_a_large_photo_is_nearly_that_of_a_small_one(
    options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inner colours are carried on upon a smaller copy, made in bands."""
    photo, depth = scene()
    whole = nearfar.effect("cutout", photo, depth, softness=0.1, **options).pixels.astype(int)
    monkeypatch.setattr(import_module("nearfar.effects.cutout"), "_MOST_INNER", 3000)
    monkeypatch.setattr(import_module("nearfar.ops.resize"), "_MOST_WHOLE", 10_000)
    found = nearfar.effect("cutout", photo, depth, softness=0.1, **options).pixels.astype(int)
    assert np.abs(found - whole).mean() < 1
    assert np.array_equal(found[..., 3:], whole[..., 3:])


def test_bokeh_of_a_large_photo_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its circles are made row by row, and never held as a whole."""
    photo, depth = scene()
    defocus, bokeh = (import_module(f"nearfar.{name}") for name in ("ops.defocus", "effects.bokeh"))
    monkeypatch.setattr(defocus, "WHOLE_PIXELS", 50_000)
    monkeypatch.setattr(defocus, "_MOST_PIXELS", 20_000)
    mask = np.zeros(depth.values.shape, np.uint8)
    mask[100:200, 100:200] = 255
    for options in ({}, {"mask": mask}, {"focus": (40.0, 60.0)}):
        whole = nearfar.effect("bokeh", photo, depth, strength=4, **options).pixels
        with monkeypatch.context() as context:
            context.setattr(bokeh, "WHOLE_PIXELS", 50_000)
            found = nearfar.effect("bokeh", photo, depth, strength=4, **options).pixels
        assert np.array_equal(found, whole)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bokeh", {}),
        ("cutout", {"background": "blur", "softness": 0.1}),
        ("cutout", {"range": (0.5, 1.0)}),
        ("depth-slices", {"equal": True}),
        ("fog", {}),
    ],
    ids=str,
)
def test_depth_is_brought_to_the_photos_edges_once(
    name: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often an effect looks at it; only a large photo's is made anew, and is the same."""
    photo, depth = scene()
    refine, made = import_module("nearfar.ops.refine"), []
    finish = refine._finish

    def counted(planes: object, guide: object, rows: tuple[int, int], out: object) -> None:
        made.append(rows[1] - rows[0])
        finish(planes, guide, rows, out)

    monkeypatch.setattr(refine, "_finish", counted)
    small = nearfar.effect(name, photo, depth, **options).pixels
    assert sum(made) == photo.height
    monkeypatch.setattr(import_module("nearfar.ops.bands"), "WHOLE_PIXELS", 1000)
    assert np.array_equal(nearfar.effect(name, photo, depth, **options).pixels, small)


@pytest.mark.parametrize("size", [(150, 130), (100, 87), (77, 53), (300, 260)])
def test_circles_are_sampled_as_opencv_samples(size: tuple[int, int]) -> None:
    """The nearest pixel of each."""
    whole = np.random.default_rng(1).random((260, 300), np.float32)
    assert np.array_equal(Circles.of(whole).sampled(size), cv2.resize(whole, size, interpolation=0))


def test_rows_are_shrunk_as_the_whole_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Averages of whole rows, where bands end between pixels of the copy."""
    whole = np.random.default_rng(1).random((256, 320, 4), np.float32)
    monkeypatch.setattr(import_module("nearfar.ops.resize"), "_MOST_WHOLE", 1000)
    monkeypatch.setattr(import_module("nearfar.ops.resize"), "_BAND_ROWS", 32)
    found = shrunk_rows(lambda rows: whole[rows], (256, 320), (80, 64))
    assert np.allclose(found, cv2.resize(whole, (80, 64), interpolation=cv2.INTER_AREA), atol=1e-5)
