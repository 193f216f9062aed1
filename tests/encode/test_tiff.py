"""Pictures as TIFF: read back by other libraries, bit for bit, with what the photo's file said."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

import nearfar
from nearfar.decode._icc import matrix_of
from nearfar.decode.metadata import metadata_of
from nearfar.encode import encode
from nearfar.encode.metadata import Metadata, with_metadata
from nearfar.encode.tiff import srgb_profile, tiff
from pictures import draw, taken
from tiffs import Layout, tiff_of

if TYPE_CHECKING:
    from pathlib import Path

ORIENTATION = 0x0112


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (7, 1000), (641, 427)])
def test_read_back_bit_for_bit(kind: type, channels: int, size: tuple[int, int]) -> None:
    """By libtiff in OpenCV or Pillow, whatever the bits, the channels and the shape."""
    rng = np.random.default_rng(2)
    shape = (size[1], size[0], channels) if channels > 1 else (size[1], size[0])
    pixels = rng.integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)
    if channels == 4 and kind is np.uint8:  # OpenCV multiplies these by their alpha
        found = np.asarray(Image.open(io.BytesIO(tiff(pixels))))
    else:
        found = cv2.imdecode(np.frombuffer(tiff(pixels), np.uint8), cv2.IMREAD_UNCHANGED)
        if channels > 1:
            found = cv2.cvtColor(found, cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGBA)
    assert found.dtype == kind
    assert np.array_equal(found, pixels)


def test_pillow_reads_it_too() -> None:
    """With its profile of sRGB."""
    image = Image.open(io.BytesIO(encode(draw(40, 30), ".tif")))
    assert np.array_equal(np.asarray(image), draw(40, 30))
    assert image.info["icc_profile"] == srgb_profile()


def adobe_like() -> bytes:
    """A profile of wider colours than sRGB: its curves and matrix are those of Adobe RGB (1998)."""

    def fixed(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))

    gamma = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.19921875 * 256)) + bytes(2)
    tags = {
        b"rXYZ": fixed(0.60974, 0.31111, 0.01947), b"gXYZ": fixed(0.20528, 0.62567, 0.06087),
        b"bXYZ": fixed(0.14919, 0.06322, 0.74457), b"rTRC": gamma, b"gTRC": gamma, b"bTRC": gamma,
        b"wtpt": fixed(0.9642, 1.0, 0.82491), b"cprt": b"text" + bytes(4) + b"none\0\0\0\0",
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(78),
    }  # fmt: skip
    head, body = bytearray(128), b""
    table = struct.pack(">I", len(tags))
    start = 132 + 12 * len(tags)
    for name, tag in tags.items():
        data = tag + bytes(-len(tag) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(data))
        body += data
    head[0:4] = struct.pack(">I", start + len(body))
    head[8:12], head[12:24], head[36:40] = bytes([2, 0x40, 0, 0]), b"mntrRGB XYZ ", b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + table + body


def a_photo(path: Path, pixels: np.ndarray, profile: bytes) -> Path:
    """A 16-bit TIFF as an editor writes it: on its side, with camera and profile."""
    said = ((271, "s", b"Maker"), (272, "s", b"Model 7"), (274, "H", 6), (34675, "U", tuple(profile)))
    path.write_bytes(tiff_of((pixels, Layout(photometric=2, tags=said))))
    return path


def test_16_bits_go_in_and_out(tmp_path: Path) -> None:
    """Upright, in 16 bits of sRGB, for another program too."""
    rng = np.random.default_rng(4)
    stored = rng.integers(0, 65535, (24, 40, 3), np.uint16)
    source = a_photo(tmp_path / "a.tif", stored, srgb_profile())
    depth = nearfar.DepthMap(np.tile(np.linspace(0, 1, 24, dtype=np.float32), (40, 1)), "relative_inverse")
    target = tmp_path / "b.tiff"
    nearfar.effect("bokeh", source, depth, strength=0.0).save(target)
    how = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    found = cv2.cvtColor(cv2.imread(str(target), how), cv2.COLOR_BGR2RGB)
    assert found.dtype == np.uint16
    assert np.array_equal(found, np.rot90(stored, -1))
    again = nearfar.read(target)
    assert np.array_equal(again.pixels, found)
    said = metadata_of(again, "all").exif
    assert b"Maker" in said
    assert b"Model 7" in said


def test_what_the_file_said_is_in_it() -> None:
    """Camera and date; the place only on request; orientation is that of the picture."""
    photo = nearfar.read(taken())
    depth = nearfar.DepthMap(np.ones(photo.pixels.shape[:2], np.float32), "relative_inverse")
    for keep, has_place in (("safe", False), ("all", True)):
        done = nearfar.effect("fog", photo, depth, keep_metadata=keep)
        with Image.open(io.BytesIO(done.encoded(".tif"))) as image:
            said = image.getexif()
            assert np.array_equal(np.asarray(image), done.pixels)
        assert said[0x0110] == "Model 5"
        assert said[ORIENTATION] == 1
        assert bool(said.get_ifd(ExifTags.IFD.GPSInfo)) is has_place
        assert said.get_ifd(ExifTags.IFD.Exif)


def test_density_is_kept() -> None:
    """Pixels an inch."""
    image = Image.open(io.BytesIO(with_metadata(tiff(draw(8, 8)), Metadata(density=(300.0, 240.0)))))
    assert image.info["dpi"] == (300, 240)


def test_a_profile_of_curves_and_a_matrix_keeps_16_bits() -> None:
    """As Little CMS does it in 8 bits, and finer: of 65,536 greys nearly all stay apart."""
    profile = adobe_like()
    matrix = matrix_of(profile)
    rng = np.random.default_rng(6)
    eight = rng.integers(20, 236, (50, 50, 3), np.uint8)
    found = matrix.to_srgb(eight.astype(np.uint16) * 257)
    wide = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    expected = np.asarray(
        ImageCms.profileToProfile(Image.fromarray(eight), wide, ImageCms.createProfile("sRGB"))
    ).astype(int)
    assert np.abs(found / 257 - expected).max() < 1.2
    ramp = np.repeat(np.arange(65536, dtype=np.uint16)[None, :, None], 3, axis=2)
    assert len(np.unique(matrix.to_srgb(ramp)[..., 1])) > 40_000


@pytest.mark.parametrize(
    "damage", [b"", b"x" * 200, adobe_like()[:140], adobe_like().replace(b"rXYZ", b"none")]
)
def test_other_profiles_are_left_to_the_other_way(damage: bytes) -> None:
    """A damaged one, or one of tables, is none of these."""
    assert matrix_of(damage) is None


def test_16_bits_are_made_of_a_wide_photo(tmp_path: Path) -> None:
    """The effect's TIFF has more levels than 8 bits could hold."""
    ramp = np.repeat(np.linspace(8000, 12000, 2000).astype(np.uint16)[None, :, None], 3, axis=2)
    source = a_photo(tmp_path / "a.tif", np.repeat(ramp, 20, axis=0), adobe_like())
    assert len(np.unique(nearfar.read(source).pixels[..., 1])) > 1000


