"""Every effect and export on photos of odd sizes: one pixel high, and longer than OpenCV's limit."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import ParameterError
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.types import DepthKind, DepthMap, Photo, Picture

SIZES = [(1, 1), (64, 1), (1, 64), (2, 2), (3, 1)]
LONG = [(40_000, 80), (66, 32_800), (32_767, 66)]
MESHES = {"glb", "obj"}


def seen(width: int, height: int, *, alpha: bool = False) -> tuple[Photo, DepthMap]:
    """A photo that brightens to the right, where it is near; transparent in its left half on request."""
    bright = np.linspace(0, 255, width).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(bright[None, :, None], (height, width, 3)))
    hidden = np.full((height, width), 255, np.uint8)
    hidden[:, : width // 2] = 0
    near = np.ascontiguousarray(
        np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32)[None], (height, width))
    )
    return Photo(pixels, hidden if alpha else None), DepthMap(near, DepthKind.RELATIVE_INVERSE)


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "half transparent"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", EFFECTS.names())
def test_small_photos_have_every_effect(name: str, size: tuple[int, int], alpha: bool) -> None:
    """A picture as high as the photo, or a clip."""
    done = nearfar.effect(name, *seen(*size, alpha=alpha))
    assert not isinstance(done, Picture) or done.pixels.shape[0] == size[1]


@pytest.mark.parametrize("size", LONG, ids=str)
@pytest.mark.parametrize("name", ["stereo", "anaglyph", "bokeh", "fog", "cutout", "normals", "heatmap"])
def test_long_photos_have_effects(name: str, size: tuple[int, int]) -> None:
    """Sides of 32,767 pixels and more are no limit: the rows and columns are all there."""
    done = nearfar.effect(name, *seen(*size))
    width = size[0] * 2 if name == "stereo" else size[0]
    assert done.pixels.shape[:2] == (size[1], width)


@pytest.mark.parametrize("size", [*SIZES, (80, 40_000)], ids=str)
@pytest.mark.parametrize("name", EXPORTS.names())
def test_small_photos_have_every_export(name: str, size: tuple[int, int]) -> None:
    """A file, or for meshes of a few pixels the words that no surface is left."""
    photo, depth = seen(*size)
    if name in {*MESHES, "ply"} and size not in SIZES:
        assert nearfar.export(name, depth, photo)
        return
    if name in MESHES:
        with pytest.raises(ParameterError, match="No surface is left"):
            nearfar.export(name, depth, photo)
        return
    data = nearfar.export(name, depth, photo)
    if name == "ply":
        assert f"element vertex {size[0] * size[1]}\n".encode() in data
    elif name == "sidecar":
        assert b'"kind": "relative_inverse"' in data
    elif name == "ora":
        with zipfile.ZipFile(io.BytesIO(data)) as layers, layers.open("mergedimage.png") as merged:
            assert Image.open(merged).size == size
    else:
        kind = "relative_inverse" if name in {"npy", "pfm"} else None
        found = nearfar.read_depth(data, kind=kind)
        known = found.values if found.valid is None else found.values[found.valid]
        wanted = depth.values if found.valid is None else depth.values[found.valid]
        assert found.values.shape == (size[1], size[0])
        assert np.abs(known - wanted).max() <= 1 / 255
