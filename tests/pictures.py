"""Pictures for tests, drawn and written here: ``from pictures import draw, encoded``."""

from __future__ import annotations

import io
import itertools
import struct
import zlib

import numpy as np
from PIL import ExifTags, Image


def draw(width: int, height: int) -> np.ndarray:
    """The drawn scene at any size; no two of its turned or mirrored views are alike."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    v, u = y / height, x / width
    sky = np.stack([150 + 60 * u, 180 + 40 * u, 235 - 20 * v], axis=-1)
    ground = np.stack([120 - 60 * v, 110 + 20 * u - 40 * v, 70 + 10 * np.sin(40 * u)], axis=-1)
    scene = np.where((v < 0.4)[..., None], sky, ground)
    scene[(u > 0.2) & (u < 0.3) & (v > 0.25) & (v < 0.9)] = (190, 40, 35)
    scene[(u > 0.6) & (u < 0.9) & (v > 0.55) & (v < 0.75)] = (30, 60, 170)
    return np.clip(np.rint(scene), 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, format: str = "PNG", **how: object) -> bytes:
    """The bytes of a picture file, written by Pillow."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format=format, **how)
    return out.getvalue()


def png(
    pixels: np.ndarray, color_type: int, bits: int = 8, chunks: tuple[tuple[bytes, bytes], ...] = ()
) -> bytes:
    """A PNG written by hand, for the modes that Pillow does not write.

    Args:
        pixels: (H, W, C) samples as the file stores them (16-bit samples as uint16).
        color_type: 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA (PNG specification, 11.2.1).
        bits: 1, 2, 4, 8 or 16 of each sample.
        chunks: (name, body) of chunks that stand between the header and the pixels.
    """
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0)
    rows = _rows(pixels.reshape(height, -1), bits)
    body = b"".join(b"\0" + row for row in rows)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, part) for name, part in parts)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(samples: np.ndarray, bits: int) -> list[bytes]:
    if bits == 16:
        return [row.astype(">u2").tobytes() for row in samples]
    if bits == 8:
        return [row.astype(np.uint8).tobytes() for row in samples]
    places = (samples[..., None].astype(np.uint8) >> np.arange(bits - 1, -1, -1).astype(np.uint8)) & 1
    return [np.packbits(row.reshape(-1)).tobytes() for row in places]


def tiff(pixels: np.ndarray, *, orientation: int = 1, photometric: int | None = None) -> bytes:
    """A plain TIFF (one strip, not compressed) of (H, W, C) uint8 or uint16, written by hand."""
    height, width, channels = pixels.shape
    bits, data = 8 * pixels.dtype.itemsize, pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    meaning = photometric if photometric is not None else (1 if channels < 3 else 2)
    tags = [
        *((256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, meaning)),
        *((273, 4, 0), (274, 3, orientation), (277, 3, channels), (278, 4, height), (279, 4, len(data))),
    ]
    if channels in {2, 4}:
        tags.append((338, 3, 2))  # the last channel is alpha, not multiplied into the colours
    table_end = 8 + 2 + 12 * len(tags) + 4
    each = struct.pack(f"<{channels}H", *[bits] * channels)
    out = b"II*\0" + struct.pack("<IH", 8, len(tags))
    for tag, kind, value in tags:
        if tag == 258 and channels > 2:
            out += struct.pack("<HHII", tag, kind, channels, table_end)
        elif tag == 258:
            out += struct.pack("<HHIHH", tag, kind, channels, bits, bits)
        else:
            out += struct.pack("<HHII", tag, kind, 1, table_end + len(each) if tag == 273 else value)
    return out + struct.pack("<I", 0) + each + data


def exif(tags: dict[int, object] | None = None, **details: object) -> bytes:
    """An EXIF block: ``tags`` of the first directory, ``details`` of the EXIF directory by Pillow's names."""
    block = Image.Exif()
    for tag, value in (tags or {}).items():
        block[tag] = value
    directory = block.get_ifd(ExifTags.IFD.Exif)
    for name, value in details.items():
        directory[ExifTags.Base[name].value] = value
    return block.tobytes()


def profile(gamma: float, primaries: tuple[float, ...] | None = None) -> bytes:
    """An ICC profile written by hand: of greys, or of RGB with the nine XYZ numbers of its primaries."""
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(gamma * 256)) + b"\0\0"
    tags = [
        (b"wtpt", _xyz(0.9642, 1.0, 0.8249)),
        (b"desc", b"desc" + struct.pack(">II", 0, 5) + b"test\0" + b"\0" * 79),
    ]
    if primaries is None:
        space, curves = b"GRAY", [(b"kTRC", curve)]
    else:
        space = b"RGB "
        columns = [primaries[0:3], primaries[3:6], primaries[6:9]]
        tags += [(name, _xyz(*c)) for name, c in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)]
        curves = [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    return _icc(space, b"XYZ ", [*tags, *curves])


def cmyk_profile(colours: dict[tuple[int, int, int, int], tuple[float, float, float]]) -> bytes:
    """An ICC profile for CMYK: the Lab colour of each of the 16 corners; what is not given is black."""
    body = (
        b"mft1"
        + struct.pack(">IBBBB", 0, 4, 3, 2, 0)
        + struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    )
    ramp = bytes(range(256))
    body += ramp * 4
    for corner in itertools.product((0, 1), repeat=4):
        lightness, a, b = colours.get(corner, (0.0, 0.0, 0.0))
        body += bytes([round(lightness * 2.55), round(a + 128), round(b + 128)])
    body += ramp * 3
    desc = b"desc" + struct.pack(">II", 0, 5) + b"test\0" + b"\0" * 79
    return _icc(
        b"CMYK", b"Lab ", [(b"wtpt", _xyz(0.9642, 1.0, 0.8249)), (b"desc", desc), (b"A2B0", body)], b"prtr"
    )


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(n * 65536) for n in numbers))


def _icc(space: bytes, connection: bytes, tags: list[tuple[bytes, bytes]], device: bytes = b"mntr") -> bytes:
    """Header, table of tags, tags: ICC.1:2001-04, 6."""
    at, table, bodies = 128 + 4 + 12 * len(tags), b"", b""
    for name, body in tags:
        padded = body + b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", at + len(bodies), len(body))
        bodies += padded
    size = at + len(bodies)
    head = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, device, space, connection)
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    head += struct.pack(">3i", 63190, 65536, 54061) + b"\0" * 48
    return head[:128].ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + bodies


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """A picture as it should be shown when it is stored as ``pixels`` with that EXIF orientation."""
    across = pixels.swapaxes(0, 1)
    views = [
        pixels,
        pixels[:, ::-1],
        pixels[::-1, ::-1],
        pixels[::-1],
        across,
        across[:, ::-1],
        across[::-1, ::-1],
        across[::-1],
    ]
    return views[orientation - 1]


def taken(format: str = "JPEG", orientation: int = 6) -> bytes:
    """A photo that says when, where and with what it was taken."""
    block = Image.Exif()
    block[0x010F], block[0x0110], block[0x0112] = "Maker", "Model 5", orientation
    block.get_ifd(ExifTags.IFD.Exif)[0x9003] = "2026:11:27 03:00:00"
    block.get_ifd(ExifTags.IFD.Exif)[0xA405] = 28
    block.get_ifd(ExifTags.IFD.Exif)[0x927C] = b"secret"
    block.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    block.get_ifd(ExifTags.IFD.GPSInfo)[2] = (48.0, 8.0, 0.0)
    return encoded(draw(32, 24), format, exif=block.tobytes(), dpi=(300, 300))
