"""What tells players that a video holds two views, or half a sphere: boxes of MP4, words of Matroska.

Sources: "Spherical Video V2 RFC" (google/spatial-media) for the boxes ``st3d`` and ``sv3d`` and where they
stand: behind the others of the video's sample entry. ISO/IEC 14496-12 for the boxes around them.
"""

from __future__ import annotations

import os
import shutil
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import OutputError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODES = {"mono": 0, "top-bottom": 1, "side-by-side": 2}
_WORDS = {"side-by-side": "left_right", "top-bottom": "top_bottom", "mono": "mono"}
_QUARTER = 1 << 30  # of the sphere's width, as a fraction of 2^32: what is cut off on each side
_WAY = (b"mdia", b"minf", b"stbl", b"stsd")
_ENTRY_BYTES = 8 + 78  # of a video's sample entry, before the boxes in it
_MOST_BYTES = 1 << 28  # of the index of a file


@dataclass(frozen=True, slots=True)
class Stereo:
    """What the pictures of a video hold: ``layout`` of the views, and whether each is half a sphere."""

    layout: str = "side-by-side"
    is_vr180: bool = False

    def __post_init__(self) -> None:
        if self.layout not in _MODES:
            raise ParameterError(
                f"'{self.layout}' is no layout of two views.", f"Known: {', '.join(_MODES)}."
            )

    @property
    def matroska(self) -> str:
        """Matroska's word for the layout."""
        return _WORDS[self.layout]


def mark(path: Path, stereo: Stereo) -> bool:
    """Put the boxes into an MP4 or MOV file; False, and nothing is done, where it is another kind of file.

    Raises:
        OutputError: the file has no index of a video.
    """
    places = {kind: (start, size) for kind, start, size in _top(path)}
    if b"ftyp" not in places or b"moov" not in places:
        return False
    start, size = places[b"moov"]
    if size > _MOST_BYTES:
        raise OutputError(f"The index of {path.name} has {size:,} bytes, more than is changed in memory.")
    with path.open("rb") as file:
        file.seek(start)
        old = file.read(size)
    new = with_boxes(old, stereo_box(stereo) + (sphere_box() if stereo.is_vr180 else b""))
    is_first = start < places.get(b"mdat", (0, 0))[0]
    _exchange(path, (start, size), moved(new, len(new) - len(old)) if is_first else new)
    return True


def _top(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and size of each box of a file."""
    whole = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= whole:
            file.seek(at)
            head = file.read(16)
            size, kind = struct.unpack(">I4s", head[:8])
            if size == 1 and len(head) == 16:
                size = struct.unpack(">Q", head[8:])[0]
            size = size or whole - at
            if size < 8:
                return
            yield kind, at, size
            at += size


def _exchange(path: Path, place: tuple[int, int], data: bytes) -> None:
    """Put other bytes in place of a stretch of a file."""
    start, size = place
    part = path.with_name(f".nearfar-{os.urandom(8).hex()}.part")
    try:
        with path.open("rb") as file, part.open("wb") as out:
            _copied(file, out, start)
            out.write(data)
            file.seek(start + size)
            shutil.copyfileobj(file, out, 1 << 20)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _copied(file: object, out: object, count: int) -> None:
    while count:
        data = file.read(min(count, 1 << 20))  # type: ignore[attr-defined]
        if not data:
            return
        out.write(data)  # type: ignore[attr-defined]
        count -= len(data)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box: its size, its kind, what is in it."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def stereo_box(stereo: Stereo) -> bytes:
    """``st3d``: how two views lie in a picture."""
    return box(b"st3d", bytes(4), bytes([_MODES[stereo.layout]]))


def sphere_box() -> bytes:
    """``sv3d``: the picture is the front half of a sphere, longitude by latitude."""
    head = box(b"svhd", bytes(4), b"nearfar\0")
    pose = box(b"prhd", bytes(4), struct.pack(">3i", 0, 0, 0))
    bounds = box(b"equi", bytes(4), struct.pack(">4I", 0, 0, _QUARTER, _QUARTER))
    return box(b"sv3d", head, box(b"proj", pose, bounds))


def with_boxes(moov: bytes, more: bytes) -> bytes:
    """An index whose first video has more boxes in its sample entry.

    Raises:
        OutputError: there is no video in it.
    """
    for kind, start, size in boxes(moov, 8):
        if kind == b"trak" and b"vmhd" in moov[start : start + size]:
            return _grown(moov[:8], _within(moov[start : start + size], _WAY, more), moov, (start, size))
    raise OutputError("The file has no index of a video.", "Write it anew.")


def _within(parent: bytes, way: tuple[bytes, ...], more: bytes) -> bytes:
    """A box with more at the end of the way into it."""
    if not way:
        return _in_entry(parent, more)
    for kind, start, size in boxes(parent, 8):
        if kind == way[0]:
            return _grown(
                parent[:8], _within(parent[start : start + size], way[1:], more), parent, (start, size)
            )
    raise OutputError("The file has no index of a video.", "Write it anew.")


def _in_entry(stsd: bytes, more: bytes) -> bytes:
    """``stsd`` whose first entry ends with more boxes."""
    entry = int.from_bytes(stsd[16:20], "big")
    if entry < _ENTRY_BYTES:
        raise OutputError("The file's video has an entry that is no video's.", "Write it anew.")
    made = struct.pack(">I", entry + len(more)) + stsd[20 : 16 + entry] + more
    return struct.pack(">I", len(stsd) + len(more)) + stsd[4:16] + made + stsd[16 + entry :]


def _grown(head: bytes, child: bytes, parent: bytes, place: tuple[int, int]) -> bytes:
    """A box with another child at a place."""
    start, size = place
    body = parent[8:start] + child + parent[start + size :]
    return struct.pack(">I", 8 + len(body)) + head[4:8] + body


def boxes(data: bytes, at: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, place and size of each box in a box, from a place on."""
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if size < 8 or at + size > len(data):
            return
        yield kind, at, size
        at += size


def moved(moov: bytes, by: int) -> bytes:
    """An index whose places of data (``stco``, ``co64``) lie further behind."""
    out = bytearray(moov)
    waiting = [(0, len(moov))]
    while waiting:
        start, size = waiting.pop()
        for kind, place, length in boxes(moov[start : start + size], 8):
            if kind in {b"trak", b"mdia", b"minf", b"stbl"}:
                waiting.append((start + place, length))
            elif kind in {b"stco", b"co64"}:
                at = start + place + 16
                form = ">%dI" if kind == b"stco" else ">%dQ"
                form %= int.from_bytes(out[at - 4 : at], "big")
                found = struct.unpack_from(form, out, at)
                struct.pack_into(form, out, at, *(one + by for one in found))
    return bytes(out)
