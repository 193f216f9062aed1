"""TIFFs of every layout: the samples that were written are the colours that are read."""

from __future__ import annotations

import numpy as np
import pytest

import nearfar
from nearfar.errors import BrokenImageError, UnsupportedFormatError
from pictures import draw, exif, profile
from tiffs import Layout, tiff_of

SRGB = (0.4361, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7141)
DRAWING = draw(50, 34)
DEEP = (DRAWING.astype(np.uint16) * 257) ^ np.arange(50, dtype=np.uint16)[:, None]
LAYOUTS = {
    "strips": {"rows": 7},
    "one strip": {},
    "tiles": {"tile": (16, 32)},
    "lzw": {"rows": 9, "compression": 5},
    "lzw, differences": {"rows": 9, "compression": 5, "predictor": 2},
    "lzw tiles": {"tile": (16, 16), "compression": 5, "predictor": 2},
    "deflate": {"rows": 5, "compression": 8, "predictor": 2},
    "packbits": {"rows": 11, "compression": 32773},
}


@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
@pytest.mark.parametrize("how", LAYOUTS.values(), ids=LAYOUTS)
def test_sixteen_bits_of_every_layout(how: dict, planar: bool, order: str, big: bool) -> None:
    """Planes or pixels, strips or tiles, packed or not, in either byte order: bit for bit."""
    photo = nearfar.read(tiff_of((DEEP, Layout(order, big, planar, **how))))
    assert photo.format == "TIFF"
    assert np.array_equal(photo.pixels, DEEP)


@pytest.mark.parametrize("planar", [False, True], ids=["pixels", "planes"])
@pytest.mark.parametrize("how", LAYOUTS.values(), ids=LAYOUTS)
def test_eight_bits_of_every_layout(how: dict, planar: bool) -> None:
    """The same at 8 bits."""
    photo = nearfar.read(tiff_of((DRAWING, Layout(planar=planar, **how))))
    assert np.array_equal(photo.pixels, DRAWING)


def test_profile_that_is_srgb_leaves_sixteen_bits() -> None:
    """A profile that changes no colour costs no bits."""
    from PIL import ImageCms

    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = nearfar.read(tiff_of((DEEP, Layout(planar=True, tags=((34675, "U", same),)))))
    assert np.array_equal(photo.pixels, DEEP)


def test_profile_beside_planes_changes_colours() -> None:
    """A linear profile makes planes of 16 bits brighter, as it does pixels of 8."""
    tags = ((34675, "U", profile(1.0, SRGB)),)
    planes = nearfar.read(tiff_of((DRAWING.astype(np.uint16) * 257, Layout(planar=True, tags=tags))))
    pixels = nearfar.read(tiff_of((DRAWING, Layout(tags=tags))))
    assert planes.pixels.dtype == np.uint16
    assert np.abs(planes.pixels / 257 - pixels.pixels).max() <= 1
    assert pixels.pixels.mean() > DRAWING.mean() + 20


