"""Masks as people have them: the pixels that are inside, whatever holds them."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageOps

from nearfar.decode.masks import Subject, read_masks
from nearfar.errors import BrokenImageError, ParameterError
from tiffs import Layout, tiff_of

INSIDE = np.zeros((30, 40), np.bool_)
INSIDE[5:12, 3:20] = True
ONES = INSIDE.astype(np.uint8)
WHITE = ONES * np.uint8(255)


def file_of(image: Image.Image, format: str, **how: object) -> bytes:
    """The bytes of an image file."""
    out = io.BytesIO()
    image.save(out, format, **how)
    return out.getvalue()


def coco(**document: object) -> bytes:
    """The bytes of COCO JSON."""
    return json.dumps(document).encode()


def runs_of(mask: np.ndarray) -> dict:
    """COCO's run lengths of a mask, down the columns."""
    flat = mask.T.ravel()
    ends = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *ends, flat.size]).tolist()
    return {"size": list(mask.shape), "counts": [0, *counts] if flat[0] else counts}


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.uint8, np.int8, np.uint16, np.int32, np.int64, np.uint64, "f2", "f4", "f8"]
)
@pytest.mark.parametrize("shape", [(30, 40), (1, 30, 40), (30, 40, 1), (1, 1, 30, 40)])
def test_arrays_of_every_type(dtype: type, shape: tuple[int, ...]) -> None:
    """Zeros and ones of any type and with any axes of one."""
    assert np.array_equal(read_masks(ONES.astype(dtype).reshape(shape)), INSIDE[None])


@pytest.mark.parametrize(
    "array",
    [
        WHITE,
        WHITE.astype(np.float32),
        np.dstack([WHITE] * 3),
        np.dstack([ONES] * 3),
        np.dstack([INSIDE] * 3),
        np.dstack([ONES] * 3).astype(np.float64),
        np.dstack([np.full_like(WHITE, 200), WHITE]),
        np.dstack([*[np.zeros_like(WHITE)] * 3, WHITE]),
    ],
    ids=["white", "float white", "colours", "0 and 1", "bool colours", "float colours", "grey+alpha", "rgba"],
)
def test_arrays_like_photos(array: np.ndarray) -> None:
    """Colours, truth values in colours and alpha say what is inside; none is taken for masks of columns."""
    assert np.array_equal(read_masks(array), INSIDE[None])


class Tensor:
    """As torch's: its array is had once it is detached and on the CPU."""

    def __init__(self, array: np.ndarray) -> None:
        self._array, self._is_ready = array, False

    def detach(self) -> Tensor:
        """Without its history."""
        return self

    def cpu(self) -> Tensor:
        """On the CPU."""
        self._is_ready = True
        return self

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        if not self._is_ready:
            raise RuntimeError("detach it first")
        return self._array


@pytest.mark.parametrize("array", [ONES, INSIDE[None, None], ONES / 1.0])
def test_tensors(array: np.ndarray) -> None:
    """A tensor is the array that it holds."""
    assert np.array_equal(read_masks(Tensor(array)), INSIDE[None])


def test_several_masks_in_one_array() -> None:
    """(N, H, W) are N objects."""
    assert np.array_equal(read_masks(np.stack([ONES, 1 - ONES])), np.stack([INSIDE, ~INSIDE]))


@pytest.mark.parametrize("array", [np.where(INSIDE, 1.0, np.nan), ONES * 0.5 + 1, -ONES.astype(float)])
def test_floats_that_are_no_mask(array: np.ndarray) -> None:
    """Floats that are neither shares nor labels are refused."""
    with pytest.raises(ParameterError, match="was expected"):
        read_masks(array)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16", "F", "CMYK", "YCbCr"])
