"""The gate of pictures from outside: what a file claims is refused before a decoder is asked."""

from __future__ import annotations

import io
import json
import re
import struct
import time
import tracemalloc
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import nearfar
from nearfar.decode import _av1, _gate_exif
from nearfar.decode._gate import PICTURES, admit
from nearfar.decode._gate_jpeg import MOST_MARKERS, MOST_SCANS, _next_marker
from nearfar.decode.masks import Subject, read_mask, read_masks
from nearfar.decode.photo import Limits
from nearfar.errors import (
    BrokenImageError,
    InputError,
    ParameterError,
    TooLargeError,
    UnsupportedFormatError,
)
from pictures import encoded
from tiffs import Layout, tiff_of

if TYPE_CHECKING:
    from collections.abc import Iterator

GREY = np.full((16, 16, 3), 90, np.uint8)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\nshowpage\n"


@contextmanager
def little_memory(most: int = 64 * 2**20, seconds: float = 5.0) -> Iterator[None]:
    """Within, at most so many bytes are taken at once, and so many seconds of the processor."""
    tracemalloc.start()
    began = time.process_time()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
        assert time.process_time() - began < seconds
    finally:
        tracemalloc.stop()


def png_claiming(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of a few bytes that says it is so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = ((b"IHDR", head), *chunks, (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in rows
    )


def jpeg_with(before: bytes = b"", after: bytes = b"") -> bytes:
    """A small JPEG with bytes put behind its start, or before its end."""
    data = encoded(GREY, "JPEG")
    return data[:2] + before + data[2:-2] + after + data[-2:]


def bomb_of_directories(count: int) -> bytes:
    """A TIFF structure whose entries all point at the same bytes."""
    body = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", count)
    size = 10 + 12 * count + 4
    return body + b"".join(struct.pack(">HHII", 40_000 + i, 7, size - 8, 8) for i in range(count)) + b"\0" * 4


def scan_of(data: bytes) -> bytes:
    """The last scan of a progressive JPEG, from its marker to the end of the picture."""
    return data[data.rfind(b"\xff\xda") : -2]


def progressive(scans: int) -> bytes:
    """A progressive JPEG with the last scan again and again."""
    out = io.BytesIO()
    Image.fromarray(GREY).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    return data[:-2] + scan_of(data) * scans + data[-2:]


def large_tile() -> bytes:
    """A TIFF of 16×16 pixels in a tile of 26000×26000."""
    data = bytearray(tiff_of((GREY, Layout(tile=(16, 16)))))
    for tag in (322, 323):
        place = next(p for kind in (3, 4) if (p := data.find(struct.pack("<HH", tag, kind))) > 0)
        data[place : place + 12] = struct.pack("<HHII", tag, 4, 1, 26_000)
    return bytes(data)


def exif_segment() -> bytes:
    """A segment of a JPEG full of EXIF that unfolds."""
    body = b"Exif\0\0" + bomb_of_directories(4000)
    return b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body


def raw_profile() -> bytes:
    """The same as the text that ImageMagick puts into PNG."""
    text = b"\nexif\n1\n" + bomb_of_directories(4000).hex().encode()
    return b"Raw profile type exif\0\0" + zlib.compress(text)


def lying_over() -> bytes:
    """A TIFF structure of 200 directories of 4000 entries, each two bytes behind the one before."""
    head = b"MM\0*" + struct.pack(">IHHHII", 8, 1, 330, 4, 200, 26) + b"\0" * 4
    return head + struct.pack(">200I", *range(826, 1226, 2)) + b"\x0f\xa0" * 30_000


def jpeg_of_0xff(after: bytes, count: int) -> bytes:
    """A JPEG whose one scan is full of bytes that could begin a marker."""
    data = encoded(GREY, "JPEG")
    return data[:-2] + (b"\xff" + after) * count + data[-2:]


HOSTILE = {
    "profiles of a PNG": png_claiming(16, 16, *[(b"zTXt", raw_profile()[:60])] * 17),
    "blocks of EXIF of a PNG": png_claiming(16, 16, *[(b"eXIf", b"MM\0*\0\0\0\x08\0\0")] * 17),
    "EXIF behind EXIF that ends early": png_claiming(
        16, 16, (b"eXIf", b"MM\0*"), (b"eXIf", bomb_of_directories(4000))
    ),
    "blocks of EXIF of a WebP": b"RIFF\xff\xff\xff\0WEBP" + b"EXIF\x04\0\0\0MM\0*" * 17,
    "a narrow PNG": png_claiming(1, 1_000_000),
    "a large PNG": png_claiming(60_000, 60_000),
    "many PNG chunks": png_claiming(16, 16, *[(b"teSt", b"")] * 70_000),
    "EXIF of a PNG": png_claiming(16, 16, (b"eXIf", bomb_of_directories(4000))),
    "EXIF as text of a PNG": png_claiming(16, 16, (b"zTXt", raw_profile())),
    "a colour profile": png_claiming(16, 16, (b"iCCP", b"x\0\0" + b"\0" * (9 * 2**20))),
    "many JPEG markers": jpeg_with(b"\xff\xfe\0\2" * (MOST_MARKERS + 1)),
    "JPEG fill": jpeg_with(b"\xff" * 3_000_000),
    "JPEG restarts before a scan": jpeg_with(b"\xff\xd0" * (MOST_MARKERS + 1)),
    "JPEG scans": progressive(MOST_SCANS),
    "EXIF of a JPEG": jpeg_with(exif_segment()),
    "a large JPEG": encoded(GREY, "JPEG").replace(
        b"\xff\xc0\0\x11\x08\0\x10\0\x10", b"\xff\xc0\0\x11\x08\xff\xff\xff\xff"
    ),
    "a TIFF's large tile": large_tile(),
    "a TIFF's directories": bomb_of_directories(4000),
    "comments of a GIF": b"GIF89a\x10\0\x10\0\0\0\0" + b"!\xfe" + b"\1x" * 2_000_000 + b"\0;",
    "a large BMP": b"BM" + struct.pack("<IIIIiiHHI", 90, 0, 54, 40, 70_000, -70_000, 1, 24, 0) + b"\0" * 60,
    "a large JPEG XL": b"\xff\x0a" + (0 | 3 << 1 | (2**30 - 1) << 3 | 1 << 33).to_bytes(8, "little"),
    "a large PGM": b"P5 100000 100000 255\n" + b"\0" * 100,
}


@pytest.mark.parametrize("what", HOSTILE, ids=str)
def test_hostile_pictures_are_refused(what: str) -> None:
    """As photo and as mask, as too large, in little memory and time."""
    with little_memory():
        with pytest.raises(TooLargeError):
            nearfar.read(HOSTILE[what])
        with pytest.raises(TooLargeError):
            read_mask(HOSTILE[what])


def test_directories_that_lie_over_each_other_are_counted() -> None:
    """Sixty kilobytes stand for millions of entries, each of which points to hundreds of places."""
    with little_memory(), pytest.raises(TooLargeError, match="entries in all"):
        _gate_exif.check_exif(lying_over(), "a")


@pytest.mark.parametrize("what", ["a narrow PNG", "many JPEG markers", "JPEG scans", "a TIFF's large tile"])
def test_hostile_depth_files_are_refused(what: str) -> None:
    """The same gate."""
    with little_memory(), pytest.raises(TooLargeError):
        nearfar.read_depth(HOSTILE[what], kind="metric")


@pytest.mark.parametrize("data", [EPS, b"\x00\x00\x02\x00" + b"\0" * 100, b"SIMPLE  =", b"8BPS\0\1"], ids=str)
def test_other_formats_reach_no_decoder(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostScript would start Ghostscript: it is no picture, whatever it is sent as; Pillow is not asked."""
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("Pillow was asked"))
    for read in (nearfar.read, read_mask, lambda data: nearfar.read_depth(data, kind="metric")):
        with pytest.raises(UnsupportedFormatError):
            read(data)


def test_pillow_is_never_asked_for_the_format() -> None:
    """No reader calls Image.open, which tries every format that it knows."""
    from house_reading import SOURCE

    readers = [*(SOURCE / "nearfar" / "decode").glob("*.py")]
    assert [file.name for file in readers if "Image.open(" in file.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_usual_pictures_pass(kind: str) -> None:
    """What programs write comes through, with its format."""
    assert admit(encoded(GREY, kind), "it", Limits().check_pixels) == kind
    assert kind in PICTURES


def test_usual_progressive_pictures_pass() -> None:
    """Ten scans are what encoders write; 90 are odd, and still read."""
    assert nearfar.read(progressive(80)).width == 16


def test_scans_count_by_pixels() -> None:
    """A large picture may have fewer of them."""
    data = progressive(40).replace(b"\x08\0\x10\0\x10", b"\x08\x27\x10\x27\x10")
    with pytest.raises(TooLargeError, match=r"more than 20 scans.*100\.0 megapixels"):
        nearfar.read(data)


def test_layers_of_a_painting_program_are_passed_over() -> None:
    """A tag of many megabytes that no reader needs is no reason to refuse a TIFF, and is not kept."""
    layers = ((37_724, "U", b"\0" * (9 * 2**20)),)
    data = tiff_of((GREY, Layout(tags=layers)))
    with little_memory():
        assert nearfar.read(data).width == 16


def test_unfolding_is_told_with_its_numbers() -> None:
    """How much there would be, out of how much."""
    with pytest.raises(TooLargeError, match=r"unfold to \d+ MiB out of 0\.046 MiB"):
        _gate_exif.check_exif(b"Exif\0\0" + bomb_of_directories(4000), "it")


BOMB = {"size": [100_000, 60_000], "counts": [6_000_000_000]}


@pytest.mark.parametrize(
    "subject", [Subject(), Subject("a.jpg", (64, 48))], ids=["any photo", "a small photo"]
)
@pytest.mark.parametrize(
    "found",
    [
        BOMB,
        {"annotations": [{"segmentation": BOMB}]},
        [{"segmentation": [[0, 0, 999_999, 0, 999_999, 999_999]]}],
        {"size": [100_000, 60_000], "counts": "o" * 400},
        {"size": [9000, 9000], "counts": [2**62, 2**62, 2**62, 2**62 + 81_000_000]},
    ],
    ids=["runs", "an annotation", "a polygon", "text", "runs that wrap round"],
)
def test_run_lengths_fill_no_memory(found: object, subject: Subject) -> None:
    """A mask of 45 bytes stood for 9 GB."""
    if subject.size and isinstance(found, list):
        return  # drawn within the photo, as large as it is
    with little_memory(), pytest.raises(InputError, match=r"pixels|fill"):
        read_mask(json.dumps(found).encode(), subject)


def test_masks_of_another_size_are_refused_before_they_are_made() -> None:
    """The photo's size is known: the message has both."""
    mask = json.dumps({"size": [5000, 5000], "counts": [25_000_000]}).encode()
    with little_memory(2**20), pytest.raises(ParameterError, match="5000×5000, but the photo 64×48"):
        read_mask(mask, Subject("a.jpg", (64, 48)))


def test_pictures_as_masks_of_another_size_are_refused() -> None:
    """Before their pixels are unpacked."""
    mask = encoded(np.zeros((3000, 3000), np.uint8), "PNG")
    with little_memory(4 * 2**20), pytest.raises(ParameterError, match="3000×3000, but the photo 64×48"):
        read_mask(mask, Subject("a.jpg", (64, 48)))


def test_many_masks_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small texts of large masks: kept one beside the other, and made one after the other."""
    rows = [{"segmentation": {"size": [60, 60], "counts": [3000, 600]}}] * 100
    data = json.dumps(rows).encode()
    assert len(read_masks(data)) == 100
    monkeypatch.setattr("nearfar.decode.masks._MOST_BYTES", 90 * 3600)
    with pytest.raises(TooLargeError, match="pixels together"):
        read_masks(data)
    monkeypatch.setattr("nearfar.decode._coco._MOST_PIXELS", 80 * 3600)
    with pytest.raises(TooLargeError, match="at most"):
        read_mask(data)


@pytest.mark.parametrize(
    "data",
    [b"[" * 2_000_000, b"[" + b"[]," * 1_100_000 + b"[]]", b'{"a":' * 100_000],
    ids=["depth", "width", "objects"],
)
def test_json_of_many_parts_is_refused(data: bytes) -> None:
    """Lists within lists are neither a crash nor a gigabyte."""
    with little_memory(), pytest.raises((TooLargeError, BrokenImageError)):
        read_mask(data)


def test_many_large_polygons_are_refused() -> None:
    """Each polygon is drawn in a picture of its own, as large as it is."""
    row = {"segmentation": [[0.0, 0.0, 1000.0, 0.0, 1000.0, 1000.0]] * 2000}
    with little_memory(seconds=20), pytest.raises(TooLargeError, match="megapixels"):
        read_mask(json.dumps([row]).encode(), Subject("a", (1000, 1000)))


@pytest.mark.parametrize("after", [b"\0", b"\xd0"], ids=["stuffed", "restarts"])
def test_bytes_that_begin_no_marker_cost_little(after: bytes) -> None:
    """Forty megabytes of them take no longer than others, and no other thread waits for it."""
    data = jpeg_of_0xff(after, 20_000_000)
    began = time.thread_time()
    assert admit(data, "a", lambda *_: None) == "JPEG"
    assert time.thread_time() - began < 1


def test_markers_are_found_where_a_pattern_finds_them() -> None:
    """In random bytes, across the ends of what is looked at in one go."""
    rng = np.random.default_rng(3)
    data = rng.choice(np.array([0, 0xFF, 0xD3, 0x41], np.uint8), 5000, p=[0.85, 0.1, 0.04, 0.01]).tobytes()
    wanted = [found.start() for found in re.finditer(rb"\xff[^\x00\xff\xd3]", data)]
    found, at = [], 0
    while (at := _next_marker(data, at, (0, 0xFF, 0xD3), len(data))) >= 0:
        found.append(at)
        at += 2
    assert found == wanted
    assert wanted


def test_many_points_are_refused() -> None:
    """Each edge of a polygon is work."""
    row = {"segmentation": [[float(i % 900) for i in range(500_000)]]}
    with pytest.raises(TooLargeError, match="250,000"):
        read_mask(json.dumps([row]).encode(), Subject("a", (1000, 1000)))


def test_text_runs_are_those_of_numbers() -> None:
    """COCO's text, in groups of five bits with differences, stands for the same runs."""
    counts = [5, 7, 3, 40, 2, 3, 60]

    def text(numbers: list[int]) -> str:
        out = ""
        for place, number in enumerate(numbers):
            value = number - (numbers[place - 2] if place > 2 else 0)
            more = True
            while more:
                part = value & 31
                value >>= 5
                more = value != (-1 if part & 16 else 0)
                out += chr((part | (32 if more else 0)) + 48)
        return out

    as_text, as_numbers = (
        read_mask(json.dumps({"size": [12, 10], "counts": c}).encode()) for c in (text(counts), counts)
    )
    assert np.array_equal(as_text, as_numbers)


def npy_claiming(shape: tuple[int, ...]) -> bytes:
    """An array file of a few bytes that says it is so large."""
    words = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words + b"\0" * 64


@pytest.mark.parametrize("shape", [(10**5, 10**5), (20_000, 20_000), (10**9, 10**9, 10**9)], ids=str)
def test_arrays_hold_what_they_claim(shape: tuple[int, ...]) -> None:
    """As depth and as mask."""
    with little_memory():
        with pytest.raises((TooLargeError, BrokenImageError), match=r"claims"):
            nearfar.read_depth(npy_claiming(shape), kind="metric")
        with pytest.raises((TooLargeError, BrokenImageError), match=r"claims"):
            read_mask(npy_claiming(shape))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (24, 32",
        "{'descr': '" + "x" * 5_000 + "', 'fortran_order': False, 'shape': (24, 32), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5_000 + ",), }",
        "{'descr': 'M8[ns', 'fortran_order': 1, 'shape': (24, 32), }",
    ],
)
def test_headers_of_arrays_that_are_no_headers(text: str) -> None:
    """NumPy reads them as Python does; what its parser says of them is an error of ours."""
    data = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + b"\0" * 3072
    with pytest.raises(BrokenImageError):
        read_mask(data)


