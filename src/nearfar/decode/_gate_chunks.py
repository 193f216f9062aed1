"""What pictures of chunks and blocks claim: PNG, WebP, GIF and BMP."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from nearfar.decode._gate_exif import check_blocks, check_exif, check_profile, check_words
from nearfar.errors import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    CheckPixels = Callable[[int, int, str], None]

MOST_CHUNKS = 65_536
"""Of a file: encoders write pixels in chunks of some KiB."""
MOST_FRAMES = 10_000
"""Of an animation, though only its first picture is read."""
MOST_EXTENSION_BYTES = 2**20
"""Of what stands before the first frame of a GIF, which readers put together piece by piece."""
_MOST_BLOCKS = 16_384
MOST_RUN_BYTES = 8 * 2**20
"""Of a BMP of run lengths, which is unpacked one run after the other."""
_RAW_PROFILE = b"Raw profile type "
_MOST_RAW = 2**20  # bytes that the text of such a profile unpacks to, in Pillow too


def check_png(data: bytes, name: str, _: CheckPixels) -> None:
    """TooLargeError for too many chunks or frames, or metadata that unfold (PNG third edition, 11)."""
    words_bytes = blocks = 0
    for count, (kind, at, length) in enumerate(_png_chunks(data), 1):
        if count > MOST_CHUNKS:
            raise _too_many(name, "chunks", MOST_CHUNKS)
        if kind == b"acTL" and int.from_bytes(data[at : at + 4], "big") > MOST_FRAMES:
            raise _too_many(name, "frames", MOST_FRAMES)
        is_raw = kind in {b"tEXt", b"zTXt", b"iTXt"} and data.startswith(_RAW_PROFILE, at)
        blocks += is_raw or kind == b"eXIf"
        check_blocks(blocks, name)
        if kind == b"eXIf":
            check_exif(data[at : at + length], name)
        elif kind == b"iCCP":
            check_profile(length, name)
        elif kind in {b"tEXt", b"zTXt", b"iTXt"}:
            words_bytes += length
            if is_raw:
                _check_raw_profile(kind, data[at : at + length], name)
    check_words(words_bytes, name)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and length of each chunk's body, up to the end of the picture."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, length
        if kind == b"IEND":
            return
        at += 12 + length


def _check_raw_profile(kind: bytes, body: bytes, name: str) -> None:
    """EXIF as a text of hexadecimal digits, as ImageMagick wrote it before there was a chunk for it."""
    _, _, rest = body.partition(b"\0")
    is_packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
    text = {b"zTXt": rest[1:], b"iTXt": rest[2:].split(b"\0", 2)[-1]}.get(kind, rest)
    try:
        text = zlib.decompressobj().decompress(text, _MOST_RAW) if is_packed else text
        lines = text.split(b"\n", 3)
        block = bytes.fromhex(lines[3].translate(None, b"\n").decode("latin-1")) if len(lines) > 3 else b""
    except (zlib.error, ValueError):
        return  # no reader takes it
    check_exif(block, name)


def check_webp(data: bytes, name: str, _: CheckPixels) -> None:
    """TooLargeError for too many chunks, or metadata that unfold (RFC 9649, 2.7)."""
    at, count, blocks = 12, 0, 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        count += 1
        if count > MOST_FRAMES:
            raise _too_many(name, "chunks", MOST_FRAMES)
        if kind == b"EXIF":
            blocks += 1
            check_blocks(blocks, name)
            check_exif(data[at + 8 : at + 8 + length], name)
        elif kind == b"ICCP":
            check_profile(length, name)
        elif kind == b"XMP ":
            check_words(length, name)
        at += 8 + length + length % 2


def check_gif(data: bytes, name: str, _: CheckPixels) -> None:
    """TooLargeError where too much stands before the first frame (GIF89a, 23 to 26)."""
    flags = data[10]
    at = begin = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    blocks = 0
    while data[at : at + 1] == b"!":
        at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
            blocks += 1
            if blocks > _MOST_BLOCKS or at - begin > MOST_EXTENSION_BYTES:
                raise TooLargeError(
                    f"{name} has more than {MOST_EXTENSION_BYTES / 2**20:g} MiB, or {_MOST_BLOCKS:,} blocks, "
                    "of comments before its first picture.",
                    "Save it without.",
                )
        at += 1
        blocks += 1
        if blocks > _MOST_BLOCKS:
            raise _too_many(name, "blocks before its first picture", _MOST_BLOCKS)


def check_bmp(data: bytes, name: str, check_pixels: CheckPixels) -> None:
    """TooLargeError for its size, or long run lengths."""
    (head,) = struct.unpack_from("<I", data, 14)
    if head == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = (abs(side) for side in struct.unpack_from("<ii", data, 18))
        (packing,) = struct.unpack_from("<I", data, 30)
        if packing in {1, 2} and len(data) > MOST_RUN_BYTES:
            raise TooLargeError(
                f"{name} is a BMP of run lengths of {len(data) / 2**20:.1f} MiB, but at most "
                f"{MOST_RUN_BYTES / 2**20:g} MiB were expected.",
                "Save it as PNG.",
            )
    check_pixels(width, height, name)


def _too_many(name: str, what: str, most: int) -> TooLargeError:
    return TooLargeError(f"{name} has more than {most:,} {what}.", "Save it again.")
