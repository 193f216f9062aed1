"""Every format and mode to the right pixels."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import BrokenImageError, UnsupportedFormatError
from pictures import cmyk_profile, encoded, png, profile, tiff, turned

DATA = Path(__file__).parent.parent / "data"
GREYS = np.arange(48, dtype=np.uint8).reshape(6, 8, 1) * 5
SHADES_16 = (np.arange(48, dtype=np.uint16).reshape(6, 8, 1) * 1337).astype(np.uint16)


def difference(found: np.ndarray, expected: np.ndarray) -> float:
    """The mean difference of two pictures, in levels of 255."""
    return float(np.abs(found.astype(float) - expected).mean())


def saved(image: Image.Image, format: str, **how: object) -> bytes:
    """The bytes of a PIL image."""
    out = io.BytesIO()
    image.save(out, format, **how)
    return out.getvalue()


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 1}])
def test_jpeg(drawing: np.ndarray, how: dict[str, object]) -> None:
    """A JPEG of each make is close to what was drawn."""
    photo = nearfar.read(encoded(drawing, "JPEG", quality=95, **how))
    assert (photo.format, photo.alpha) == ("JPEG", None)
    assert difference(photo.pixels, drawing) < 3


@pytest.mark.parametrize(
    ("format", "how"),
    [
        ("PNG", {}),
        ("PNG", {"interlace": 1}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("BMP", {}),
    ],
)
def test_lossless_formats_are_exact(drawing: np.ndarray, format: str, how: dict[str, object]) -> None:
    """A format that loses nothing gives the drawn pixels back."""
    photo = nearfar.read(encoded(drawing, format, **how))
    assert photo.format == format
    assert np.array_equal(photo.pixels, drawing)


@pytest.mark.parametrize(("format", "limit"), [("WEBP", 4), ("AVIF", 4)])
def test_lossy_formats_are_close(drawing: np.ndarray, format: str, limit: float) -> None:
    """WebP and AVIF are close to what was drawn."""
    photo = nearfar.read(encoded(drawing, format, quality=90))
    assert photo.format == format
    assert difference(photo.pixels, drawing) < limit


def test_heic() -> None:
    """A HEIC is close to what was drawn."""
    photo = nearfar.read(DATA / "drawing.heic")
    assert (photo.format, photo.alpha) == ("HEIF", None)
    assert difference(photo.pixels, nearfar.read(DATA / "drawing.png").pixels) < 4


def test_heic_keeps_its_alpha() -> None:
    """The upper half of this HEIC is transparent."""
    photo = nearfar.read(DATA / "see_through.heic")
    assert photo.alpha is not None
    assert (photo.alpha[:20].max(), photo.alpha[28:].min()) == (0, 254)


def test_heic_is_turned_once() -> None:
    """A HEIC that its container turns is not turned again for its EXIF; its focal length is read."""
    photo = nearfar.read(DATA / "turned.heic")
    expected = np.rot90(nearfar.read(DATA / "drawing.png").pixels, -1)
    assert difference(photo.pixels, expected) < 4
    assert photo.camera is not None
    assert photo.camera.fx_px == pytest.approx(26 * 80 / 43.2666, rel=1e-4)


def test_avif_with_a_container_brand(drawing: np.ndarray) -> None:
    """An AVIF whose major brand is mif1 is told from a HEIC by its compatible brands."""
    data = encoded(drawing, "AVIF", quality=90)
    assert data[8:12] == b"avif"
    assert nearfar.read(data[:8] + b"mif1" + data[12:]).format == "AVIF"


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_grey_png_of_few_bits(bits: int) -> None:
    """Grey samples of few bits are spread over 0…255."""
    top = 2**bits - 1
    samples = GREYS // 5 & top
    photo = nearfar.read(png(samples, 0, bits))
    assert np.array_equal(photo.pixels[..., 1], samples[..., 0].astype(int) * 255 // top)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_png_with_a_transparent_grey(bits: int) -> None:
    """The grey that stands for transparent becomes alpha 0 at every depth, and only that grey."""
    samples = SHADES_16 // 1337 & (2**bits - 1)
    hidden = min(3, 2**bits - 1)
    photo = nearfar.read(png(samples, 0, bits, ((b"tRNS", struct.pack(">H", hidden)),)))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha == 0, samples[..., 0] == hidden)


def test_grey_and_alpha_png() -> None:
    """Grey and alpha of 8 bits come apart."""
    samples = np.concatenate([GREYS, 255 - GREYS], axis=2)
    photo = nearfar.read(png(samples, 4))
    assert np.array_equal(photo.pixels, np.repeat(GREYS, 3, axis=2))
    assert np.array_equal(photo.alpha, samples[..., 1])


def test_palette_png_with_transparency() -> None:
    """Each entry of a palette has its own alpha."""
    index = np.array([[[0], [1], [2]]], np.uint8)
    chunks = ((b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255])), (b"tRNS", bytes([255, 128, 0])))
    photo = nearfar.read(png(index, 3, 8, chunks))
    assert photo.pixels.tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    assert photo.alpha.tolist() == [[255, 128, 0]]


def test_palette_png_without_transparency() -> None:
    """A palette alone gives colours and no alpha."""
    chunks = ((b"PLTE", bytes([255, 0, 0, 0, 255, 0])),)
    photo = nearfar.read(png(np.array([[[1], [0]]], np.uint8), 3, 8, chunks))
    assert photo.pixels.tolist() == [[[0, 255, 0], [255, 0, 0]]]
    assert photo.alpha is None


@pytest.mark.parametrize("bits", [8, 16])
def test_rgb_png_with_a_transparent_colour(bits: int) -> None:
    """The colour that stands for transparent becomes alpha 0."""
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 2**bits, (6, 8, 3), dtype=np.uint16)
    photo = nearfar.read(png(samples, 2, bits, ((b"tRNS", struct.pack(">3H", *samples[2, 3])),)))
    assert photo.alpha is not None
    assert np.argwhere(photo.alpha == 0).tolist() == [[2, 3]]
    assert np.array_equal(photo.pixels, samples)


@pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (6, 4)])
@pytest.mark.parametrize("bits", [8, 16])
def test_colour_png(color_type: int, channels: int, bits: int) -> None:
    """RGB and RGBA of 8 and of 16 bits are exact, alpha kept aside."""
    samples = np.random.default_rng(2).integers(0, 2**bits, (6, 8, channels), dtype=np.uint16)
    photo = nearfar.read(png(samples, color_type, bits))
    assert photo.pixels.dtype.itemsize * 8 == bits
    assert np.array_equal(photo.pixels, samples[..., :3])
    assert (photo.alpha is None) == (channels == 3)
    assert photo.alpha is None or np.array_equal(photo.alpha, samples[..., 3])


def test_grey_png_of_16_bits() -> None:
    """Sixteen bits of grey stay sixteen."""
    photo = nearfar.read(png(SHADES_16, 0, 16))
    assert np.array_equal(photo.pixels, np.repeat(SHADES_16, 3, axis=2))


def test_grey_and_alpha_png_of_16_bits() -> None:
    """Sixteen bits of grey and of alpha stay sixteen."""
    samples = np.concatenate([SHADES_16, SHADES_16[::-1]], axis=2)
    photo = nearfar.read(png(samples, 4, 16))
    assert np.array_equal(photo.pixels, np.repeat(SHADES_16, 3, axis=2))
    assert np.array_equal(photo.alpha, samples[..., 1])


def test_gamma_of_a_png_is_left_alone(drawing: np.ndarray) -> None:
    """A gAMA chunk changes nothing: browsers that obey it are few, and cameras write none."""
    photo = nearfar.read(png(drawing, 2, 8, ((b"gAMA", struct.pack(">I", 100000)),)))
    assert np.array_equal(photo.pixels, drawing)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8])
def test_tiff_of_16_bits(channels: int, orientation: int) -> None:
    """Sixteen bits of a TIFF stay sixteen, and it is turned once."""
    samples = np.random.default_rng(3).integers(0, 65536, (6, 8, channels), dtype=np.uint16)
    found = nearfar.read(tiff(samples, orientation=orientation))
    expected = nearfar.read(png(samples, {1: 0, 3: 2, 4: 6}[channels], 16))
    assert found.pixels.dtype == np.uint16
    assert np.array_equal(found.pixels, turned(expected.pixels, orientation))


def test_tiff_where_white_is_zero() -> None:
    """Grey that counts from white is turned over, at 8 and at 16 bits."""
    eight = nearfar.read(tiff(GREYS, photometric=0))
    sixteen = nearfar.read(tiff(SHADES_16, photometric=0))
    assert np.array_equal(eight.pixels[..., :1], 255 - GREYS)
    assert np.array_equal(sixteen.pixels[..., :1], 65535 - SHADES_16)


def test_tiled_tiff(drawing: np.ndarray) -> None:
    """Tiles are put together."""
    how = {322: 64, 323: 64}
    data = encoded(drawing, "TIFF", compression="tiff_lzw", tiffinfo=how)
    assert np.array_equal(nearfar.read(data).pixels, drawing)


def test_tiff_of_several_pages_gives_the_first(drawing: np.ndarray) -> None:
    """Of several pages the first is read."""
    second = Image.new("RGB", (10, 10))
    data = saved(Image.fromarray(drawing), "TIFF", save_all=True, append_images=[second])
    assert np.array_equal(nearfar.read(data).pixels, drawing)


def test_raw_file_is_refused(drawing: np.ndarray) -> None:
    """A camera's raw file, whose first picture is a thumbnail, is no photo that we read."""
    data = encoded(drawing, "TIFF", tiffinfo={254: 1})
    with pytest.raises(UnsupportedFormatError, match="raw file"):
        nearfar.read(data)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_bmp_of_few_colours(mode: str, drawing: np.ndarray) -> None:
    """A BMP of fewer colours gives the colours it holds."""
    image = Image.fromarray(drawing).convert(mode)
    photo = nearfar.read(saved(image, "BMP"))
    assert np.array_equal(photo.pixels, np.asarray(image.convert("RGB")))


