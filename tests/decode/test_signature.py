"""What a file's first bytes say."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nearfar.decode._signature import claimed_size, format_of, jpeg_fault
from pictures import encoded

if TYPE_CHECKING:
    import numpy as np

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"])
def test_format_of_what_pillow_writes(drawing: np.ndarray, format: str) -> None:
    """Each format is known by its first bytes."""
    assert format_of(encoded(drawing, format)) == format


def test_format_of_heic() -> None:
    """A HEIC is known by its brand."""
    assert format_of((DATA / "drawing.heic").read_bytes()) == "HEIF"


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"\0\0\0\x18ftypmp42\0\0\0\0isom", b"<svg/>", b"RIFF\0\0\0\0WAVE"]
)
def test_other_formats_are_not_known(data: bytes) -> None:
    """A film, a document, a sound are no pictures."""
    assert format_of(data) == ""


@pytest.mark.parametrize(
    ("format", "how"),
    [("PNG", {}), ("GIF", {}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("WEBP", {"exif": b"Exif\0\0x"})],
)
def test_claimed_size(drawing: np.ndarray, format: str, how: dict[str, object]) -> None:
    """The size in the header is the picture's."""
    assert claimed_size(encoded(drawing, format, **how), format) == (128, 96)


def test_claimed_size_of_a_gif_is_that_of_its_larger_frame() -> None:
    """A frame that hangs over the screen of its GIF counts; blocks before it are stepped over."""
    screen = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + bytes(6)
    comment = b"!\xfe\x05hello\0"
    frame = b"," + struct.pack("<HHHHB", 4, 4, 100, 50, 0)
    assert claimed_size(screen + comment + frame, "GIF") == (104, 54)


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP", "JPEG"])
def test_header_that_ends_early_claims_nothing_and_raises_nothing(drawing: np.ndarray, format: str) -> None:
    """The decoder is left to say what is missing."""
    data = encoded(drawing, format)
    for end in range(12, 40):
        claimed_size(data[:end], format)
    assert claimed_size(data[:8], "PNG") is None


@pytest.mark.parametrize(
    ("marker", "bits", "fault"),
    [(0xC0, 8, ""), (0xC2, 8, ""), (0xC1, 12, "12 bits"), (0xC3, 8, "without loss"), (0xC5, 8, "in steps")],
)
def test_jpeg_that_is_not_plain_is_named(marker: int, bits: int, fault: str) -> None:
    """The first frame of a JPEG says whether plain decoders read it."""
    table = b"\xff\xc4\x00\x05abc"
    frame = bytes([0xFF, marker, 0, 11, bits, 0, 8, 0, 8, 1, 1, 17, 0])
    assert fault in jpeg_fault(b"\xff\xd8" + table + frame)
    assert bool(fault) == bool(jpeg_fault(b"\xff\xd8" + table + frame))
