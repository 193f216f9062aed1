"""The fast mode: smaller decode, int8, 256 colours; maps keep the photo's size and agree."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms

import nearfar
from nearfar.cli import main
from nearfar.decode.photo import read_photo
from nearfar.errors import ParameterError
from nearfar.sessions.choice import Wish, choose
from nearfar.settings import Settings
from nearfar.weights import open_store
from nearfar.zoo import manage
from nearfar.zoo.catalogue import card
from pictures import draw

if TYPE_CHECKING:
    from pathlib import Path

LYING = 6  # EXIF: turn by a quarter clockwise
_ORIENTATION, _FOCAL_35MM = 0x0112, 0xA405


def needed(width: int, height: int) -> tuple[int, int]:
    """As a network of 256 pixels would ask."""
    return card("embedded").input.network_size(width, height)


@pytest.fixture
def large_jpeg(tmp_path: Path) -> Path:
    """A photo of 1600×1200 that stands on its side in the file, with a focal length."""
    image = Image.fromarray(draw(1600, 1200))
    exif = Image.Exif()
    exif[_ORIENTATION] = LYING
    exif.get_ifd(0x8769)[_FOCAL_35MM] = 28
    image.save(tmp_path / "large.jpg", quality=90, exif=exif)
    return tmp_path / "large.jpg"


def test_jpeg_is_decoded_just_large_enough(large_jpeg: Path) -> None:
    """Smaller pixels, upright; size and camera are the whole photo's."""
    whole, quick = read_photo(large_jpeg), read_photo(large_jpeg, needed=needed)
    assert quick.full_size == (whole.width, whole.height) == (1200, 1600)
    assert quick.reduced_from == (1200, 1600)
    least = needed(1200, 1600)
    assert least[0] <= quick.width < 1200
    assert least[1] <= quick.height < 1600
    assert quick.camera == whole.camera
    assert quick.camera is not None
    small = np.asarray(whole.image().resize((quick.width, quick.height), Image.Resampling.BOX), int)
    assert np.abs(small - quick.pixels).mean() < 4


def test_colour_profile_counts_in_a_smaller_decode(tmp_path: Path) -> None:
    """A picture whose profile swaps nothing but names another space is changed alike in both ways."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    odd = Image.fromarray(draw(800, 600))
    odd.save(tmp_path / "odd.jpg", icc_profile=profile)
    whole, quick = read_photo(tmp_path / "odd.jpg"), read_photo(tmp_path / "odd.jpg", needed=needed)
    assert quick.width < whole.width
    assert np.abs(quick.pixels.mean((0, 1)) - whole.pixels.mean((0, 1))).max() < 2


def test_other_formats_and_small_photos_are_decoded_whole(photo_png: Path, photo_jpeg: Path) -> None:
    """There is nothing to gain, and nothing is lost."""
    for path in (photo_png, photo_jpeg):
        quick = read_photo(path, needed=needed)
        assert quick.reduced_from is None
        assert np.array_equal(quick.pixels, read_photo(path).pixels)


def test_fast_maps_agree_with_exact_ones(large_jpeg: Path) -> None:
    """The map has the photo's size; values and colours are close to the exact ones."""
    exact, quick = nearfar.load("embedded"), nearfar.load("embedded", fast=True, precision="float32")
    slow_map, fast_map = exact.estimate(large_jpeg), quick.estimate(large_jpeg)
    assert (fast_map.width, fast_map.height) == (1200, 1600)
    spread = np.ptp(slow_map.values)
    assert np.abs(fast_map.values - slow_map.values).mean() < 0.02 * spread
    assert np.corrcoef(fast_map.values.ravel(), slow_map.values.ravel())[0, 1] > 0.99
    one, other = nearfar.heatmap(slow_map), nearfar.heatmap(slow_map, fast=True)
    assert np.abs(np.asarray(one.image(), int) - np.asarray(other.image())).mean() < 1
    assert len(other.encoded()) < len(one.encoded())


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_fast_pictures_are_written_in_every_format(tmp_path: Path, photo_jpeg: Path, suffix: str) -> None:
    """The file shows the same colours."""
    depth = nearfar.load("embedded", engine="fake").estimate(photo_jpeg)
    picture = nearfar.heatmap(depth, fast=True)
    found = nearfar.read(picture.save(tmp_path / f"heat{suffix}")).pixels
    assert np.abs(found.astype(int) - np.asarray(picture.image())).mean() < 4


def test_int8_is_taken_where_it_was_made(tmp_path: Path) -> None:
    """Fast takes a file that passed its gate, else says how to make one; a named precision is kept."""
    pytest.importorskip("onnx")
    settings = Settings(home=str(tmp_path / "home"), offline=True)
    source = manage.path("embedded-v1", settings)
    manage.import_file("midas-small", source, settings)
    model, store = card("midas-small"), open_store(settings)
    before = choose(model, Wish(is_fast=True), store)
    assert (before.precision, "models quantize midas-small" in before.why) == ("float32", True)
    manage.quantize("midas-small", settings)
    after = choose(model, Wish(is_fast=True), store)
    assert (after.label, "agrees with float32" in after.why) == ("onnxruntime-int8", True)
    assert choose(model, Wish(precision="float32", is_fast=True), store).precision == "float32"
    assert choose(model, Wish(), store).precision == "float32"


def test_flag_of_the_command_line(
    large_jpeg: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--fast --json`: a picture of the photo's size in 256 colours, and why this engine ran it."""
    words = [str(large_jpeg), "--fast", "--json", "-o", str(tmp_path / "heat.png")]
    assert main(words) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["width"], row["height"]) == (1200, 1600)
    assert row["engine_why"]
    with Image.open(tmp_path / "heat.png") as image:
        assert (image.mode, image.size) == ("P", (1200, 1600))


def test_overlay_needs_the_whole_photo(large_jpeg: Path, tmp_path: Path) -> None:
    """Where the photo is seen it is decoded whole."""
    assert main([str(large_jpeg), "--fast", "--overlay", "0.5", "-o", str(tmp_path / "over.png")]) == 0
    assert nearfar.read(tmp_path / "over.png").width == 1200


def test_smaller_copy_is_no_photo_to_lay_under_a_map(large_jpeg: Path) -> None:
    """Its sizes do not fit, and that is said."""
    depth = nearfar.load("embedded", engine="fake").estimate(large_jpeg)
    quick = read_photo(large_jpeg, needed=needed)
    with pytest.raises(ParameterError, match="Give the photo that the depth was made from"):
        nearfar.overlay(quick, depth)
    assert replace(quick, reduced_from=None).full_size == (quick.width, quick.height)
