"""Depth files back to depth maps: what was written is what is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.errors import BrokenImageError, ParameterError, SourceError, UnsupportedFormatError
from nearfar.types import Camera, DepthKind, DepthMap, PhotoWarning, Provenance

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = (".png", ".tiff", ".exr", ".pfm", ".npy", ".npz")
MADE_BY = Provenance("embedded", "ab" * 32, (256, 160), "onnxruntime")


def a_map(kind: DepthKind = DepthKind.METRIC, *, with_holes: bool = True) -> DepthMap:
    """A depth map of 13×17 pixels with every field filled."""
    values = np.random.default_rng(3).uniform(0.5, 40, (13, 17)).astype(np.float32)
    valid = np.ones(values.shape, bool)
    valid[2:4, 5:9] = False
    camera = Camera(31.5, 32.25, 8.5, 6.5, "exif: 35 mm equivalent")
    warning = PhotoWarning("dark", "The photo is nearly black — café.")
    return DepthMap(values, kind, valid if with_holes else None, camera, MADE_BY, (warning,))


@pytest.mark.parametrize("kind", DepthKind)
@pytest.mark.parametrize("suffix", FORMATS)
def test_round_trip_keeps_everything(suffix: str, kind: DepthKind, tmp_path: Path) -> None:
    """Values, holes, kind, camera, model, weights and warnings come back."""
    depth = a_map(kind)
    path = depth.save(tmp_path / f"depth{suffix}", sidecar=suffix in {".pfm", ".npy"})
    back = nearfar.read_depth(path)
    step = (40 - 0.5) / 65534 if suffix == ".png" else 0
    assert np.abs(back.values - depth.values)[depth.valid].max() <= 0.51 * step
    assert np.array_equal(back.valid, depth.valid)
    assert (back.kind, back.unit, back.camera) == (depth.kind, depth.unit, depth.camera)
    assert (back.provenance, back.warnings) == (depth.provenance, depth.warnings)


@pytest.mark.parametrize("suffix", FORMATS)
def test_whole_map_has_no_mask(suffix: str, tmp_path: Path) -> None:
    """Where all pixels are valid, none is marked otherwise."""
    path = a_map(with_holes=False).save(tmp_path / f"depth{suffix}", sidecar=True)
    assert nearfar.read_depth(path).valid is None


@pytest.mark.parametrize("suffix", [".npy", ".pfm"])
def test_file_without_words_asks_for_the_kind(suffix: str, tmp_path: Path) -> None:
    """Nothing is guessed: the caller says what bare values mean."""
    path = a_map().save(tmp_path / f"depth{suffix}")
    with pytest.raises(ParameterError, match="does not say what its values mean"):
        nearfar.read_depth(path)
    assert nearfar.read_depth(path, kind="metric").kind is DepthKind.METRIC


def test_foreign_png_in_millimetres(tmp_path: Path) -> None:
    """A 16-bit PNG of another program is read with a kind and a scale; 0 and 65535 are not valid."""
    from PIL import Image

    Image.fromarray(np.array([[0, 1500], [250, 65535]], np.uint16)).save(tmp_path / "mm.png")
    depth = nearfar.read_depth(tmp_path / "mm.png", kind="metric", scale=1e-3)
    assert depth.valid is not None
    assert depth.valid.tolist() == [[False, True], [True, False]]
    assert depth.values[0, 1] == pytest.approx(1.5)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_heat_map_is_refused(suffix: str, tmp_path: Path) -> None:
    """Colours are not depth, and the message says why."""
    path = nearfar.heatmap(a_map()).save(tmp_path / f"heat{suffix}")
    with pytest.raises(UnsupportedFormatError, match="colours are not depth"):
        nearfar.read_depth(path, kind="metric")


def test_eight_bits_have_a_warning(tmp_path: Path) -> None:
    """Grey of 8 bits is read where its kind is said, with a word about its steps."""
    grey = np.arange(20, dtype=np.uint8).reshape(4, 5)
    path = nearfar.Picture(grey).save(tmp_path / "grey.png")
    with pytest.raises(ParameterError, match="does not say"):
        nearfar.read_depth(path)
    depth = nearfar.read_depth(path, kind="relative_inverse")
    assert np.array_equal(depth.values, grey)
    assert [w.code for w in depth.warnings] == ["depth_steps"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_cut_file_is_broken(suffix: str, tmp_path: Path) -> None:
    """Half a file gives one clear error."""
    path = a_map().save(tmp_path / f"depth{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BrokenImageError):
        nearfar.read_depth(path, kind="metric")


def test_other_files_are_refused(tmp_path: Path) -> None:
    """Text is no depth, and neither is nothing."""
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UnsupportedFormatError, match="16-bit PNG, TIFF"):
        nearfar.read_depth(tmp_path / "a.txt")
    with pytest.raises(SourceError):
        nearfar.read_depth(tmp_path / "absent.npy")


def test_damaged_sidecar_is_told(tmp_path: Path) -> None:
    """A sidecar that is not JSON is not passed over."""
    path = a_map().save(tmp_path / "depth.npy")
    (tmp_path / "depth.npy.json").write_text("{")
    with pytest.raises(BrokenImageError, match="sidecar"):
        nearfar.read_depth(path)


def test_exr_holds_the_channel_z(tmp_path: Path) -> None:
    """Other programs find depth where they look for it."""
    import OpenEXR

    path = a_map().save(tmp_path / "depth.exr")
    with OpenEXR.File(str(path)) as file:
        assert list(file.channels()) == ["Z"]
