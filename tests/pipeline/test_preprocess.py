"""A photo to what the network sees."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import nearfar
from nearfar.cards import InputSpec
from nearfar.errors import ParameterError
from nearfar.pipeline.postprocess import finish
from nearfar.pipeline.preprocess import prepare
from nearfar.types import Camera, Photo, Provenance
from nearfar.zoo.catalogue import card

PLAIN = InputSpec(64, multiple=32, mean=(0, 0, 0), std=(1, 1, 1))
SPEC = InputSpec(64, multiple=32)


def photo(
    colour: object, alpha: object = None, dtype: type = np.uint8, size: tuple[int, int] = (48, 64)
) -> Photo:
    """A photo of one colour (or of an array), with an alpha plane where one is given."""
    top = np.iinfo(dtype).max
    pixels = np.broadcast_to(np.array(colour) * (top / 255), (*size, 3)).astype(dtype)
    plane = None if alpha is None else np.broadcast_to(np.array(alpha) * (top / 255), size).astype(dtype)
    return Photo(np.ascontiguousarray(pixels), None if plane is None else np.ascontiguousarray(plane))


def codes(given: Photo) -> set[str]:
    """The codes of the warnings that a photo carries."""
    return {warning.code for warning in prepare(given, SPEC).undo.warnings}


def test_shape_type_and_way_back(drawing: np.ndarray) -> None:
    """(1, 3, H, W) float32, whole in memory; the photo's size and camera come along."""
    camera = Camera(100, 100, 64, 48)
    found = prepare(Photo(drawing, camera=camera), SPEC)
    assert (found.tensor.shape, found.tensor.dtype, found.size) == ((1, 3, 64, 64), np.float32, (64, 64))
    assert found.tensor.flags.c_contiguous
    assert (found.undo.width, found.undo.height, found.undo.camera) == (128, 96, camera)


def test_normalisation() -> None:
    """Each channel has its own mean and deviation."""
    tensor = prepare(photo((255, 0, 128)), SPEC).tensor
    expected = (np.array([1, 0, 128 / 255]) - SPEC.mean) / SPEC.std
    assert tensor[0, :, 5, 5] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparent_is_white(dtype: type) -> None:
    """The network sees a photo over white, half through where alpha is half."""
    assert prepare(photo((0, 90, 200), 0, dtype), PLAIN).tensor.min() == pytest.approx(1, abs=1e-3)
    half = prepare(photo((0, 100, 200), 127.5, dtype), PLAIN).tensor[0, :, 5, 5]
    assert half * 255 == pytest.approx([127.5, 177.5, 227.5], abs=1.2)


def test_hidden_colours_do_not_leak() -> None:
    """What lies under transparent pixels makes no difference, also at their edge and when shrunk."""
    alpha = np.zeros((300, 400))
    alpha[:, :203] = 255
    colours = np.where(alpha[..., None] > 0, 40, (255, 0, 255))
    hidden = prepare(photo(colours, alpha, size=(300, 400)), PLAIN).tensor
    clean = prepare(photo(np.where(alpha[..., None] > 0, 40, 0), alpha, size=(300, 400)), PLAIN).tensor
    assert np.array_equal(hidden, clean)


def test_opaque_alpha_changes_nothing(drawing: np.ndarray) -> None:
    """A photo with an alpha that hides nothing is the photo."""
    opaque = Photo(drawing, np.full(drawing.shape[:2], 255, np.uint8))
    assert np.abs(prepare(opaque, PLAIN).tensor - prepare(Photo(drawing), PLAIN).tensor).max() < 1e-6


def test_16_bits_and_8_bits_look_the_same(drawing: np.ndarray) -> None:
    """Depth of colour is no change of colour."""
    deep = Photo(drawing.astype(np.uint16) * 257)
    assert np.abs(prepare(deep, PLAIN).tensor - prepare(Photo(drawing), PLAIN).tensor).max() < 3 / 255


def test_given_photo_is_left_as_it_was(drawing: np.ndarray) -> None:
    """Neither colours nor alpha of the photo change."""
    pixels, alpha = drawing.copy(), drawing[..., 0].copy()
    prepare(Photo(pixels, alpha), SPEC)
    assert np.array_equal(pixels, drawing)
    assert np.array_equal(alpha, drawing[..., 0])


@pytest.mark.parametrize("size", [(1, 1), (1, 1000), (1000, 3), (10, 20000), (20000, 10)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    """Any size becomes a finite input."""
    found = prepare(photo(100, size=size), SPEC)
    assert np.isfinite(found.tensor).all()
    assert min(found.size) >= 32


def test_good_photo_has_no_warning(drawing: np.ndarray) -> None:
    """An ordinary picture is not complained about."""
    assert codes(Photo(drawing)) == set()


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((3, 2, 4), {"dark", "flat"}), ((254, 253, 255), {"blown_out", "flat"}), ((120, 90, 40), {"flat"})],
)
def test_photo_of_one_colour(colour: tuple[int, int, int], expected: set[str]) -> None:
    """Black, white and plain photos carry their warnings."""
    assert codes(photo(colour)) == expected


def test_transparent_photo_is_blown_out() -> None:
    """A photo that is all transparent is white, and says so."""
    assert "blown_out" in codes(photo((10, 200, 30), 0))


def test_warnings_are_sentences() -> None:
    """People get words, programs codes."""
    (warning,) = prepare(photo(120), SPEC).undo.warnings
    assert warning.message.endswith("unreliable.")


def test_border_is_the_mirrored_picture_and_goes_again() -> None:
    """A padded network sees the photo's mirror image around it; the map is of the photo alone."""
    given = Photo(np.random.default_rng(1).integers(0, 255, (50, 72, 3), dtype=np.uint8))
    spec = InputSpec(64, 1, (0, 0, 0), (1, 1, 1), "lower_bound", 1, 4096, pad=3.0)
    x, y = spec.border(72, 50)
    assert (x, y) == (18, 15)
    framed = InputSpec(50 + 2 * y, 1, (0, 0, 0), (1, 1, 1), "lower_bound", 1, 4096, pad=3.0)
    prepared = prepare(given, framed)
    assert prepared.size == (72 + 2 * x, 50 + 2 * y)
    seen = prepared.tensor[0].transpose(1, 2, 0) * 255
    assert np.abs(seen[y:-y, x:-x] - given.pixels).max() < 0.01
    assert np.abs(seen[y - 3, x:-x] - given.pixels[3]).max() < 0.01
    card = replace(nearfar.list_models()[0], input=framed)
    depth = finish(prepared.tensor[0, 0], prepared.undo, card, Provenance("m"))
    assert np.abs(depth.values * 255 - given.pixels[..., 0]).max() < 0.01


def test_plain_cubic_is_what_the_published_way_gives() -> None:
    """MiDaS resizes without averaging first: the input is within a step of 1/255 of that, smooth is not."""
    spec = card("midas-small").input
    pixels = np.random.default_rng(2).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    published = cv2.resize(pixels / 255.0, (256, 192), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    expected = ((published - np.array(spec.mean)) / np.array(spec.std)).transpose(2, 0, 1)[None]
    difference = np.abs(prepare(Photo(pixels), spec).tensor - expected).max() * min(spec.std) * 255
    smooth = np.abs(prepare(Photo(pixels), replace(spec, resample="smooth")).tensor - expected).max()
    assert difference < 1.1
    assert smooth * min(spec.std) * 255 > 20


def test_unknown_way_to_resample() -> None:
    """It is refused when the card is made."""
    with pytest.raises(ParameterError, match="resample is 'nearest'"):
        InputSpec(256, resample="nearest")
