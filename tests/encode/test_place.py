"""No result tells where a photo was taken, unless it was asked for."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.encode.jpeg import picture_end, segments, with_xmp, xmp_of
from nearfar.encode.place import without_place
from nearfar.types import DepthMap
from pictures import draw, encoded, exif, taken

if TYPE_CHECKING:
    from pathlib import Path

PLACE = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,8.2N"'
    ' exif:FNumber="2"><exif:GPSLongitude>11,34.5E</exif:GPSLongitude></rdf:Description></rdf:RDF>'
    "</x:xmpmeta>"
)


def scan_of(data: bytes) -> bytes:
    """The bytes of the picture itself: from its first scan to its end."""
    return data[max(segment.end for segment in segments(data)) : picture_end(data)]


def gps_of(data: bytes) -> dict:
    """The GPS directory of a JPEG."""
    return dict(Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825))


def test_gps_is_empty_and_all_else_as_it_was() -> None:
    """The directory of the place has nothing in it; camera, date and picture are the same."""
    data = taken()
    assert gps_of(data)
    done = without_place(data)
    assert len(done) == len(data)
    assert gps_of(done) == {}
    before, after = (Image.open(io.BytesIO(each)).getexif() for each in (data, done))
    assert {t: v for t, v in before.items() if t != 0x8825} == {t: v for t, v in after.items() if t != 0x8825}
    assert before.get_ifd(0x8769) == after.get_ifd(0x8769)
    assert scan_of(done) == scan_of(data)


def test_nothing_changes_without_a_place() -> None:
    """A file that says no place stays as it is, byte by byte."""
    plain = encoded(draw(32, 24), "JPEG")
    for data in (plain, encoded(draw(32, 24), "JPEG", exif=exif({274: 6})), b"", b"abc"):
        assert without_place(data) == data


def test_place_in_xmp_is_blank() -> None:
    """Latitude and longitude in XMP go, as attributes and as elements; what stands beside them stays."""
    data = with_xmp(encoded(draw(32, 24), "JPEG"), PLACE)
    words = xmp_of(without_place(data))[0]
    assert "48,8.2N" not in words
    assert "11,34.5E" not in words
    assert 'exif:FNumber="2"' in words
    assert len(words) == len(PLACE)


@pytest.mark.parametrize("name", ["gdepth", "dynamic-depth"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_photos_that_carry_depth_tell_no_place(name: str, orientation: int) -> None:
    """A photo with its depth keeps its camera and its picture, and neither GPS nor the XMP of the place."""
    data = with_xmp(taken(orientation=orientation), PLACE)
    photo = nearfar.read(data)
    depth = DepthMap(np.ones(photo.pixels.shape[:2], np.float32), "metric")
    done = nearfar.export(name, depth, photo)
    assert gps_of(done) == {}
    assert b"48,8.2N" not in done
    assert Image.open(io.BytesIO(done)).getexif()[272] == "Model 5"
    assert scan_of(done) == scan_of(data)


@pytest.mark.parametrize(
    ("at", "value"), [(4, 2**32 - 1), (4, 0), (8, 65535), (10, 0x8825)], ids=["far", "none", "many", "loop"]
)
def test_lying_directories_stay_within_their_block(at: int, value: int) -> None:
    """Offsets and counts beyond the block change no byte outside of it."""
    data = bytearray(taken())
    start = data.index(b"Exif\0\0") + 6
    form = "I" if at == 4 else "H"
    order = "<" if data[start : start + 2] == b"II" else ">"
    struct.pack_into(order + form, data, start + at, value)
    (length,) = struct.unpack_from(">H", data, start - 8)
    done = without_place(bytes(data))
    end = start - 8 + length
    assert len(done) == len(data)
    assert done[:start] == data[:start]
    assert done[end:] == data[end:]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("keep", ["safe", "all", "none"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_what_results_keep(format: str, keep: str, suffix: str, tmp_path: Path) -> None:
    """GPS only where all is kept, camera and date unless none is; upright, and never the maker's note."""
    photo = nearfar.read(taken(format))
    ramp = np.linspace(1, 2, photo.pixels.size // 3, dtype=np.float32).reshape(photo.pixels.shape[:2])
    path = tmp_path / f"x{suffix}"
    nearfar.effect("fog", photo, DepthMap(ramp, "metric"), keep_metadata=keep).save(path)
    with Image.open(path) as image:
        found = image.getexif()
    details = found.get_ifd(0x8769)
    assert bool(found.get_ifd(0x8825)) == (keep == "all")
    assert (found.get(272) == "Model 5") == (keep != "none")
    assert (details.get(0x9003) == "2026:11:27 03:00:00") == (keep != "none")
    assert found.get(274, 1) == 1
    assert 0x927C not in details