def test_images_of_every_mode(mode: str) -> None:
    """A black and white image means the same in every mode, as an image and in the files that hold it."""
    image = Image.fromarray(WHITE).convert(mode)
    assert np.array_equal(read_masks(image), INSIDE[None])
    for format in ("PNG", "TIFF", "BMP", "GIF", "WEBP"):
        try:
            data = file_of(image, format, **({"lossless": True} if format == "WEBP" else {}))
        except (OSError, ValueError):
            continue  # a format that has no such mode
        assert np.array_equal(read_masks(data), INSIDE[None]), format


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_are_turned(orientation: int, format: str) -> None:
    """Bytes and an opened image are turned as their EXIF asks, in every format."""
    block = Image.Exif()
    block[274] = orientation
    how = {"lossless": True} if format == "WEBP" else {"quality": 95} if format == "JPEG" else {}
    data = file_of(Image.fromarray(WHITE), format, exif=block, **how)
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")) > 127
    assert np.array_equal(read_masks(data), wanted[None])
    assert np.array_equal(read_masks(Image.open(io.BytesIO(data))), wanted[None])


@pytest.mark.parametrize(
    ("places", "palette", "wanted"),
    [
        (ONES, [0, 0, 0, 255, 255, 255], INSIDE),
        (ONES * 3, [0, 0, 0] * 3 + [255, 255, 255], INSIDE),
        (ONES, [255, 255, 255, 0, 0, 0], ~INSIDE),
        (ONES, [0, 0, 0, 255, 0, 0], INSIDE),
        (ONES, [0, 0, 0, 128, 128, 128], INSIDE),
        (ONES * 0 + 1, [0, 0, 0, 255, 255, 255], np.ones_like(INSIDE)),
    ],
    ids=["black and white", "white later", "white first", "red label", "grey label", "all white"],
)
def test_palettes(places: np.ndarray, palette: list[int], wanted: np.ndarray) -> None:
    """White of a palette of black and white is inside, wherever it stands; else places are labels."""
    image = Image.fromarray(places, "P")
    image.putpalette(palette)
    assert np.array_equal(read_masks(file_of(image, "PNG")), wanted[None])
    assert np.array_equal(read_masks(image), wanted[None])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int32, np.float32])
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", True)])
def test_tiffs_of_labels(dtype: type, order: str, big: bool) -> None:
    """A TIFF of one number a pixel is labels in either order, BigTIFF too, thumbnail or not."""
    page = (ONES.astype(dtype), Layout(order, big))
    small = (ONES[::2, ::2].astype(dtype), Layout(order, big, tags=((254, "I", 1),)))
    assert np.array_equal(read_masks(tiff_of(page)), INSIDE[None])
    assert np.array_equal(read_masks(tiff_of(small, page)), INSIDE[None])


def test_tiff_of_planes() -> None:
    """A black and white picture of 16-bit planes is a mask."""
    deep = np.dstack([ONES.astype(np.uint16) * 65535] * 3)
    assert np.array_equal(read_masks(tiff_of((deep, Layout(">", planar=True)))), INSIDE[None])


def test_tiff_that_counts_from_white() -> None:
    """Where white is zero, what is stored as 0 is inside."""
    assert np.array_equal(read_masks(tiff_of((WHITE, Layout(photometric=0)))), ~INSIDE[None])


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_json_of_every_editor(start: bytes) -> None:
    """JSON may begin with the mark that editors of Windows put, or with blanks."""
    assert np.array_equal(read_masks(start + json.dumps(runs_of(INSIDE)).encode()), INSIDE[None])


@pytest.mark.parametrize(
    "row",
    [
        {"size": [30, 40], "counts": [5, 5]},
        {"size": [30, 40], "counts": [1200, 5]},
        {"size": [30, 40], "counts": [-5, 1205]},
        {"size": [30, 40], "counts": [2**70]},
        {"size": [30, 40], "counts": [600.5, 599.4]},
        {"size": [0, 0], "counts": []},
        {"size": [30], "counts": [1200]},
        {"size": [30, 40, 1], "counts": [1200]},
        {"size": None, "counts": None},
        {"size": [30, 40], "counts": "\x00zzz"},
        {"size": [30, 40], "counts": "o" * 400},
        {"segmentation": [[3, 5, 20, 5, 20, 12, 3]], "size": [30, 40]},
        {"segmentation": [[3, 5, 20, 5]]},
        {"segmentation": [["a", 5, 20, 5, 20, 12]]},
        {"segmentation": [[1e9, 1, 2, 3, 4, 5]]},
        {},
    ],
)
def test_lying_rows_are_damaged(row: dict) -> None:
    """Run lengths and polygons that cannot be are told as damage."""
    with pytest.raises(BrokenImageError):
        read_masks(coco(annotations=[row]))


