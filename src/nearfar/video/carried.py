"""A video's sound, texts, chapters and words without its pictures, as a file that is made part by part.

Where a video is read behind a wall, nothing of it may be parsed outside: this is what comes over, written
anew by our own muxer in a container that keeps any time base. It is a source for
``nearfar.video.join``.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from nearfar.video._av import av
from nearfar.video._source import source_of
from nearfar.video.companions import CARRIED_S, START_WORD, Companions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nearfar.video._source import Given, VideoSource

_STEP_S = 2.0


class _Parts:
    """A file to write to that hands over what was written."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self.name = "carried.nut"

    def write(self, data: bytes) -> int:
        """Keep it."""
        self._held.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._held)
        self._held.clear()
        return data


def carried(given: Given | VideoSource) -> Iterator[bytes | tuple[str, ...]]:
    """Parts of the file, a few seconds each; at the end what could not be taken along, in words.

    Raises:
        NearfarError: the source cannot be read.
    """
    parts = _Parts()
    beside = Companions(source_of(given), offset=-CARRIED_S)
    try:
        words = beside.open() | {START_WORD: str(beside.video_start)}
        options = {"fflags": "+bitexact", "avoid_negative_ts": "disabled", "write_index": "0"}
        out = av().open(parts, "w", format="nut", options=options)
        beside.join(out)
        out.metadata.update(words)
        if beside.is_empty:  # a file needs a stream
            yield tuple(beside.notes)
            return
        for step in itertools.count(1):
            is_over = beside.advance(out, step * _STEP_S + float(beside.video_start))
            if data := parts.taken():
                yield data
            if is_over:
                break
        out.close()
        if data := parts.taken():
            yield data
    finally:
        beside.close()
    yield tuple(beside.notes)
