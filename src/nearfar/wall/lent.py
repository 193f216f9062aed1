"""In a worker: a file that the service lent it for one request, to be read from and nothing else."""

from __future__ import annotations

import io
import os

from nearfar.errors import NearfarError

_held: list[int] = []


def hold(descriptors: list[int]) -> None:
    """Keep what was lent; what was before is let go of."""
    let_go()
    _held.extend(descriptors)


def let_go() -> None:
    """The request is over."""
    while _held:
        os.close(_held.pop())


class LentFile(io.RawIOBase):
    """A part of the file that was lent: ``size`` bytes from ``offset`` on."""

    def __init__(self, offset: int, size: int) -> None:
        super().__init__()
        if not _held:
            raise NearfarError("No file was lent to this worker.", "Lend it first.")
        self._file = _held[0]
        self._offset = offset
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, count: int = -1) -> bytes:
        """Bytes from here on."""
        rest = max(0, self._size - self._place)
        wanted = rest if count < 0 else min(count, rest)
        data = os.pread(self._file, wanted, self._offset + self._place) if wanted else b""
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """Where it is."""
        return self._place
