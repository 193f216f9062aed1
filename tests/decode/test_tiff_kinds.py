"""TIFFs as programs write them, against the values that went in or that Pillow's libtiff gives."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

import nearfar
from nearfar.decode._tiff import as_classic, largest_page, read_pages
from nearfar.errors import BrokenImageError, UnsupportedFormatError
from pictures import draw, profile
from tiffs import Layout, tiff_of

SRGB = (0.4361, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7141)
COLOURS = draw(50, 34)
DEEP = (COLOURS.astype(np.uint16) * 257) ^ np.arange(50, dtype=np.uint16)[:, None]
GREY, DEEP_GREY = COLOURS[..., 1], DEEP[..., 1]
ALPHA = COLOURS[..., 2]
ORDERS = [("<", False), (">", False), ("<", True), (">", True)]
ORDER_NAMES = ["little", "big-endian", "BigTIFF", "big-endian BigTIFF"]


def three(grey: np.ndarray) -> np.ndarray:
    """(H, W, 3) of (H, W)."""
    return np.repeat(grey[..., None], 3, axis=2)


def saved(mode: str, compression: str | None, *, big: bool = False) -> bytes:
    """A TIFF of the drawn scene that Pillow wrote."""
    out = io.BytesIO()
    Image.fromarray(COLOURS).convert(mode).save(out, "TIFF", compression=compression, big_tiff=big)
    return out.getvalue()


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd", "lzma"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr"])
def test_files_of_pillow(mode: str, compression: str | None) -> None:
    """Every mode in every packing has the colours that Pillow itself reads."""
    data = saved(mode, compression)
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(image.convert("RGB"))
    assert np.array_equal(nearfar.read(data).pixels, wanted)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr"])
def test_big_files_of_pillow(mode: str, compression: str | None) -> None:
    """The same as BigTIFF: it is the classic file's picture."""
    big = nearfar.read(saved(mode, compression, big=True)).pixels
    assert np.array_equal(big, nearfar.read(saved(mode, compression)).pixels)


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr", "CMYK"])
@pytest.mark.parametrize("big", [False, True])
def test_jpeg_within_tiff(mode: str, big: bool) -> None:
    """JPEG within a TIFF, its tables apart, is what libtiff decodes; a BigTIFF keeps the tables."""
    data = saved(mode, "jpeg", big=big)
    with Image.open(io.BytesIO(saved(mode, "jpeg"))) as image:
        wanted = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(nearfar.read(data).pixels - wanted).max() <= 1


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_fax_within_tiff(compression: str) -> None:
    """One bit a pixel, packed as faxes are."""
    wanted = three(np.asarray(Image.fromarray(COLOURS).convert("1")).astype(np.uint8) * 255)
    assert np.array_equal(nearfar.read(saved("1", compression)).pixels, wanted)


@pytest.mark.parametrize(("order", "big"), ORDERS, ids=ORDER_NAMES)
@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
@pytest.mark.parametrize(
    ("extra", "alpha_at"), [((0, 2), 1), ((2, 0), 0), ((0, 0), None), ((0, 0, 2), 2), ((2, 1), 0)]
)
@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
def test_alpha_among_several_samples(
    extra: tuple[int, ...], alpha_at: int | None, planar: bool, order: str, big: bool, deep: bool
) -> None:
    """Alpha is the first sample that says it is; the others are passed over, at 8 and at 16 bits."""
    whole = DEEP if deep else COLOURS
    more = np.stack([whole[..., i] for i in range(len(extra))], axis=2)
    photo = nearfar.read(tiff_of((np.dstack([whole, more]), Layout(order, big, planar, extra=extra))))
    assert np.array_equal(photo.pixels, whole)
    if alpha_at is None:
        assert photo.alpha is None
    else:
        assert np.array_equal(photo.alpha, more[..., alpha_at])


@pytest.mark.parametrize(("order", "big"), ORDERS, ids=ORDER_NAMES)
@pytest.mark.parametrize("extra", [(), (0,), (2,)], ids=["none", "unspecified", "alpha"])
@pytest.mark.parametrize("photometric", [0, 1], ids=["white is zero", "black is zero"])
@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
def test_grey_with_a_second_sample(
    extra: tuple[int, ...], photometric: int, order: str, big: bool, deep: bool
) -> None:
    """Grey keeps its direction, and the second sample hides only where it is called alpha."""
    grey, other = (DEEP_GREY, DEEP[..., 2]) if deep else (GREY, ALPHA)
    data = tiff_of((np.dstack([grey, other]), Layout(order, big, photometric=photometric, extra=extra)))
    photo = nearfar.read(data)
    top = np.iinfo(grey.dtype).max
    assert np.array_equal(photo.pixels, three(grey if photometric else top - grey))
    assert (photo.alpha is not None) == (extra == (2,))
    if photo.alpha is not None:
        assert np.array_equal(photo.alpha, other)