def test_animated_gif_gives_its_first_frame() -> None:
    """The first frame is red, the second is not looked at."""
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    photo = nearfar.read(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert photo.format == "GIF"
    assert (photo.pixels == (255, 0, 0)).all()


def test_gif_with_transparency() -> None:
    """The transparent entry of a GIF becomes alpha 0."""
    image = Image.new("RGBA", (8, 6), (0, 200, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 4, 6))
    photo = nearfar.read(saved(image, "GIF"))
    assert photo.alpha[0].tolist() == [0] * 4 + [255] * 4
    assert photo.pixels[0, 7].tolist() == [0, 200, 0]


def test_animated_webp_gives_its_first_frame() -> None:
    """The first frame of a WebP is read."""
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    photo = nearfar.read(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    assert (photo.pixels == (255, 0, 0)).all()


def test_webp_with_alpha(drawing: np.ndarray) -> None:
    """The alpha of a WebP is kept, the colours under it too."""
    alpha = np.tile(np.arange(128, dtype=np.uint8), (96, 1))
    data = encoded(np.dstack([drawing, alpha]), "WEBP", lossless=True, exact=True)
    photo = nearfar.read(data)
    assert np.array_equal(photo.alpha, alpha)
    assert np.array_equal(photo.pixels, drawing)


def cmyk_jpeg(**how: object) -> bytes:
    """Cyan, magenta, yellow, paper: one 16-pixel column each."""
    inks = [(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 0)]
    pixels = np.repeat(np.array([inks], np.uint8), 16, axis=1).repeat(16, axis=0)
    image = Image.frombytes("CMYK", (64, 16), pixels.tobytes())
    return saved(image, "JPEG", quality=100, **how)


CMYK_COLOURS = [[0, 255, 255], [255, 0, 255], [255, 255, 0], [255, 255, 255]]


def test_cmyk_jpeg_with_adobe_marker() -> None:
    """Inks become the colours of light they leave."""
    data = cmyk_jpeg()
    assert b"Adobe" in data
    assert difference(nearfar.read(data).pixels[8, 8::16], np.array(CMYK_COLOURS)) < 3


def test_cmyk_jpeg_without_adobe_marker() -> None:
    """Without the marker the inks are taken as Adobe writes them, like nearly all readers do."""
    data = cmyk_jpeg()
    start = data.index(b"\xff\xee")
    data = data[:start] + data[start + 2 + struct.unpack_from(">H", data, start + 2)[0] :]
    assert b"Adobe" not in data
    assert difference(nearfar.read(data).pixels[8, 8::16], np.array(CMYK_COLOURS)) < 3


def test_cmyk_jpeg_with_a_profile() -> None:
    """A profile of inks decides their colours: this one calls pure cyan a mid grey."""
    paper = {(0, 0, 0, 0): (100.0, 0.0, 0.0), (1, 0, 0, 0): (53.585, 0.0, 0.0)}
    photo = nearfar.read(cmyk_jpeg(icc_profile=cmyk_profile(paper)))
    assert difference(photo.pixels[8, 8], np.array([128] * 3)) < 4
    assert difference(photo.pixels[8, 56], np.array([255] * 3)) < 4


def test_first_picture_of_an_mpo(drawing: np.ndarray) -> None:
    """Of the two views of a stereo camera the first is read."""
    image = Image.fromarray(drawing)
    data = saved(image, "MPO", save_all=True, append_images=[Image.new("RGB", image.size)])
    assert difference(nearfar.read(data).pixels, drawing) < 6


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "La", "CMYK", "YCbCr", "HSV", "LAB"]
)
def test_pil_image_of_every_mode(mode: str) -> None:
    """A grey PIL image is the same grey in every mode that can hold a photo."""
    grey = Image.new("L", (5, 4), 255)
    if mode == "LAB":
        image = Image.new("LAB", (5, 4), (255, 128, 128))
    else:
        steps = {"RGBa": ["RGBA", "RGBa"], "La": ["LA", "La"], "PA": ["RGB", "P", "PA"]}.get(mode, [mode])
        image = grey.convert("RGB") if mode in {"YCbCr", "HSV", "CMYK", "P"} else grey
        for step in steps:
            image = image.convert(step)
    photo = nearfar.read(image)
    assert difference(photo.pixels, np.full((4, 5, 3), 255)) < 1.5


