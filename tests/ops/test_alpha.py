"""Alpha, orientation, bands of rows and contact sheets: small tools that others build on."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.ops import alpha, bands
from nearfar.ops.orientation import as_stored, upright
from nearfar.ops.sheet import Cell, draw_sheet
from nearfar.types import Photo
from pictures import turned

RNG = np.random.default_rng(0)
both_types = pytest.mark.parametrize("kind", [np.uint8, np.uint16])


def _photo(kind: type, share: float | None = None) -> Photo:
    top = np.iinfo(kind).max
    pixels = RNG.integers(0, top, (6, 9, 3), endpoint=True).astype(kind)
    return Photo(pixels, None if share is None else np.full((6, 9), round(share * top), kind))


@both_types
def test_alpha_is_a_share(kind: type) -> None:
    """Nothing to one; an opaque photo has none."""
    assert alpha.share(_photo(kind)) is None
    for given in (0.0, 0.2, 1.0):
        found = alpha.share(_photo(kind, given))
        assert found is not None
        np.testing.assert_allclose(found, given, atol=1e-3)


@both_types
def test_what_is_transparent_is_seen_as_white(kind: type) -> None:
    """Half of it is half-way to white, none of it the photo, and an opaque one is itself."""
    opaque = _photo(kind)
    assert alpha.shown(opaque) is opaque.pixels
    top = np.iinfo(kind).max
    assert (alpha.shown(_photo(kind, 0.0)) == top).all()
    solid = _photo(kind, 1.0)
    np.testing.assert_array_equal(alpha.shown(solid), solid.pixels)
    part = _photo(kind, 0.6)
    expected = 0.6 * part.pixels.astype(float) + 0.4 * top
    np.testing.assert_allclose(alpha.shown(part), expected, atol=0.01 * top)


@both_types
def test_a_pixel_counts_from_half_of_its_alpha(kind: type) -> None:
    """All of an opaque photo counts, which is said by nothing."""
    assert alpha.is_seen(None) is None
    assert alpha.is_seen(_photo(kind)) is None
    for share, expected in ((0.4, False), (0.6, True)):
        found = alpha.is_seen(_photo(kind, share))
        assert found is not None
        assert (found == expected).all()


@both_types
@pytest.mark.parametrize("share", [None, 0.3, 1.0])
def test_multiplied_colours_come_back(kind: type, share: float | None) -> None:
    """To the last level of 8 bits, to a few of 16."""
    photo = _photo(kind, share)
    mixed = alpha.multiplied(photo)
    assert mixed.shape == (6, 9, 4)
    back = alpha.divided(mixed[..., :3], mixed[..., 3], photo.pixels.dtype)
    assert back.dtype == kind
    assert np.abs(back.astype(int) - photo.pixels).max() <= (0 if kind is np.uint8 else 2)


def test_colours_under_no_alpha_are_black() -> None:
    """Nothing that was hidden comes out."""
    mixed = alpha.multiplied(_photo(np.uint8, 0.0))
    assert not mixed.any()
    assert not alpha.divided(mixed[..., :3], mixed[..., 3], np.dtype(np.uint8)).any()


def test_for_light_the_squares_are_multiplied() -> None:
    """The square of the multiplied colour is the square of the colour times alpha."""
    photo = _photo(np.uint8, 0.4)
    mixed = alpha.multiplied(photo, is_light=True).astype(float) / 65535
    share = photo.alpha[0, 0] / 255  # type: ignore[index]
    np.testing.assert_allclose(mixed[..., :3] ** 2, (photo.pixels / 255.0) ** 2 * share, atol=1e-4)
    np.testing.assert_allclose(mixed[..., 3] ** 2, share, atol=1e-4)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_upright_and_back_are_the_same(orientation: int, shape: tuple[int, ...]) -> None:
    """As EXIF's table says, each way."""
    stored = RNG.integers(0, 255, shape).astype(np.uint8)
    shown = upright(stored, orientation)
    np.testing.assert_array_equal(shown, turned(stored, orientation))
    np.testing.assert_array_equal(as_stored(shown, orientation), stored)


