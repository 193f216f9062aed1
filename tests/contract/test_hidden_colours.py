"""What transparent pixels hide shows nowhere: not in effects, not in points and meshes."""

from __future__ import annotations

import io
import json
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

import nearfar
from nearfar.ops.reduce import reduced_photo
from nearfar.registry import EFFECTS
from nearfar.types import DepthKind, DepthMap, Photo, Picture, Provenance
from pictures import draw

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 64, 48
PICTURES = [
    name
    for name in EFFECTS.names()
    if EFFECTS.load(name).needs_photo and ".png" in EFFECTS.load(name).suffixes
]
OPTIONS = {"cutout": {"background": "blur"}, "bokeh": {"strength": 6.0}}


def a_cutout(hidden: int | None, kind: type = np.uint8) -> Photo:
    """A disc of drawn colours with a soft rim; around it all is transparent and hides a colour, or noise."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    alpha = np.clip((20 - np.hypot(x - 32, y - 24)) * 60, 0, 255).astype(np.uint8)
    pixels = draw(WIDTH, HEIGHT)
    noise = np.random.default_rng(5).integers(0, 256, pixels.shape, np.uint8)
    pixels[alpha == 0] = noise[alpha == 0] if hidden is None else hidden
    scale = 1 if kind is np.uint8 else 257
    return Photo(pixels.astype(kind) * scale, alpha.astype(kind) * scale)


def a_depth() -> DepthMap:
    """The disc is near, what is around it far; a network saw half of the photo's size."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    near = (np.hypot(x - 32, y - 24) < 14).astype(np.float32) * 3 + x.astype(np.float32) / WIDTH
    return DepthMap(near, DepthKind.RELATIVE_INVERSE, provenance=Provenance("test", "", (32, 24)))


def over_grey(picture: Picture) -> np.ndarray:
    """What is seen of a picture over grey, as floats in 0…255."""
    top = np.iinfo(picture.pixels.dtype).max
    pixels = picture.pixels.astype(np.float64) * 255 / top
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:] / 255
    return pixels[..., :3] * alpha + 128 * (1 - alpha)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", PICTURES)
def test_hidden_colours_change_nothing_that_is_seen(name: str, kind: type) -> None:
    """White, black or noise under the transparent pixels: the same is seen."""
    seen = [
        over_grey(nearfar.effect(name, a_cutout(hidden, kind), a_depth(), **OPTIONS.get(name, {})))
        for hidden in (255, 0, None)
    ]
    assert np.abs(seen[0] - seen[1]).max() <= 1
    assert np.abs(seen[0] - seen[2]).max() <= 1


@pytest.mark.parametrize(("name", "options"), [("bokeh", {"strength": 6.0, "highlights": 0}), ("stereo", {})])
def test_one_colour_stays_one_colour(name: str, options: dict) -> None:
    """A disc of one colour before hidden white is that colour wherever anything of it is seen."""
    photo = a_cutout(255)
    pixels = photo.pixels.copy()
    pixels[photo.alpha > 0] = (90, 120, 60)
    done = nearfar.effect(name, Photo(pixels, photo.alpha), a_depth(), **options)
    seen = done.pixels[done.pixels[..., 3] > 8][:, :3].astype(int)
    assert np.abs(seen - (90, 120, 60)).max() <= 2


def test_smaller_copy_hides_them_too() -> None:
    """A photo made smaller mixes nothing of what it hides into its rim."""
    small = [reduced_photo(a_cutout(hidden), 32) for hidden in (255, 0)]
    alpha = small[0].alpha[..., None] / 255
    assert np.abs((small[0].pixels.astype(float) - small[1].pixels) * alpha).max() <= 1


def test_points_are_those_that_are_seen() -> None:
    """A point cloud has a point for each pixel of half alpha or more, in its own colour."""
    photo = a_cutout(255)
    data = nearfar.export("ply", a_depth(), photo)
    count = int(data.split(b"element vertex ")[1].split(b"\n")[0])
    body = np.frombuffer(data.split(b"end_header\n", 1)[1], np.dtype([("at", "<f4", 6), ("rgb", "u1", 3)]))
    assert count == len(body) == np.count_nonzero(photo.alpha >= 128)
    assert not (body["rgb"] == 255).all(axis=1).any()


def corners_of(data: bytes) -> np.ndarray:
    """(N, 2) (column, row) of the corners of a GLB's triangles."""
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    binary = data[20 + length + 8 :]
    views = document["bufferViews"]
    uv = np.frombuffer(binary, "<u2", views[2]["byteLength"] // 2, views[2]["byteOffset"]).reshape(-1, 2)
    return uv / 65535 * (WIDTH, HEIGHT)


def test_faces_are_those_that_are_seen() -> None:
    """No corner of a mesh lies on a transparent pixel, and its texture holds nothing hidden."""
    from PIL import Image

    photo = a_cutout(255)
    data = nearfar.export("glb", a_depth(), photo)
    column, row = np.floor(corners_of(data)).astype(int).T
    assert (photo.alpha[row, column] >= 128).all()
    texture = np.asarray(Image.open(io.BytesIO(data[data.index(b"\xff\xd8\xff") :])))
    assert texture.min(axis=2).max() < 250
    lines = nearfar.export("obj", a_depth(), photo).decode().splitlines()
    uv = np.array([line.split()[1:] for line in lines if line.startswith("vt ")], float)
    places = np.floor(uv * (WIDTH, -HEIGHT) + (0, HEIGHT)).astype(int)
    assert (photo.alpha[places[:, 1], places[:, 0]] >= 128).all()


def test_case_of_hidden_white(shared: Path) -> None:
    """The cut-out of a user: no white around its bokeh, none among its points."""
    path = shared / "cases" / "cutout-hidden-white.png"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    photo = nearfar.read(path)
    black = photo.pixels.copy()
    black[photo.alpha == 0] = 0
    y, x = np.mgrid[0 : photo.height, 0 : photo.width].astype(np.float32)
    depth = DepthMap(y + x * np.float32(0.1), DepthKind.RELATIVE_INVERSE)
    both = [
        over_grey(nearfar.effect("bokeh", Photo(pixels, photo.alpha), depth, strength=5.0))
        for pixels in (photo.pixels, black)
    ]
    assert np.abs(both[0] - both[1]).max() <= 1
    head = nearfar.export("ply", depth, photo).split(b"end_header")[0]
    assert f"element vertex {np.count_nonzero(photo.alpha >= 128)}\n".encode() in head
