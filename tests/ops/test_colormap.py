"""Colour maps: their ends, their middles, and colours between the 256 anchors."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops.colormap import COLORMAPS, Span, can_index, colorize, indexed

RAMP = np.linspace(0, 1, 4097, dtype=np.float32)[None]
# Far end, middle and near end of the published tables.
KNOWN = {
    "inferno": ((0, 0, 4), (187, 55, 84), (252, 255, 164)),
    "viridis": ((68, 1, 84), (33, 145, 140), (253, 231, 37)),
    "grey": ((0, 0, 0), (128, 128, 128), (255, 255, 255)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_ends_and_middle_are_those_of_the_published_table(name: str) -> None:
    """Far, middle and near have the colours that everyone knows, within rounding."""
    got = colorize(np.array([[0, 0.5, 1]], np.float32), name)[0].astype(int)
    assert np.abs(got - np.array(KNOWN[name])).max() <= 2


@pytest.mark.parametrize("name", COLORMAPS)
def test_every_map_has_many_colours_and_no_leaps(name: str) -> None:
    """A ramp passes through more than 200 colours, and neighbours differ by little."""
    colours = colorize(RAMP, name)[0].astype(int)
    assert len(np.unique(colours, axis=0)) > 200
    assert np.abs(np.diff(colours, axis=0)).max() <= 3


def test_values_outside_are_clipped() -> None:
    """Below 0 is the far colour, above 1 the near one."""
    got = colorize(np.array([[-3, 0, 1, 7]], np.float32))[0]
    assert (got[0] == got[1]).all()
    assert (got[2] == got[3]).all()


def test_a_name_that_there_is_not_is_answered_with_the_nearest() -> None:
    """The error names the map that was probably meant."""
    with pytest.raises(ParameterError, match="inferno"):
        colorize(RAMP, "infreno")


def test_inferno_at_known_places() -> None:
    """Anchors of the published table (matplotlib's), every 64th of 256."""
    known = [(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)]
    place = np.array([[0, 64, 128, 192, 255]], np.float32) / 255
    assert np.abs(colorize(place)[0].astype(int) - known).max() <= 1


@pytest.mark.parametrize("name", ["inferno", "magma", "plasma", "viridis", "grey"])
def test_maps_made_for_the_eye_grow_lighter(name: str) -> None:
    """Lightness never falls from far to near by more than rounding."""
    luma = colorize(RAMP, name)[0] @ np.array([0.2126, 0.7152, 0.0722])
    assert np.diff(luma).min() > -1
    assert luma[-1] > luma[0] + 100


def test_colours_are_computed_from_floats() -> None:
    """A 16-bit ramp has more colours than 8 bits could give."""
    ramp = np.linspace(0, 1, 65536, dtype=np.float32).reshape(256, 256)
    assert len(np.unique(colorize(ramp).reshape(-1, 3), axis=0)) > 256


@pytest.mark.parametrize("shape", [(1, 1), (1, 200_000), (200_000, 1), (300, 1000)])
def test_bands_join_without_a_seam(shape: tuple[int, int]) -> None:
    """However a map is cut for speed, each pixel has the colour of its own value."""
    values = np.random.default_rng(14).random(shape, np.float32)
    found = colorize(values).reshape(-1, 3)
    places = [0, len(found) // 2, len(found) - 1]
    assert np.array_equal(found[places], colorize(values.reshape(-1)[places][None])[0])


def test_values_are_left_as_they_were() -> None:
    """Colouring does not write into the map, even one that is read backwards."""
    values = np.linspace(-1, 2, 50, dtype=np.float32).reshape(5, 10)
    before = values.copy()
    assert np.array_equal(colorize(values[::-1]), colorize(values)[::-1])
    assert np.array_equal(values, before)


@pytest.mark.parametrize("span", [Span(-2, 6), Span(6, -2), Span(0, 1e-6), Span(3, 3)])
def test_span_says_what_is_far_and_near(span: Span) -> None:
    """Colours of values in their own unit are those of their share, turned over where near is less."""
    values = np.linspace(-3, 7, 101, dtype=np.float32)[None]
    width = span.near - span.far
    share = np.clip((values - span.far) / width, 0, 1) if width else np.zeros_like(values)
    found = colorize(values, "viridis", span).astype(int)
    assert np.abs(found - colorize(share.astype(np.float32), "viridis")).max() <= 1


def test_pixels_that_are_not_valid_are_far() -> None:
    """Whatever their value is."""
    values = np.array([[np.nan, 1.0]], np.float32)
    found = colorize(values, valid=np.array([[False, True]]))
    assert np.array_equal(found[0], colorize(np.array([[0, 1]], np.float32))[0])


@pytest.mark.parametrize("name", COLORMAPS)
@pytest.mark.parametrize("span", [Span(-2, 6), Span(6, -2), Span(4, 4)])
def test_places_in_256_colours_are_close(name: str, span: Span) -> None:
    """The fast way differs by less than a step of its 256 colours, and by less than 1/255 on average."""
    values = np.linspace(-3, 7, 10_000, dtype=np.float32).reshape(100, 100)
    places, palette = indexed(values, name, span)
    apart = np.abs(palette[places].astype(int) - colorize(values, name, span))
    assert apart.max() <= 4
    assert apart.mean() < 1


def test_span_that_float32_cannot_resolve_is_told() -> None:
    """Far away from zero the fast way would lose the difference."""
    assert can_index(Span(-2, 6))
    assert not can_index(Span(1e6, 1e6 + 1))
    assert not can_index(Span(0, 1e-38))


def test_rows_in_pairs() -> None:
    """Each second row repeats the one above it, also where their number is odd; the others are exact."""
    values = np.random.default_rng(1).random((7, 5)).astype(np.float32)
    exact, _ = indexed(values)
    paired, _ = indexed(values, in_pairs=True)
    assert np.array_equal(paired[::2], exact[::2])
    assert np.array_equal(paired[1::2], exact[:6:2])


def test_the_quick_way_is_the_exact_one_within_a_step() -> None:
    """All values being valid or some being not, a colour differs by one step of 255 at most."""
    values = np.random.default_rng(5).random((300, 700), np.float32) * 40 - 7
    span = Span(-6.5, 30)
    exact = colorize(values, "turbo", span, np.ones(values.shape, bool)).astype(int)
    assert np.abs(colorize(values, "turbo", span) - exact).max() <= 1


def test_values_far_beyond_the_span_have_its_end() -> None:
    """However far: whole numbers do not run over, in neither way."""
    values = np.array([[-1e30, -1e9, 0, 1e9, 1e30]], np.float32)
    ends = colorize(np.array([[0, 1]], np.float32))[0]
    span = Span(0, 1e-3, (-1e30, 1e30))
    assert np.array_equal(colorize(values, "inferno", span)[0], ends[[0, 0, 0, 1, 1]])
    assert not can_index(span)