@pytest.mark.parametrize("orientation", [0, 1, 9, -3])
def test_other_orientations_turn_nothing(orientation: int) -> None:
    """The array itself comes back; of nothing, nothing is made."""
    stored = np.zeros((2, 3), np.uint8)
    assert upright(stored, orientation) is stored
    assert upright(None, 6) is None


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (40, 100_000), (5000, 300), (3, 200_000)])
@pytest.mark.parametrize("threads", [1, 4])
def test_every_row_is_in_one_band(
    height: int, width: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With threads and without, none twice."""
    monkeypatch.setattr(cv2, "getNumThreads", lambda: threads)
    counts, lock = np.zeros(height, int), threading.Lock()

    def work(rows: slice) -> None:
        with lock:
            counts[rows] += 1
            assert rows.stop - rows.start <= max(1, bands.BAND_PIXELS // width)

    bands.each_band(work, height, width)
    assert (counts == 1).all()


@pytest.mark.parametrize("threads", [1, 4])
def test_an_error_in_a_band_comes_out(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when a thread of its own had it."""
    monkeypatch.setattr(cv2, "getNumThreads", lambda: threads)

    def work(rows: slice) -> None:
        if rows.start > 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bands.each_band(work, 40, 100_000)


def _cells(count: int, shape: tuple[int, ...] = (30, 40, 3)) -> list[Cell]:
    return [Cell(np.full(shape, 10 * k, np.uint8), (f"cell {k}",)) for k in range(count)]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (5, 2), (6, 3), (4, 4)])
def test_a_sheet_has_its_columns_in_order(count: int, columns: int) -> None:
    """Each picture whole, from the left, then down."""
    sheet = draw_sheet(_cells(count), (30, 40), "inferno", columns=columns).pixels
    wide, high = (sheet.shape[1] - 8) // columns, (sheet.shape[0] - 8) // -(-count // columns)
    for k in range(count):
        top, left = 8 + k // columns * high, 8 + k % columns * wide
        assert (sheet[top : top + 30, left : left + 40] == 10 * k).all()


def test_a_sheet_without_columns_is_about_square() -> None:
    """Many cells: neither a strip nor a tower."""
    sheet = draw_sheet(_cells(20), (30, 40), "inferno").pixels
    assert 0.4 < sheet.shape[0] / sheet.shape[1] < 2.5


def test_a_cell_says_its_lines_and_its_fault() -> None:
    """Ink below the picture, red in the place of one that is not there; letters that a font lacks too."""
    plain = draw_sheet([Cell(np.zeros((60, 80, 3), np.uint8), ())], (60, 80), "inferno").pixels
    told = draw_sheet([Cell(np.zeros((60, 80, 3), np.uint8), ("80×60…", "深度"))], (60, 80), "inferno").pixels
    np.testing.assert_array_equal(plain[8:68, 8:88], told[8:68, 8:88])
    assert (plain[68:] != told[68:]).any()
    fault = draw_sheet([Cell(None, (), "the file cannot be read")], (60, 80), "inferno").pixels.astype(int)
    assert (fault[8:68, ..., 0] > fault[8:68, ..., 2] + 60).any()


def test_numbers_are_coloured_by_the_map_that_is_named() -> None:
    """Nothing and one differ, two maps differ, and an unknown one is refused."""
    ramp = np.broadcast_to(np.linspace(0, 1, 40, dtype=np.float32), (30, 40))
    one, other = (
        draw_sheet([Cell(ramp, ())], (30, 40), name).pixels[8:38, 8:48] for name in ("inferno", "grey")
    )
    assert (one[:, 0] != one[:, -1]).any()
    assert (one != other).any()
    with pytest.raises(ParameterError, match="infernoo"):
        draw_sheet([Cell(ramp, ())], (30, 40), "infernoo")
