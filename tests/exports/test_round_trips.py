"""Depth that goes into a photo comes out of it within one step, whatever map and photo."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import nearfar
from nearfar.encode.jpeg import with_xmp
from nearfar.errors import BrokenImageError
from nearfar.types import Camera, DepthKind, DepthMap, Photo
from pictures import draw, encoded, exif

WIDTH, HEIGHT = 64, 48
PIXELS = draw(WIDTH, HEIGHT)
JPEG = encoded(PIXELS, "JPEG", quality=95)
RAMP = np.tile(np.linspace(1, 9, WIDTH, dtype=np.float32), (HEIGHT, 1))
WIDE = np.tile(np.geomspace(1e-3, 1e6, WIDTH).astype(np.float32), (HEIGHT, 1))
MAPS = {
    "metric": DepthMap(RAMP, DepthKind.METRIC),
    "relative": DepthMap(RAMP, DepthKind.RELATIVE_INVERSE),
    "affine": DepthMap(RAMP - 5, DepthKind.AFFINE_DEPTH),
    "holes": DepthMap(RAMP, DepthKind.METRIC, RAMP > 3),
    "flat": DepthMap(RAMP * 0 + 3, DepthKind.METRIC),
    "flat relative": DepthMap(RAMP * 0 + 3, DepthKind.RELATIVE_INVERSE),
    "far": DepthMap(RAMP * 1e6, DepthKind.METRIC),
    "tiny": DepthMap(RAMP * np.float32(1e-6), DepthKind.METRIC),
    "wide": DepthMap(WIDE, DepthKind.METRIC),
    "camera": DepthMap(RAMP, DepthKind.METRIC, None, Camera(50, 51, 30, 22)),
}
FORMATS = ("gdepth", "dynamic-depth")


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("format", FORMATS)
def test_round_trip(format: str, name: str, bits: int) -> None:
    """Kind, holes, camera and every value come back, within one step of inverse metres or of the range."""
    depth = MAPS[name]
    found = nearfar.read_depth(nearfar.export(format, depth, nearfar.read(JPEG), bits=bits))
    assert (found.kind, found.camera) == (depth.kind, depth.camera)
    valid = np.ones(RAMP.shape, bool) if depth.valid is None else depth.valid
    assert np.array_equal(valid, np.ones(RAMP.shape, bool) if found.valid is None else found.valid)
    of = (
        (lambda it: 1 / it.astype(float)) if depth.kind is DepthKind.METRIC else (lambda it: it.astype(float))
    )
    before, after = of(depth.values[valid]), of(found.values[valid])
    step = max(np.ptp(before), 1e-6 * np.abs(before).max()) / (2**bits - 1)
    assert np.abs(after - before).max() <= step


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", FORMATS)
def test_round_trip_of_a_lying_photo(format: str, orientation: int) -> None:
    """Depth is upright as the photo is, however the file stores both."""
    photo = nearfar.read(encoded(PIXELS, "JPEG", exif=exif({274: orientation})))
    rows, columns = np.mgrid[0 : photo.height, 0 : photo.width]
    values = (1 + rows * 0.1 + columns * 0.3).astype(np.float32)
    data = nearfar.export(format, DepthMap(values, DepthKind.RELATIVE_INVERSE), photo)
    found = nearfar.read_depth(data)
    assert found.values.shape == values.shape
    assert np.abs(found.values - values).max() <= np.ptp(values) / 255
    assert np.array_equal(nearfar.read(data).pixels, photo.pixels)


@pytest.mark.parametrize("first", FORMATS)
@pytest.mark.parametrize("second", FORMATS)
def test_depth_that_is_there_is_replaced(first: str, second: str) -> None:
    """A photo that carries depth already carries the new one afterwards."""
    once = nearfar.export(first, MAPS["metric"], nearfar.read(JPEG))
    again = nearfar.export(second, DepthMap(RAMP * 2, DepthKind.METRIC), nearfar.read(once))
    assert nearfar.read_depth(again).value_range == pytest.approx((2, 18), rel=1e-5)


@pytest.mark.parametrize("format", FORMATS)
def test_photo_that_is_no_jpeg(format: str) -> None:
    """A photo with alpha becomes a JPEG that carries its depth."""
    photo = Photo(PIXELS, np.full((HEIGHT, WIDTH), 255, np.uint8))
    data = nearfar.export(format, MAPS["metric"], photo)
    assert data.startswith(b"\xff\xd8\xff")
    assert nearfar.read_depth(data).value_range == pytest.approx((1, 9), rel=1e-5)


def test_bytes_behind_the_items() -> None:
    """What another program put behind the items of Dynamic Depth hides them not."""
    data = nearfar.export("dynamic-depth", MAPS["holes"], nearfar.read(JPEG)) + b"trailer" * 40
    found = nearfar.read_depth(data)
    assert np.array_equal(found.valid, RAMP > 3)
    assert found.value_range == pytest.approx(MAPS["holes"].value_range, rel=1e-5)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.999])
def test_cut_items_are_damaged(share: float) -> None:
    """A file that ends within its items is told, and its photo is read where that is whole."""
    data = nearfar.export("dynamic-depth", MAPS["metric"], nearfar.read(JPEG))
    with pytest.raises(BrokenImageError):
        nearfar.read_depth(data[: int(len(data) * share)])


STEPS = np.tile(np.arange(WIDTH, dtype=np.uint8) * 4, (HEIGHT, 1))
GREY = base64.b64encode(encoded(STEPS)).decode()
SPACE = 'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/"'
ROWS = {"Format": "RangeInverse", "Near": "0.5", "Far": "8", "Units": "m", "Data": GREY}


def of_words(description: str, before: str = "") -> bytes:
    """The JPEG with a description in its XMP."""
    head = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    return with_xmp(JPEG, f"{before}{head}{description}</rdf:RDF></x:xmpmeta>")


def attributes(**changed: str) -> str:
    """A description with the rows as attributes; an empty one is left out."""
    rows = " ".join(f'GDepth:{name}="{value}"' for name, value in (ROWS | changed).items() if value)
    return f'<rdf:Description rdf:about="" {SPACE} {rows}/>'


ELEMENTS = "".join(f"<GDepth:{name}>{value}</GDepth:{name}>" for name, value in ROWS.items())
FOLDED = "\n".join(GREY[i : i + 60] for i in range(0, len(GREY), 60))


@pytest.mark.parametrize(
    "data",
    [
        of_words(attributes()),
        of_words(attributes().replace("GDepth", "gd")),
        of_words(attributes().replace('"', "'")),
        of_words(attributes(Data=FOLDED)),
        of_words(f"<rdf:Description {SPACE}>{ELEMENTS}</rdf:Description>"),
        of_words("<rdf:Description>" * 2000 + attributes()),
        of_words(attributes(), '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>'),
    ],
    ids=["attributes", "another prefix", "single quotes", "folded", "elements", "nested", "entities"],
)
def test_words_however_they_are_written(data: bytes) -> None:
    """Prefixes, quotes, line breaks, elements and nesting change nothing; entities are not expanded."""
    depth = nearfar.read_depth(data)
    assert depth.kind is DepthKind.METRIC
    assert depth.values == pytest.approx(4 / (8 - STEPS / 255 * 7.5), rel=1e-5)


@pytest.mark.parametrize(
    "changed",
    [
        {"Near": "0"}, {"Near": "-1"}, {"Near": "nan"}, {"Near": ""}, {"Near": "0,5"}, {"Far": "inf"},
        {"Far": "0"}, {"Data": GREY[:101]}, {"Data": "AAAA"}, {"Data": GREY[: len(GREY) // 2 // 4 * 4]},
    ],
    ids=lambda changed: " ".join(f"{name}={value[:4]}" for name, value in changed.items()),
)  # fmt: skip
def test_words_that_make_no_sense(changed: dict) -> None:
    """Ranges that cannot be and pictures that are none are damage of the depth; the photo is still read."""
    data = of_words(attributes(**changed))
    with pytest.raises(BrokenImageError, match="GDepth"):
        nearfar.read_depth(data)
    assert nearfar.read(data).pixels.shape == PIXELS.shape
