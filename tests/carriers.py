"""Photos that carry depth, put together byte by byte: ``from carriers import mpf, apple``."""

from __future__ import annotations

import struct

import numpy as np

from nearfar.encode.jpeg import with_xmp
from pictures import draw, encoded

PHOTO = encoded(draw(64, 48), "JPEG", quality=90)
STEPS = np.tile(np.arange(32, dtype=np.uint8) * 8, (24, 1))


def description(words: str, inner: str = "") -> str:
    """XMP with one description."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {words}>{inner}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def mpf(*further: bytes) -> bytes:
    """A JPEG that lists further pictures behind it (CIPA DC-007)."""
    count = 1 + len(further)
    size = 8 + 2 + 12 * 3 + 4 + 16 * count
    segment_bytes = 4 + 4 + size
    first = len(PHOTO) + segment_bytes
    base = 2 + 8
    rows = struct.pack(">IIIHH", 0x030000, first, 0, 0, 0)
    at = first
    for picture in further:
        rows += struct.pack(">IIIHH", 0, len(picture), at - base, 0, 0)
        at += len(picture)
    tags = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100") + struct.pack(">HHII", 0xB001, 4, 1, count)
    tags += struct.pack(">HHII", 0xB002, 7, 16 * count, 8 + 2 + 36 + 4)
    body = b"MPF\0" + b"MM\0*" + struct.pack(">IH", 8, 3) + tags + bytes(4) + rows
    segment = b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body
    return PHOTO[:2] + segment + PHOTO[2:] + b"".join(further)


def apple(kind: str, accuracy: str = "") -> bytes:
    """The auxiliary picture of a portrait: 8 bits between two floats."""
    words = (
        'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" '
        'xmlns:depthData="http://ns.apple.com/depthData/1.0/" '
        f'apdi:AuxiliaryImageType="{kind}" apdi:StoredFormat="L008" apdi:NativeFormat="hdis" '
        'depthData:FloatMinValue="0.25" depthData:FloatMaxValue="2.25" '
    )
    words += f'depthData:Accuracy="{accuracy}"' if accuracy else ""
    return with_xmp(encoded(STEPS, "JPEG", quality=100), description(words))


XMP_OF_DEPTH = description(
    'xmlns:apdi="http://ns.apple.com/pixeldatainfo/1.0/" apdi:AuxiliaryImageType="disparity" '
    'apdi:FloatMinValue="0.5" apdi:FloatMaxValue="4.5"'
)
