"""Hostile bytes: whatever they are, a photo or an error of our own comes out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfar.decode.photo import Limits, read_photo
from nearfar.errors import NearfarError
from pictures import draw, encoded, exif, png, profile, tiff

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
quick = settings(
    max_examples=700,
    deadline=None,
    derandomize=True,
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
    return (*files, (Path(__file__).parent.parent / "data" / "drawing.heic").read_bytes())


def decodes_or_refuses(data: bytes) -> None:
    """Nothing but a NearfarError may come out of a decoder that fails."""
    try:
        photo = read_photo(data, LIMITS)
    except NearfarError:
        return
    assert 1 <= photo.width * photo.height <= LIMITS.max_pixels


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