@pytest.mark.parametrize(("order", "big"), ORDERS, ids=ORDER_NAMES)
@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
@pytest.mark.parametrize("photometric", [0, 1], ids=["white is zero", "black is zero"])
@pytest.mark.parametrize("grey", [GREY, DEEP_GREY], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("how", [{}, {"compression": 5, "predictor": 2, "rows": 5}], ids=["plain", "lzw"])
def test_grey_alone(
    how: dict, grey: np.ndarray, photometric: int, planar: bool, order: str, big: bool
) -> None:
    """One sample a pixel has no planes, whatever the file says, and keeps its direction."""
    photo = nearfar.read(tiff_of((grey, Layout(order, big, planar, photometric=photometric, **how))))
    assert np.array_equal(photo.pixels, three(grey if photometric else np.iinfo(grey.dtype).max - grey))


@pytest.mark.parametrize("photometric", [0, 1], ids=["white is zero", "black is zero"])
def test_grey_profile_counts_whoever_decodes(photometric: int) -> None:
    """A profile of grey gives the same colours to a file that we decode as to one that Pillow decodes."""
    made = ImageCms.ImageCmsProfile(io.BytesIO(profile(1.0, SRGB))).tobytes()
    tags = ((34675, "U", made),)
    stored = DEEP_GREY if photometric else 65535 - DEEP_GREY
    found = nearfar.read(tiff_of((stored, Layout(photometric=photometric, tags=tags)))).pixels
    plain = nearfar.read(tiff_of((DEEP_GREY, Layout(tags=tags)))).pixels
    assert np.array_equal(found, plain)


@pytest.mark.parametrize("ratio", [0.5, 0.25])
def test_associated_alpha_of_floats(ratio: float) -> None:
    """Floats multiplied by alpha come back as they were, within the rounding of 16 bits."""
    colours = COLOURS / 255
    mixed = np.dstack([colours * ratio, np.full((34, 50), ratio)]).astype(np.float32)
    photo = nearfar.read(tiff_of((mixed, Layout(extra=(1,)))))
    assert np.abs(photo.pixels / 65535 - colours).max() <= 1 / (65535 * ratio)
    assert np.abs(photo.alpha / 65535 - ratio).max() <= 1 / 65535


@pytest.mark.parametrize("extra", [(1,), (1, 0)])
def test_associated_alpha_of_nothing_is_black(extra: tuple[int, ...]) -> None:
    """Where alpha is 0 no colour is left, and none is made up."""
    mixed = np.dstack([DEEP, *[np.zeros_like(DEEP_GREY)] * len(extra)])
    photo = nearfar.read(tiff_of((mixed, Layout(extra=extra))))
    assert not photo.pixels.any()
    assert not photo.alpha.any()


@pytest.mark.parametrize(("order", "big"), ORDERS, ids=ORDER_NAMES)
@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
@pytest.mark.parametrize("deep", [False, True], ids=["8 bits", "16 bits"])
def test_inks(deep: bool, planar: bool, order: str, big: bool) -> None:
    """Four inks without a profile are their complements, at 8 and at 16 bits."""
    whole = COLOURS.astype(np.uint16) * 257 if deep else COLOURS
    top = np.iinfo(whole.dtype).max
    inks = np.dstack([top - whole, np.zeros_like(whole[..., 0])])
    photo = nearfar.read(tiff_of((inks, Layout(order, big, planar, photometric=5))))
    assert np.abs(photo.rgb8().astype(int) - COLOURS).max() <= 1


@pytest.mark.parametrize(("order", "big"), ORDERS, ids=ORDER_NAMES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_page_after_the_thumbnail_is_turned(orientation: int, order: str, big: bool) -> None:
    """The orientation is that of the page that is taken."""
    small = (COLOURS[::2, ::2], Layout(order, big, tags=((254, "I", 1), (274, "H", 1))))
    main = (COLOURS, Layout(order, big, tags=((274, "H", orientation),)))
    first = nearfar.read(tiff_of((COLOURS, Layout(tags=((274, "H", orientation),)))))
    assert np.array_equal(nearfar.read(tiff_of(small, main)).pixels, first.pixels)


@pytest.mark.parametrize("top", [255, 65535], ids=["8-bit map", "16-bit map"])
def test_palette_after_a_thumbnail(top: int) -> None:
    """A colour map of small numbers stays one of numbers where the page is put first."""
    palette = (np.arange(256) * top // 255).tolist() * 3
    page = (GREY, Layout(photometric=3, tags=((320, "H", palette),)))
    alone = nearfar.read(tiff_of(page)).pixels
    small = (COLOURS[::2, ::2], Layout(tags=((254, "I", 1),)))
    assert np.array_equal(nearfar.read(tiff_of(small, page)).pixels, alone)
    assert top == 255 or np.array_equal(alone, three(GREY))


def test_many_small_strips_after_a_thumbnail() -> None:
    """Counts below 256 of many strips stay numbers where the page is put first."""
    small = (GREY[::2, ::2], Layout(tags=((254, "I", 1),)))
    assert np.array_equal(nearfar.read(tiff_of(small, (GREY, Layout(rows=1)))).pixels, three(GREY))


@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
def test_tiles_of_64_bits_beyond_the_rim(planar: bool) -> None:
    """What tiles hold beyond the picture is cut off; of 64 bits the upper 16 stay."""
    data = tiff_of((DEEP.astype(np.uint64) << 48, Layout(planar=planar, tile=(16, 48), compression=8)))
    assert np.array_equal(nearfar.read(data).pixels, DEEP)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_signed_numbers_are_no_colours(dtype: type) -> None:
    """Numbers below 0 are refused by what they are, whole as the file is."""
    with pytest.raises(UnsupportedFormatError, match=f"signed numbers \\({np.dtype(dtype)}\\)"):
        nearfar.read(tiff_of((COLOURS.astype(dtype), Layout())))


@pytest.mark.parametrize("side", [(1, 50), (34, 1), (1, 1)])
@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
def test_sides_of_one_pixel(side: tuple[int, int], planar: bool) -> None:
    """A row, a column and a pixel are photos too."""
    part = np.ascontiguousarray(DEEP[: side[0], : side[1]])
    assert np.array_equal(nearfar.read(tiff_of((part, Layout(planar=planar)))).pixels, part)


def test_exif_of_a_big_file_reaches_pillow() -> None:
    """The EXIF directory of a BigTIFF of plain pixels is rewritten for the decoder, lens and all."""
    data = bytearray(tiff_of((COLOURS, Layout(">", big=True, tags=((34665, "I", 0),)))))
    place = data.index(b"\x87\x69") + 12
    data[place : place + 4] = len(data).to_bytes(4, "big")
    data += (1).to_bytes(8, "big") + bytes.fromhex("a405 0003 0000000000000001 001c000000000000") + bytes(8)
    photo = nearfar.read(bytes(data))
    assert np.array_equal(photo.pixels, COLOURS)
    assert photo.camera.fx_px == pytest.approx(28 * np.hypot(50, 34) / 43.2666, rel=1e-4)


def test_largest_page_is_of_the_same_shape() -> None:
    """Of pages that say nothing, only a larger one of the same shape is the picture."""
    other = np.zeros((80, 50, 3), np.uint8)
    pages = read_pages(tiff_of((COLOURS, Layout()), (other, Layout())))
    assert largest_page(pages) is pages[0]
    pages = read_pages(tiff_of((COLOURS[::2, ::2], Layout()), (COLOURS, Layout()), (other, Layout())))
    assert largest_page(pages) is pages[1]


def test_classic_form_keeps_all_numbers() -> None:
    """A page put first has the tags that it had."""
    tags = ((700, "U", b"<x/>" * 9), (282, "d", 72.5))
    page = read_pages(tiff_of((COLOURS, Layout(">", big=True, rows=1, tags=tags))))[0]
    again = read_pages(as_classic(page))[0]
    assert again.tags == page.tags


def with_tag(data: bytes, tag: int, value: int) -> bytes:
    """The same file with another first value of a tag."""
    for kind in (3, 4):
        place = data.find(struct.pack("<HH", tag, kind))
        if place > 0:
            return data[: place + 4] + struct.pack("<II", 1, value) + data[place + 12 :]
    raise AssertionError(f"no tag {tag}")


@pytest.mark.parametrize(
    ("tag", "value"), [(256, 0), (257, 0), (257, 60_000), (258, 0), (258, 12), (277, 2), (317, 0), (317, 3)]
)
def test_lying_tags_are_told(tag: int, value: int) -> None:
    """A size, depth or layout that the file does not have is damage or no layout of ours, never noise."""
    with pytest.raises((BrokenImageError, UnsupportedFormatError)):
        nearfar.read(with_tag(tiff_of((DEEP, Layout(planar=True))), tag, value))


def test_rows_of_a_strip_beyond_the_picture() -> None:
    """A strip that claims more rows than there are holds the whole picture."""
    data = with_tag(tiff_of((DEEP, Layout(planar=True))), 278, 2**32 - 1)
    assert np.array_equal(nearfar.read(data).pixels, DEEP)


def test_predictor_without_packing_is_passed_over() -> None:
    """Samples that are not packed are not differences, whatever the tag says: so libtiff has it."""
    data = with_tag(tiff_of((DEEP, Layout(planar=True))), 317, 2)
    assert np.array_equal(nearfar.read(data).pixels, DEEP)


@pytest.mark.parametrize(("samples", "bits"), [(3, 12), (3, 4), (2, 12), (3, 10)])
def test_odd_bits_are_named(samples: int, bits: int) -> None:
    """A whole file of 12 bits a colour is told by its layout, not called damaged."""
    pixels = np.dstack([DEEP_GREY] * samples)
    data = tiff_of((pixels, Layout()))
    places = struct.pack(f"<{samples}H", *[16] * samples)
    data = (
        data.replace(places, struct.pack(f"<{samples}H", *[bits] * samples))
        if samples > 2
        else with_tag(data, 258, bits)
    )
    with pytest.raises(UnsupportedFormatError, match=f"{samples} × {bits} bits"):
        nearfar.read(data)
