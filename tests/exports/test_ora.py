"""Layers for editors: the file is what the OpenRaster specification says, its layers what they claim."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.errors import ParameterError
from nearfar.types import DepthKind, DepthMap, Photo
from pictures import draw


def opened(data: bytes) -> tuple[zipfile.ZipFile, list[dict[str, str]], dict[str, np.ndarray]]:
    """The archive, its layers from the top as they are described, and their pixels by name."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    root = ET.fromstring(archive.read("stack.xml"))  # noqa: S314 - our own file
    rows = [dict(layer.attrib) for layer in root.find("stack")]
    pixels = {}
    for row in rows:
        with Image.open(io.BytesIO(archive.read(row["src"]))) as image:
            pixels[row["name"]] = np.asarray(image)
    assert (int(root.get("w")), int(root.get("h"))) == (64, 48)
    return archive, rows, pixels


def scene() -> tuple[Photo, DepthMap]:
    """A near block before a slope."""
    near = np.tile(np.linspace(0, 0.4, 64, dtype=np.float32), (48, 1))
    near[12:36, 20:44] = 1
    return Photo(draw(64, 48)), DepthMap(near, DepthKind.RELATIVE_INVERSE)


def test_it_is_an_openraster_file() -> None:
    """The type first and as it is, a merged picture, a thumbnail of at most 256 pixels."""
    archive, _, _ = opened(nearfar.export("ora", scene()[1], scene()[0]))
    first = archive.infolist()[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert archive.read("mimetype") == b"image/openraster"
    with Image.open(io.BytesIO(archive.read("mergedimage.png"))) as merged:
        assert np.array_equal(np.asarray(merged), scene()[0].pixels)
    with Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png"))) as small:
        assert max(small.size) <= 256


def test_depth_is_a_layer_and_a_mask() -> None:
    """The subject above, the depth in 16 bits and as alpha, both hidden, the photo below."""
    photo, depth = scene()
    archive, rows, pixels = opened(nearfar.export("ora", depth, photo, nearest=18, refine=False))
    assert [(row["name"], row["visibility"]) for row in rows] == [
        ("near", "visible"), ("depth", "hidden"), ("depth mask", "hidden"), ("photo", "visible"),
    ]  # fmt: skip
    assert np.array_equal(pixels["photo"], photo.pixels)
    assert np.array_equal(pixels["near"][..., 3] > 127, depth.values == 1)
    assert np.array_equal(pixels["near"][..., :3], photo.pixels)
    assert pixels["depth"].dtype.itemsize > 1
    assert np.abs(pixels["depth"] / 65535 - depth.values).max() < 2e-3
    assert np.abs(pixels["depth mask"][..., 3] / 255 - depth.values).max() < 5e-3
    with Image.open(io.BytesIO(archive.read(rows[1]["src"]))) as image:
        assert image.info["nearfar:kind"] == "relative_inverse"


def test_without_a_photo_depth_is_shown() -> None:
    """Two layers."""
    _, rows, _ = opened(nearfar.export("ora", scene()[1]))
    assert [(row["name"], row["visibility"]) for row in rows] == [
        ("depth", "visible"),
        ("depth mask", "visible"),
    ]


def test_16_bits_and_alpha_stay() -> None:
    """Of the photo."""
    photo = Photo(draw(64, 48).astype(np.uint16) * 257, np.full((48, 64), 30000, np.uint16))
    archive, rows, _ = opened(nearfar.export("ora", scene()[1], photo))
    header = archive.read(rows[-1]["src"])[16:33]
    assert (header[8], header[9]) == (16, 6)  # bits, RGBA


def test_the_same_input_gives_the_same_bytes() -> None:
    """No time of day is in the file."""
    assert nearfar.export("ora", scene()[1], scene()[0]) == nearfar.export("ora", scene()[1], scene()[0])


def test_another_photo_is_refused() -> None:
    """As by every format."""
    plugin = nearfar.registry.EXPORTS.load("ora")
    with pytest.raises(ParameterError, match="65×48"):
        plugin.write(Photo(draw(65, 48)), scene()[1], plugin.options())
