"""Small files of users that once went wrong: the right result, or the right words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.decode.masks import Subject, read_mask, read_masks
from nearfar.errors import ParameterError, UnsupportedFormatError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cases(shared: Path) -> Path:
    """The folder of such files, else the test is skipped."""
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip(f"no cases at {folder}")
    return folder


def test_sixteen_bit_planes(cases: Path) -> None:
    """Planes of 16 bits and the same in a BigTIFF of the other order are one picture of smooth colours."""
    planes = nearfar.read(cases / "photo-planar-16bit-rgb.tif")
    big = nearfar.read(cases / "photo-bigtiff-big-endian-called-damaged.tif")
    assert planes.pixels.dtype == np.uint16
    assert np.array_equal(planes.pixels, big.pixels)


def test_first_page_is_a_thumbnail(cases: Path) -> None:
    """The whole picture is read, and it is the one that the 16 bits show."""
    photo = nearfar.read(cases / "photo-thumbnail-first-called-raw.tif")
    assert (photo.width, photo.height) == (160, 120)
    deep = nearfar.read(cases / "photo-planar-16bit-rgb.tif")
    assert np.abs(deep.rgb8().astype(int) - photo.pixels).max() <= 1


def test_float_colours(cases: Path) -> None:
    """Floats of 0…1 are every second pixel of a photo."""
    photo = nearfar.read(cases / "photo-float-rgb-called-damaged.tif")
    assert (photo.width, photo.height, photo.pixels.dtype) == (80, 60, np.uint16)
    assert int(photo.pixels.max()) == 64250


def test_twelve_bit_jpeg(cases: Path) -> None:
    """It is named, not called damaged."""
    with pytest.raises(UnsupportedFormatError, match="12 bits"):
        nearfar.read(cases / "photo-jpeg-12bit-called-damaged.jpg")


def test_holes_of_a_sensor(cases: Path) -> None:
    """Zeros are no distance: the nearest thing is 2.5 m away, and 940 values are told."""
    depth = nearfar.read_depth(cases / "depth-metric-zero-holes.npy", kind="metric")
    assert depth.value_range == (2.5, 60.0)
    assert np.count_nonzero(~depth.valid) == 940
    assert "940 of 19,200" in depth.warnings[0].message


def test_millimetres_in_a_tiff(cases: Path) -> None:
    """Whole numbers of 16 bits are read and scaled."""
    depth = nearfar.read_depth(cases / "depth-16bit-mm.tif", kind="metric", scale=1e-3)
    assert depth.value_range == (2.5, 60.0)


def test_archive_of_depth_pro(cases: Path) -> None:
    """The array called depth is read; its kind is asked for."""
    with pytest.raises(ParameterError, match="depth-kind"):
        nearfar.read_depth(cases / "depth-of-depthpro.npz")
    assert nearfar.read_depth(cases / "depth-of-depthpro.npz", kind="metric").value_range == (2.5, 60.0)


@pytest.mark.parametrize(
    ("name", "scale", "holes"),
    [
        ("depth-16bit-mm.tif", 1e-3, 0),
        ("depth-metric-zero-holes.npy", 1, 940),
        ("depth-of-depthpro.npz", 1, 0),
    ],
)
def test_photo_with_its_depth_files(cases: Path, name: str, scale: float, holes: int) -> None:
    """Each depth file and the photo make points at its metres in the photo's colours; holes make none."""
    photo = nearfar.read(cases / "depth-photo-160x120.png")
    depth = nearfar.read_depth(cases / name, kind="metric", scale=scale)
    assert (depth.width, depth.height) == (photo.width, photo.height) == (160, 120)
    cloud = nearfar.export("ply", depth, photo)
    kind = np.dtype([("place", "<f4", 3), ("facing", "<f4", 3), ("colour", "u1", 3)])
    points = np.frombuffer(cloud.split(b"end_header\n", 1)[1], kind)
    known = np.ones((120, 160), bool) if depth.valid is None else depth.valid
    assert len(points) == 160 * 120 - holes == np.count_nonzero(known)
    assert np.array_equal(points["colour"], photo.pixels[known])
    assert -points["place"][:, 2] == pytest.approx(depth.values[known])
    assert points["place"][:, 2].max() == pytest.approx(-2.5)


def test_holes_are_not_shown_as_the_nearest_thing(cases: Path) -> None:
    """No hole of the heat map has the colour of what stands 2.5 m away."""
    depth = nearfar.read_depth(cases / "depth-metric-zero-holes.npy", kind="metric")
    shown = nearfar.heatmap(depth).pixels[..., :3]
    front = shown[depth.values == 2.5][0]
    assert not (shown[~depth.valid] == front).all(axis=1).any()


def test_mask_of_a_lying_photo(cases: Path) -> None:
    """The mask is turned as its photo is: what is bright in one is inside in the other."""
    photo = nearfar.read(cases / "mask-exif-photo.jpg")
    mask = read_mask(cases / "mask-exif-orientation6.png")
    assert mask.shape == (photo.height, photo.width)
    stored = np.asarray(Image.open(cases / "mask-exif-orientation6.png")) > 0
    assert np.array_equal(mask, np.rot90(stored, -1))


def test_masks_of_two_images(cases: Path) -> None:
    """Those of the photo are taken; without its name both images are listed."""
    path = cases / "mask-coco-two-images-same-size.json"
    first = read_masks(path, Subject("sq_exif6.jpg"))
    second = read_masks(path, Subject("other.jpg"))
    assert (len(first), len(second)) == (1, 1)
    assert not np.array_equal(first, second)
    with pytest.raises(ParameterError, match=r"sq_exif6\.jpg, other\.jpg"):
        read_masks(path)


def test_stereo_of_a_tall_photo(cases: Path) -> None:
    """A scroll of 200×33,000 pixels has two views."""
    photo = nearfar.read(cases / "photo-200x33000-stereo-crash.jpg")
    slope = np.tile(np.linspace(0, 1, 200, dtype=np.float32), (33_000, 1))
    depth = nearfar.DepthMap(slope, nearfar.DepthKind.RELATIVE_INVERSE)
    for name, width in (("stereo", 400), ("anaglyph", 200)):
        assert nearfar.effect(name, photo, depth).pixels.shape == (33_000, width, 3)