def test_the_profile_says_what_the_numbers_are(tmp_path: Path) -> None:
    """Of a wide photo the TIFF is in sRGB and says so: another program sees the same colours in both."""
    rng = np.random.default_rng(7)
    eight = rng.integers(90, 160, (24, 40, 3), np.uint8)  # within both gamuts
    source = a_photo(tmp_path / "a.tif", eight.astype(np.uint16) * 257, adobe_like())
    depth = nearfar.DepthMap(np.ones((40, 24), np.float32), "relative_inverse")
    nearfar.effect("bokeh", source, depth, strength=0.0).save(tmp_path / "b.tiff")
    with Image.open(tmp_path / "b.tiff") as image:
        profile = image.info["icc_profile"]
    assert profile == srgb_profile()
    how = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    made = cv2.cvtColor(cv2.imread(str(tmp_path / "b.tiff"), how), cv2.COLOR_BGR2RGB) / 257
    lab = ImageCms.createProfile("LAB")

    def seen(pixels: np.ndarray, icc: bytes) -> np.ndarray:
        own = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        shown = ImageCms.buildTransform(own, lab, "RGB", "LAB")
        return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), shown)).astype(np.int8).astype(int)

    upright = np.ascontiguousarray(np.rot90(eight, -1))
    assert not np.allclose(made, upright, atol=3)
    found = seen(np.round(made).astype(np.uint8), profile)[..., 1:]
    assert np.abs(found - seen(upright, adobe_like())[..., 1:]).max() <= 2