@pytest.mark.parametrize("mode", ["I", "F"])
def test_measurements_are_no_photo(mode: str) -> None:
    """An image of 32-bit numbers is refused, with what to do."""
    with pytest.raises(UnsupportedFormatError, match="measurements"):
        nearfar.read(Image.new(mode, (4, 4)))


def test_lazy_pil_image_of_16_bits() -> None:
    """A 16-bit colour PNG that PIL opened is read as PIL gives it."""
    samples = np.random.default_rng(4).integers(0, 65536, (6, 8, 3), dtype=np.uint16)
    photo = nearfar.read(Image.open(io.BytesIO(png(samples, 2, 16))))
    assert np.array_equal(photo.pixels, samples >> 8)


def test_closed_pil_image_is_an_error(photo_png: Path) -> None:
    """A closed image is told as such."""
    image = Image.open(photo_png)
    image.close()
    with pytest.raises(BrokenImageError):
        nearfar.read(image)


def test_grey_profile_beside_16_bits() -> None:
    """Sixteen bits of linear grey become sRGB and stay sixteen bits."""
    data = saved(Image.fromarray(SHADES_16[..., 0]), "PNG", icc_profile=profile(1.0))
    photo = nearfar.read(data)
    linear = SHADES_16[..., 0] / 65535
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 65535
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels[2:, :, 0] - expected[2:]).max() < 600
