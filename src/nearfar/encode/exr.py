"""One channel of float32 as an OpenEXR file, made in memory: OpenEXR's own library writes to names only.

The layout is that of "OpenEXR File Layout" (openexr.com): scan lines, ZIP compression of 16 lines a block.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_MAGIC = b"\x76\x2f\x31\x01" + struct.pack("<I", 2)
_FLOAT, _ZIP, _LINES = 2, 3, 16


def encode_exr(values: npt.NDArray[np.float32], channel: str, texts: dict[str, str]) -> bytes:
    """The file of (H, W) numbers; ``texts`` are attributes of it."""
    height, width = values.shape
    head = _MAGIC + b"".join(_attributes(width, height, channel, texts)) + b"\0"
    blocks = [_block(values[top : top + _LINES], top) for top in range(0, height, _LINES)]
    places = len(head) + 8 * len(blocks) + np.cumsum([0, *map(len, blocks)][:-1], dtype=np.uint64)
    return b"".join([head, places.astype("<u8").tobytes(), *blocks])


def _attributes(width: int, height: int, channel: str, texts: dict[str, str]) -> list[bytes]:
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = channel.encode() + b"\0" + struct.pack("<i4B2i", _FLOAT, 0, 0, 0, 0, 1, 1) + b"\0"
    rows: list[tuple[str, str, bytes]] = [
        ("channels", "chlist", channels),
        ("compression", "compression", bytes([_ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
        ("type", "string", b"scanlineimage"),
        *((name, "string", text.encode()) for name, text in texts.items()),
    ]
    return [f"{name}\0{kind}\0".encode() + struct.pack("<i", len(data)) + data for name, kind, data in rows]


def _block(lines: npt.NDArray[np.float32], top: int) -> bytes:
    """Lines with their place: bytes sorted by their weight, then differences, which deflate better."""
    raw = np.ascontiguousarray(lines, "<f4").tobytes()
    given = np.frombuffer(raw, np.uint8)
    turned = np.concatenate([given[0::2], given[1::2]])
    turned[1:] = turned[1:] - turned[:-1] + np.uint8(128)
    packed = zlib.compress(turned.tobytes(), 4)
    data = packed if len(packed) < len(raw) else raw
    return struct.pack("<ii", top, len(data)) + data