@pytest.mark.parametrize("bits", [8, 16])
def test_associated_alpha_is_divided_out(bits: int) -> None:
    """Colours multiplied by alpha come back as they were, at 8 and at 16 bits."""
    top = 2**bits - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    alpha = np.tile(np.linspace(top // 4, top, 50), (34, 1))
    colours = DRAWING.astype(np.float64) * top / 255
    mixed = np.dstack([colours * alpha[..., None] / top, alpha]).round().astype(dtype)
    photo = nearfar.read(tiff_of((mixed, Layout(extra=(1,)))))
    assert photo.pixels.dtype == dtype
    assert np.abs(photo.pixels - colours).max() <= 4
    assert np.array_equal(photo.alpha, mixed[..., 3])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("extra", [(), (0,)], ids=["none", "unspecified"])
def test_fourth_sample_without_meaning_is_no_alpha(bits: int, extra: tuple[int, ...]) -> None:
    """Near infrared beside red, green and blue hides nothing."""
    deep = DRAWING if bits == 8 else DEEP
    infrared = np.zeros((34, 50), deep.dtype)
    photo = nearfar.read(tiff_of((np.dstack([deep, infrared]), Layout(extra=extra))))
    assert photo.alpha is None
    assert np.array_equal(photo.pixels, deep)


@pytest.mark.parametrize("bits", [8, 16])
def test_alpha_of_its_own_is_kept(bits: int) -> None:
    """Alpha that is not multiplied in leaves colours alone; samples after it are not looked at."""
    deep = DRAWING if bits == 8 else DEEP
    alpha = deep[..., 0].copy()
    photo = nearfar.read(tiff_of((np.dstack([deep, alpha]), Layout(extra=(2,)))))
    assert np.array_equal(photo.pixels, deep)
    assert np.array_equal(photo.alpha, alpha)


def test_sixteen_bit_grey_with_alpha() -> None:
    """Grey and alpha of 16 bits come apart."""
    grey, alpha = DEEP[..., 1], DEEP[..., 2]
    photo = nearfar.read(tiff_of((np.dstack([grey, alpha]), Layout(photometric=1, extra=(2,)))))
    assert np.array_equal(photo.pixels, np.repeat(grey[..., None], 3, axis=2))
    assert np.array_equal(photo.alpha, alpha)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("how", [{}, {"compression": 8, "predictor": 3}, {"planar": True}])
def test_colours_as_floats(dtype: type, how: dict) -> None:
    """Floats of 0…1 are colours: the same as an array of them."""
    values = (DRAWING / 255).astype(dtype)
    photo = nearfar.read(tiff_of((values, Layout(**how))))
    assert np.abs(photo.rgb8().astype(int) - DRAWING).max() <= 1
    assert photo.pixels.dtype == np.uint16


def test_whole_numbers_of_32_bits() -> None:
    """The upper half of 32 bits is kept."""
    photo = nearfar.read(tiff_of((DEEP.astype(np.uint32) << 16, Layout())))
    assert np.array_equal(photo.pixels, DEEP)


@pytest.mark.parametrize("values", [DRAWING / np.float32(1), DRAWING - np.float32(128)])
def test_floats_that_are_no_colours_are_refused(values: np.ndarray) -> None:
    """Floats beyond 0…1 are told with what they are."""
    with pytest.raises(UnsupportedFormatError, match="not a photo's colours"):
        nearfar.read(tiff_of((values.astype(np.float32), Layout())))


def test_white_is_zero_of_planes_is_turned() -> None:
    """Grey that counts from white, with alpha, is turned over; alpha is not."""
    grey = DEEP[..., 0]
    data = tiff_of((np.dstack([grey, grey]), Layout(photometric=0, extra=(2,))))
    photo = nearfar.read(data)
    assert np.array_equal(photo.pixels[..., 0], 65535 - grey)
    assert np.array_equal(photo.alpha, grey)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("is_said", [True, False], ids=["said", "by shape"])
def test_thumbnail_first_gives_the_largest_page(is_said: bool, big: bool) -> None:
    """A first page that is a smaller copy is passed over, whether the file says so or not."""
    tags = ((254, "I", 1),) if is_said else ()
    small = (DRAWING[::2, ::2], Layout(big=big, tags=tags))
    photo = nearfar.read(tiff_of(small, (DRAWING, Layout(big=big))))
    assert np.array_equal(photo.pixels, DRAWING)


def test_raw_within_pages_is_refused() -> None:
    """A thumbnail before a colour filter array is a camera's raw file."""
    small = (DRAWING[::2, ::2], Layout(tags=((254, "I", 1),)))
    with pytest.raises(UnsupportedFormatError, match="raw file"):
        nearfar.read(tiff_of(small, (DEEP[..., 0], Layout(photometric=32803))))


def test_sixteen_bits_are_turned_and_know_their_lens() -> None:
    """Orientation and focal length count for planes as they do for pixels."""
    found = nearfar.read(tiff_of((DEEP, Layout(planar=True, tags=((274, "H", 6),)))))
    assert np.array_equal(found.pixels, np.rot90(DEEP, -1))


@pytest.mark.parametrize(
    ("number", "called"), [(34887, "LERC"), (33005, "JPEG 2000"), (34712, "JPEG 2000"), (50002, "JPEG XL")]
)
def test_compression_that_is_not_read_is_named(number: int, called: str) -> None:
    """A whole file in a compression of few is not called damaged."""
    with pytest.raises(UnsupportedFormatError, match=called):
        nearfar.read(tiff_of((DRAWING, Layout(compression=number))))


@pytest.mark.parametrize("how", LAYOUTS.values(), ids=LAYOUTS)
def test_cut_file_is_damaged(how: dict) -> None:
    """A file that ends within its pixels is damaged, never a photo of noise."""
    data = tiff_of((DEEP, Layout(planar=True, **how)))
    pixels_end = len(data) // 2
    with pytest.raises(BrokenImageError):
        nearfar.read(data[:8] + b"\0" * 0 + data[8:pixels_end])


def test_exif_of_big_tiff_is_read() -> None:
    """The focal length of a BigTIFF is found where Pillow does not open the file."""
    block = exif(FocalLengthIn35mmFilm=28)
    assert block  # the tag below is what it holds
    data = bytearray(tiff_of((DEEP, Layout(">", big=True, planar=True, tags=((34665, "I", 0),)))))
    place = data.index(b"\x87\x69") + 12
    directory = len(data)
    data[place : place + 4] = directory.to_bytes(4, "big")
    data += (1).to_bytes(8, "big") + bytes.fromhex("a405 0003 0000000000000001 001c000000000000")
    camera = nearfar.read(bytes(data) + bytes(8)).camera
    assert camera is not None
    assert camera.fx_px == pytest.approx(28 * np.hypot(50, 34) / 43.2666, rel=1e-4)