def test_archives_unpack_to_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros packed a thousandfold; together they are more than is read."""
    monkeypatch.setattr("nearfar.decode._depth_files._MOST_BYTES", 2**24)
    out = io.BytesIO()
    np.savez_compressed(out, **{f"depth{i}": np.zeros((1024, 1024), np.float32) for i in range(5)})
    with little_memory(2**22), pytest.raises(TooLargeError, match="unpacks to"):
        nearfar.read_depth(out.getvalue(), kind="metric")


def test_archives_of_many_arrays_are_refused() -> None:
    """By the record at the end, before the directory is read."""
    out = io.BytesIO()
    np.savez(out, **{f"a{i}": np.zeros(1) for i in range(200)})
    with pytest.raises(TooLargeError, match="200 arrays"):
        nearfar.read_depth(out.getvalue(), kind="metric")


def exr_claiming(width: int, height: int, **more: bytes) -> bytes:
    """The header of an EXR file."""

    def attribute(name: str, kind: str, body: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(body)) + body

    channels = b"Z\0" + struct.pack("<IIII", 2, 0, 1, 1) + b"\0"
    head = b"\x76\x2f\x31\x01" + struct.pack("<I", 2)
    head += attribute("channels", "chlist", channels) + attribute("compression", "compression", b"\3")
    head += attribute("dataWindow", "box2i", struct.pack("<iiii", 0, 0, width - 1, height - 1))
    for name, body in more.items():
        head += attribute(name, "tiledesc", body)
    return head + b"\0" + b"\0" * 64


TILE = struct.pack("<II", 26_000, 26_000) + b"\0"


@pytest.mark.parametrize(
    "data",
    [exr_claiming(10**6, 10**6), exr_claiming(60_000, 60_000), exr_claiming(16, 16, tiles=TILE)],
    ids=["long", "large", "a tile"],
)
def test_exr_headers_are_held_against_the_limits(data: bytes) -> None:
    """Before the library decodes all channels."""
    with little_memory(), pytest.raises(TooLargeError):
        nearfar.read_depth(data, kind="metric")


def test_text_pictures_take_little_memory() -> None:
    """A million numbers as text are not a million words at once."""
    data = b"P2 1000 1000 255\n" + b"7 " * 1_000_000
    with little_memory(40 * 2**20):
        assert nearfar.read(data).pixels[0, 0, 0] == 7


def test_text_pictures_that_end_early_take_none() -> None:
    """A hundred megapixels are claimed, three numbers come."""
    with little_memory(2**20), pytest.raises(BrokenImageError, match="ends before"):
        nearfar.read(b"P3 10000 10000 255\n1 2 3\n")


def avif(side: int, claimed: int) -> bytes:
    """A plain AVIF picture whose box says another size."""
    out = io.BytesIO()
    Image.new("RGB", (side, side), (90, 90, 90)).save(out, "AVIF", speed=10, quality=10)
    return out.getvalue().replace(struct.pack(">II", side, side), struct.pack(">II", claimed, claimed))


def test_avif_streams_hold_what_their_boxes_say() -> None:
    """A box of 16×16 pixels before a stream of 1500×1500: libraries make room for the stream's."""
    data = avif(1500, 16)
    with little_memory(), pytest.raises(TooLargeError, match="claims 16×16 pixels and holds 1500×1500"):
        nearfar.read(data)
    assert nearfar.read(avif(96, 96)).width == 96


SIZE = " 0111 0111 01100011 01000111"  # eight bits each for 100 and 72
TIMED = "000 0 0 1" + " 0" * 64 + " 0 1 00100" + " 0" * 42 + " 1 00001"
POINT = " 0" * 12 + " 00010 1" + " 0" * 11 + " 1 0000"


@pytest.mark.parametrize(
    "header",
    [
        f"000 1 1 00001 {SIZE}",
        f"000 0 0 0 0 00000 000000000000 00100 {SIZE}",
        f"000 0 0 0 0 00000 000000000000 01000 1 {SIZE}",
        f"{TIMED} {POINT} {POINT} {SIZE}",
    ],
    ids=["short", "plain", "with a tier", "with a model of the decoder"],
)
def test_sequence_headers_of_av1(header: str) -> None:
    """Of still pictures and of films, with all that may stand before the size."""
    bits = header.replace(" ", "")
    count = -(-len(bits) // 8)
    body = int(bits.ljust(8 * count, "0"), 2).to_bytes(count, "big")
    stream = b"\x12\0" + bytes([0x0A, len(body)]) + body
    assert list(_av1.sizes(stream)) == [(100, 72)]
    assert list(_av1.sizes(stream[:3])) == [(1, 1)]
