"""Hostile bytes: whatever they are, a photo or an error of our own comes out.

2,000 inputs in ``make test``, always the same; ``make fuzz`` sets NEARFAR_LAB_FUZZ: 20,000, others each time.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nearfar
from carriers import XMP_OF_DEPTH, apple, mpf
from heifs import DATA, Item, as_auxiliary, coded, heic, words
from nearfar.decode.photo import Limits, read_photo
from nearfar.errors import NearfarError
from pictures import draw, encoded, exif, png, profile, tiff
from tiffs import Layout, tiff_of

LIMITS = Limits(max_pixels=1_000_000)
SIGNATURES = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"BM",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"RIFF\0\1\0\0WEBPVP8X",
    b"RIFF\0\1\0\0WEBPVP8L",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
]
IS_LONG = "NEARFAR_LAB_FUZZ" in os.environ
INPUTS = 20_000 if IS_LONG else 2_000
GROWTH = 20_000_000
SEEN: Counter[str] = Counter()
"""How the inputs so far ended."""
STATM = Path("/proc/self/statm")
quick = settings(
    max_examples=INPUTS // 4 + 1,
    deadline=None,
    derandomize=not IS_LONG,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@cache
def real_files() -> tuple[bytes, ...]:
    """One small file of each kind, with EXIF and a profile where the format has them."""
    drawing = draw(32, 24)
    deep = drawing.astype(np.uint16) * 257
    how = {"exif": exif({274: 6}, FocalLengthIn35mmFilm=28), "icc_profile": profile(2.2)}
    files = [encoded(drawing, format) for format in ("BMP", "GIF", "TIFF", "WEBP")]
    files += [encoded(drawing, format, **how) for format in ("JPEG", "PNG", "AVIF")]
    files += [png(deep, 2, 16), tiff(deep), encoded(drawing, "TIFF", compression="tiff_lzw")]
    files += [tiff_of((deep, Layout(">", planar=True, rows=7, compression=5, predictor=2)))]
    files += [tiff_of((drawing[::2, ::2], Layout(big=True)), (drawing, Layout(big=True, tile=(16, 16))))]
    files += [tiff_of(((drawing / 255).astype(np.float32), Layout(compression=8, predictor=3)))]
    files += [b"P6 32 24 65535\n" + deep.astype(">u2").tobytes()]
    return (*files, *photos_with_depth(), (DATA / "drawing.heic").read_bytes())


@cache
def photos_with_depth() -> tuple[bytes, ...]:
    """Photos that carry depth: XMP, pictures behind a JPEG, MPF, auxiliary items and pairs of a HEIC."""
    values = np.linspace(1, 5, 32 * 24, dtype=np.float32).reshape(24, 32)
    valid = values > 1.5
    depth = nearfar.DepthMap(values, "metric", valid)
    photo = encoded(draw(32, 24), "JPEG")
    drawn = coded("drawing.heic")
    second = Item(2, drawn.kind, drawn.body, drawn.properties)
    return (
        nearfar.export("gdepth", depth, photo),
        nearfar.export("dynamic-depth", depth, photo),
        mpf(apple("disparity")),
        heic(drawn, as_auxiliary(drawn, 2, 1), words(3, 2, XMP_OF_DEPTH)),
        heic(drawn, second, groups=((b"ster", (1, 2)),)),
    )


def decodes_or_refuses(data: bytes) -> None:
    """Nothing but a NearfarError may come out of a decoder that fails."""
    try:
        photo = read_photo(data, LIMITS)
    except NearfarError:
        SEEN["refusal"] += 1
        return
    SEEN["photo"] += 1
    carries_depth_or_refuses(data)
    assert 1 <= photo.width * photo.height <= LIMITS.max_pixels


def carries_depth_or_refuses(data: bytes) -> None:
    """Depth within a photo and depth files are read, or refused by a NearfarError."""
    try:
        depth = nearfar.read_depth(data, kind="relative_inverse")
    except NearfarError:
        return
    SEEN["depth"] += 1
    assert depth.values.size <= 200_000_000


@quick
@given(st.data())
def test_depth_in_photos_with_damage(data: st.DataObject) -> None:
    """TIFF tags, XMP segments, MPF and HEIC boxes with some bytes changed: depth, or an error of our own."""
    files = (*photos_with_depth(), *depth_files())
    file = bytearray(data.draw(st.sampled_from(files)))
    place = st.integers(0, min(900, len(file) - 1)) | st.integers(0, len(file) - 1)
    values = st.integers(0, 255)
    for at, value in data.draw(st.lists(st.tuples(place, values), min_size=1, max_size=6)):
        file[at] = value
    whole = bytes(file[: data.draw(st.integers(len(file) // 2, len(file)))])
    carries_depth_or_refuses(whole)
    decodes_or_refuses(whole)


@cache
def depth_files() -> tuple[bytes, ...]:
    """Depth files of several makes."""
    values = np.linspace(1, 5, 32 * 24, dtype=np.float32).reshape(24, 32)
    depth = nearfar.DepthMap(values, "metric")
    own = [nearfar.export(name, depth) for name in ("tiff", "npz", "pfm", "png16")]
    foreign = tiff_of(
        (values[..., None].astype(np.float64), Layout(">", big=True, tags=((42113, "s", "3"),)))
    )
    return (*own, foreign)


@quick
@given(st.sampled_from(SIGNATURES), st.binary(max_size=300))
def test_random_bytes_behind_a_signature(signature: bytes, rest: bytes) -> None:
    """Noise that begins like a picture."""
    decodes_or_refuses(signature + rest)


@quick
@given(st.data())
def test_real_files_with_damage(data: st.DataObject) -> None:
    """Real files with some bytes changed, most often in their headers."""
    file = bytearray(data.draw(st.sampled_from(real_files())))
    place = st.integers(0, min(400, len(file) - 1)) | st.integers(0, len(file) - 1)
    for at, value in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=6)):
        file[at] = value
    decodes_or_refuses(bytes(file[: data.draw(st.integers(len(file) // 2, len(file)))]))


@quick
@given(st.data())
def test_real_files_cut_and_joined(data: st.DataObject) -> None:
    """Pieces of real files taken out, doubled, or put into another file; lengths set to their extremes."""
    file = bytearray(data.draw(st.sampled_from(real_files())))
    for kind in data.draw(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=4)):
        start = data.draw(st.integers(0, max(0, len(file) - 1)))
        end = min(len(file), start + data.draw(st.integers(1, 64)))
        file = CHANGES[kind](Piece(file, start, end, data.draw(st.sampled_from(real_files()))))
    decodes_or_refuses(bytes(file))


class Piece(NamedTuple):
    """A part of a file, and another file."""

    file: bytearray
    start: int
    end: int
    other: bytes


CHANGES = {
    "remove": lambda p: p.file[: p.start] + p.file[p.end :],
    "double": lambda p: p.file[: p.end] + p.file[p.start :],
    "zero": lambda p: p.file[: p.start] + bytes(p.end - p.start) + p.file[p.end :],
    "extreme": lambda p: p.file[: p.start] + b"\xff\xff\xff\xff" + p.file[p.start + 4 :],
    "splice": lambda p: p.file[: p.start] + p.other[p.start :],
    "insert": lambda p: p.file[: p.start] + p.other[p.start : p.end] + p.file[p.start :],
}
"""Ways to change a file, by name."""


@pytest.mark.skipif(not STATM.exists(), reason="memory is read as Linux tells it")
def test_memory_stays(note_figure) -> None:
    """Damaged files leave nothing behind: the same ones over and over do not make the process grow."""
    seen = SEEN.copy()
    files = [file[: len(file) * part // 8] for file in real_files() for part in range(1, 9)]
    for file in files * 3:
        decodes_or_refuses(file)
    before = _rss_bytes()
    for file in files * (60 if IS_LONG else 6):
        decodes_or_refuses(file)
    grown = _rss_bytes() - before
    if IS_LONG:
        result = f"{seen.total():,}: {seen['photo']:,} still photos, {seen['refusal']:,} refused"
        note_figure("fuzz", "damaged pictures", result, "20,000, no crash")
        what = f"memory over {len(files) * 60:,} more of them"
        note_figure("fuzz", what, f"{grown / 1e6:+.1f} MB", "under +20 MB", grown < GROWTH)
    assert grown < GROWTH


def _rss_bytes() -> int:
    return int(STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
