"""The segments of a JPEG file: read and put in, the picture untouched (ITU T.81; XMP part 3, 1.1.3)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

APP1, APP2 = 0xE1, 0xE2
XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
MPF = b"MPF\0"
_NEXT = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd7]", re.DOTALL)  # a marker with a length, or the end
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length: TEM and restarts
_START_OF_SCAN, _END = 0xDA, 0xD9
_MOST_IN_SEGMENT = 65_533
_GUID_BYTES = 32
_EXTENDED_CHUNK = 65_400
_MOST_SEGMENTS = 4096


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker, where it begins in the file, and what stands within it."""

    marker: int
    start: int
    body: bytes

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + 4 + len(self.body)


def segments(data: bytes) -> Iterator[Segment]:
    """The segments before the first scan, in order; as many as are whole."""
    at, count = 2, 0
    while at + 4 <= len(data) and data[at] == 0xFF and count < _MOST_SEGMENTS:
        marker = data[at + 1]
        if marker in _ALONE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            count += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in {_START_OF_SCAN, _END} or length < 2 or at + 2 + length > len(data):
            return
        found = Segment(marker, at, data[at + 4 : at + 2 + length])
        yield found
        at, count = found.end, count + 1


def picture_end(data: bytes) -> int:
    """Where the first picture of a file ends: behind its marker of the end; the file's length without one."""
    at = max((segment.end for segment in segments(data)), default=2)
    for _ in range(_MOST_SEGMENTS):
        found = _NEXT.search(data, at)
        if found is None:
            break
        if data[found.start() + 1] == _END:
            return found.end()
        at = found.end() + max(2, int.from_bytes(data[found.end() : found.end() + 2], "big"))
    return len(data)


def xmp_of(data: bytes) -> tuple[str, str]:
    """The XMP of a JPEG, and the extended XMP that belongs to it, put together; empty where there is none."""
    main, parts = b"", dict[bytes, list[tuple[int, int, bytes]]]()
    for segment in segments(data):
        if segment.marker != APP1:
            continue
        if segment.body.startswith(XMP) and not main:
            main = segment.body[len(XMP) :]
        elif segment.body.startswith(EXTENDED):
            head = len(EXTENDED) + _GUID_BYTES
            if len(segment.body) >= head + 8:
                total, offset = struct.unpack_from(">II", segment.body, head)
                guid = segment.body[len(EXTENDED) : head]
                parts.setdefault(guid, []).append((offset, total, segment.body[head + 8 :]))
    named = [guid for guid in parts if guid in main] or list(parts)[:1]
    extended = _joined(parts[named[0]]) if named else b""
    return main.decode("utf-8", "replace"), extended.decode("utf-8", "replace")


def _joined(parts: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Parts in the order of their offsets; nothing where one is missing."""
    out = bytearray()
    for offset, _, body in sorted(parts, key=lambda part: part[0]):
        if offset != len(out):
            return b""
        out += body
    return bytes(out)


def with_xmp(data: bytes, main: str, extended: str = "") -> bytes:
    """The JPEG with that XMP in place of its own; its picture and all else are the same bytes.

    ``main`` has the text ``{guid}`` where the number of the extended part belongs.
    """
    import hashlib  # it loads OpenSSL: 3 ms and 3 MB

    guid = hashlib.md5(extended.encode(), usedforsecurity=False).hexdigest().upper()
    body = XMP + main.replace("{guid}", guid).encode()
    if len(body) > _MOST_IN_SEGMENT:
        raise ValueError("XMP of more than one segment")
    new = _segment(body)
    whole = extended.encode()
    for offset in range(0, len(whole), _EXTENDED_CHUNK):
        part = whole[offset : offset + _EXTENDED_CHUNK]
        new += _segment(EXTENDED + guid.encode() + struct.pack(">II", len(whole), offset) + part)
    head, others, is_leading = bytearray(data[:2]), bytearray(), True
    at = 2
    for segment in segments(data):
        part = data[at : segment.end]
        at = segment.end
        if segment.marker == APP1 and segment.body.startswith((XMP, EXTENDED)):
            continue
        is_leading = is_leading and (segment.marker == 0xE0 or segment.body.startswith(b"Exif\0"))
        if is_leading:
            head += part
        else:
            others += part
    return bytes(head) + new + bytes(others) + data[at:]


def _segment(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
