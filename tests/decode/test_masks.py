"""Masks are read as photos are: turned, from every source, and those of the photo that is meant."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.decode.masks import Subject, read_mask, read_masks
from nearfar.errors import BrokenImageError, EmptyInputError, ParameterError, SourceError
from pictures import encoded, exif
from tiffs import Layout, tiff_of

if TYPE_CHECKING:
    from pathlib import Path

MASK = np.zeros((6, 8), np.bool_)
MASK[1:4, 2:5] = True
RUNS = {"size": [6, 8], "counts": [13, 3, 3, 3, 3, 3, 20]}
OTHER = {"size": [6, 8], "counts": [0, 6, 42]}
SQUARE = [[2, 1, 5, 1, 5, 4, 2, 4]]


def coco(*rows: tuple[int, object], names: dict[int, str] | None = None, **image: int) -> bytes:
    """COCO JSON of (image, segmentation), with the records of the images where they have names."""
    annotations = [{"image_id": number, "segmentation": what} for number, what in rows]
    images = [{"id": number, "file_name": name, **image} for number, name in (names or {}).items()]
    return json.dumps({"images": images, "annotations": annotations}).encode()


def saved(image: Image.Image, **how: object) -> bytes:
    """The bytes of a PNG of a PIL image."""
    out = io.BytesIO()
    image.save(out, "PNG", **how)
    return out.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["L", "P", "RGB", "1", "I;16"])
def test_mask_is_turned_like_its_photo(mode: str, orientation: int) -> None:
    """A mask stored lying, as its photo is, is upright for every orientation and mode."""
    white = 1 if mode in {"P", "I;16"} else 255
    stored = MASK.astype(np.uint16 if mode == "I;16" else np.uint8) * white
    if mode == "I;16":
        image = Image.fromarray(stored)
    elif mode == "P":
        image = Image.fromarray(stored, "L").convert("P")
    else:
        image = Image.fromarray(stored).convert(mode)
    data = saved(image, exif=exif({274: orientation}))
    photo = nearfar.read(saved(Image.fromarray(MASK), exif=exif({274: orientation})))
    assert np.array_equal(read_masks(data)[0], photo.pixels[..., 0] > 127)


@pytest.mark.parametrize("palette", [[0, 0, 0, 255, 255, 255], [255, 255, 255, 0, 0, 0]])
def test_palette_of_black_and_white_is_a_mask(palette: list[int]) -> None:
    """White is inside, whichever entry it is."""
    white = palette.index(255) // 3
    image = Image.fromarray(np.where(MASK, white, 1 - white).astype(np.uint8), "L").copy()
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette(palette)
    assert np.array_equal(read_masks(saved(image)), MASK[None])


def test_palette_of_colours_is_labels() -> None:
    """Other palettes hold labels, as annotation tools write them."""
    labels = MASK.astype(np.uint8) + np.eye(6, 8, 6, dtype=np.uint8) * 2
    image = Image.frombytes("P", (8, 6), labels.tobytes())
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    assert len(read_masks(saved(image))) == 2


@pytest.mark.parametrize(
    "source",
    [
        MASK.astype(np.float32),
        MASK * 0.9,
        MASK[None].astype(np.uint8),
        MASK[..., None].astype(np.uint8) * 255,
        MASK[None].astype(np.float32),
        np.repeat(MASK[..., None], 3, axis=2).astype(np.uint8) * 255,
        np.dstack([np.zeros((6, 8, 3)), MASK]).astype(np.float32),
        Image.fromarray(MASK),
        Image.fromarray(MASK.astype(np.uint8) * 255).convert("RGB"),
        io.BytesIO(encoded(MASK.astype(np.uint8) * 255)),
        nearfar.Photo(np.repeat(MASK[..., None], 3, axis=2).astype(np.uint8) * 255),
        tiff_of((np.repeat(MASK[..., None], 3, axis=2).astype(np.uint16) * 65535, Layout(planar=True))),
    ],
)
def test_every_source_of_a_photo_holds_a_mask(source: object) -> None:
    """Floats, arrays with an axis more, colours, PIL images, open files, photos: one mask."""
    assert np.array_equal(read_masks(source), MASK[None])  # type: ignore[arg-type]


def test_masks_of_numbers_are_several() -> None:
    """(N, H, W) of numbers are N masks, as of bool."""
    assert np.array_equal(read_masks(np.stack([MASK, ~MASK]).astype(np.uint8)), np.stack([MASK, ~MASK]))


def test_floats_beyond_one_are_refused() -> None:
    """A heat map of floats is no mask."""
    with pytest.raises(ParameterError, match=r"0…1"):
        read_masks(MASK * 2.5)


def test_image_of_coco_is_chosen_by_its_name() -> None:
    """Of the masks of two images those of the photo are taken, wherever it lies."""
    data = coco((1, RUNS), (2, OTHER), names={1: "a.jpg", 2: "sub/b.jpg"})
    assert np.array_equal(read_masks(data, Subject("photos/a.jpg")), MASK[None])
    assert read_mask(data, Subject("C:\\x\\b.jpg"))[:, 0].all()


def test_image_of_coco_is_chosen_by_its_number() -> None:
    """Without names the photo is known by its number, as COCO calls its files."""
    data = json.dumps(
        [{"image_id": 139, "segmentation": RUNS}, {"image_id": 9, "segmentation": OTHER}]
    ).encode()
    assert np.array_equal(read_masks(data, Subject("000000000139.jpg")), MASK[None])


@pytest.mark.parametrize("photo", ["", "c.jpg"])
def test_several_images_of_coco_are_listed(photo: str) -> None:
    """Where none is meant, nothing is guessed and all are named."""
    data = coco((1, RUNS), (2, OTHER), names={1: "a.jpg", 2: "b.jpg"})
    with pytest.raises(ParameterError, match=r"a\.jpg, b\.jpg"):
        read_masks(data, Subject(photo))


def test_one_image_of_coco_needs_no_name() -> None:
    """Masks of one image alone are taken as they are."""
    assert len(read_masks(coco((5, RUNS), (5, OTHER), names={5: "a.jpg"}))) == 2


@pytest.mark.parametrize(
    "source", [coco((1, SQUARE), names={1: "a.jpg"}, width=8, height=6), coco((1, SQUARE))]
)
def test_polygon_covers_the_pixels_within(source: bytes) -> None:
    """A square from 2,1 to 5,4 is nine pixels, in a picture of the size that the file or the photo says."""
    assert np.array_equal(read_masks(source, Subject("a.jpg", (8, 6))), MASK[None])


def test_polygon_is_what_pillow_fills() -> None:
    """A star of many corners covers what a second filling covers, save its rim."""
    from PIL import ImageDraw

    turns = np.linspace(0, 2 * np.pi, 11)[:-1]
    radius = np.where(np.arange(10) % 2, 15, 38)
    points = np.stack([50 + radius * np.cos(turns), 40 + radius * np.sin(turns)], axis=1)
    found = read_masks(coco((1, [points.ravel().tolist()])), Subject(size=(100, 80)))[0]
    image = Image.new("L", (800, 640))
    ImageDraw.Draw(image).polygon([tuple(p * 8) for p in points], fill=255)
    share = np.asarray(image.resize((100, 80), Image.Resampling.BOX)) / 255
    assert found[share > 0.8].all()
    assert not found[share < 0.4].any()


def test_polygons_of_one_object_are_together() -> None:
    """An object in two parts is one mask of both."""
    two = [[0, 0, 2, 0, 2, 2, 0, 2], [6, 4, 8, 4, 8, 6, 6, 6]]
    found = read_masks(coco((1, two)), Subject(size=(8, 6)))
    assert (len(found), int(found.sum())) == (1, 8)


@pytest.mark.parametrize(
    "what", [[[0, 0, 1]], [[0, 0, 1, "x", 2, 2]], [[0, 0, 1e9, 0, 1, 1]], {"size": [9] * 2}]
)
def test_damaged_coco_is_told(what: object) -> None:
    """Polygons and runs that make no sense are one clear error."""
    with pytest.raises(BrokenImageError, match="no COCO masks"):
        read_masks(coco((1, what)))


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """No file, an empty one, something else."""
    with pytest.raises(SourceError):
        read_masks(tmp_path / "absent.png")
    with pytest.raises(EmptyInputError):
        read_masks(b"")
    with pytest.raises(ParameterError, match="int"):
        read_masks(5)  # type: ignore[arg-type]


def test_effect_takes_the_masks_of_its_photo(photo_jpeg: Path) -> None:
    """A file of masks of several photos gives each effect the one of its own."""
    left = [[0, 0, 64, 0, 64, 96, 0, 96]]
    right = [[64, 0, 128, 0, 128, 96, 64, 96]]
    data = coco((1, left), (2, right), names={1: photo_jpeg.name, 2: "b.jpg"}, width=128, height=96)
    depth = nearfar.DepthMap(np.ones((96, 128), np.float32), nearfar.DepthKind.METRIC)
    cut = nearfar.effect("cutout", photo_jpeg, depth, mask=data, refine=False)
    alpha = cut.pixels[..., 3]
    assert (alpha[:, :64] == 255).all()
    assert (alpha[:, 64:] == 0).all()
    found = nearfar.fuse(depth, data, photo="x/b.jpg").objects
    assert [thing.box[0] for thing in found] == [64]