IMAGES = [
    {"id": 7, "file_name": "d/B.JPG", "width": 40, "height": 30},
    {"id": 8, "file_name": "e/B.JPG", "width": 40, "height": 30},
    {"id": 9, "file_name": "C.JPG", "width": 40, "height": 30},
]
ROWS = [
    {"image_id": 7, "segmentation": runs_of(INSIDE)},
    {"image_id": 8, "segmentation": runs_of(~INSIDE)},
]


@pytest.mark.parametrize(
    ("photo", "wanted"),
    [
        ("d/B.JPG", INSIDE),
        ("/photos/e/B.JPG", ~INSIDE),
        ("D\\b.jpg", INSIDE),
        ("e/b.png", ~INSIDE),
    ],
)
@pytest.mark.parametrize("number", [int, str])
def test_image_by_the_most_of_its_path(photo: str, wanted: np.ndarray, number: type) -> None:
    """Of images of one name the folder decides, not case, slashes, suffix or text for numbers."""
    rows = [{**row, "image_id": number(row["image_id"])} for row in ROWS]
    found = read_masks(coco(images=IMAGES, annotations=rows), Subject(photo))
    assert np.array_equal(found, wanted[None])


@pytest.mark.parametrize("photo", ["", "B.JPG", "other.jpg", "C.JPG"])
def test_image_that_is_not_plain_is_asked_for(photo: str) -> None:
    """Without a name, with one of two, with none of them, or with one that has no masks: all are listed."""
    with pytest.raises(ParameterError, match=r"d/B\.JPG, e/B\.JPG"):
        read_masks(coco(images=IMAGES, annotations=ROWS), Subject(photo))


def test_masks_of_another_photo_are_not_taken() -> None:
    """A file with masks of one image gives none to the photo of another that it lists."""
    with pytest.raises(ParameterError, match=r"masks of 1 image \(d/B\.JPG\)"):
        read_masks(coco(images=IMAGES, annotations=ROWS[:1]), Subject("C.JPG"))
    assert np.array_equal(
        read_masks(coco(images=IMAGES[:1], annotations=ROWS[:1]), Subject("renamed.jpg")), INSIDE[None]
    )


def test_number_of_an_image_without_a_name() -> None:
    """COCO's own names are numbers with zeros before."""
    found = read_masks(coco(annotations=ROWS), Subject("000000000008.jpg"))
    assert np.array_equal(found, ~INSIDE[None])


@pytest.mark.parametrize(
    ("polygons", "wanted"),
    [
        ([[3, 5, 20, 5, 20, 12, 3, 12]], INSIDE),
        ([[3, 5, 20, 5, 20, 12, 3, 12], [3, 5, 4, 5, 4, 6]], INSIDE),
        ([[-10, -10, 50, -10, 50, 50, -10, 50]], np.ones_like(INSIDE)),
        ([[3.4, 4.6, 20.4, 4.6, 20.4, 12.4, 3.4, 12.4]], INSIDE),
    ],
)
def test_polygons(polygons: list, wanted: np.ndarray) -> None:
    """Pixels whose centres lie within are inside; what reaches beyond the picture is cut at its rim."""
    rows = [{"image_id": 7, "segmentation": polygons}]
    assert np.array_equal(read_masks(coco(images=IMAGES[:1], annotations=rows)), wanted[None])


@pytest.mark.parametrize("shape", [(1, 40), (40, 1)])
def test_rows_and_columns_stay_what_they_are(shape: tuple[int, int]) -> None:
    """A mask of one row is not taken for one of one column, as an array with a channel or as a TIFF."""
    row = (np.arange(40) % 7 < 3).astype(np.uint8).reshape(shape)
    assert np.array_equal(read_masks(row[..., None]), row[None] > 0)
    assert np.array_equal(read_masks(tiff_of((row, Layout()))), row[None] > 0)
