"""Shared memory of a service and one of its workers: nameless, of a fixed size, filled from its start."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from typing import Any

import numpy as np

from nearfar.errors import TooLargeError

_ALIGN = 64
_PAGE = mmap.PAGESIZE
_PER_BLOCK = 512
_SEALS = 0x0002 | 0x0004 | 0x0001  # F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SEAL: its size is final


def make_shared(size: int) -> int:
    """A descriptor of nameless memory of that many bytes, which neither side can make smaller or larger.

    A worker that could make it smaller would bring the service down: reading past the end is SIGBUS.
    Pages are taken when they are written to.
    """
    shared = os.memfd_create("nearfar", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(shared, size)
        fcntl.fcntl(shared, 1033, _SEALS)  # F_ADD_SEALS
    except OSError:
        os.close(shared)
        raise
    return shared


class Arena:
    """A view of such memory. ``top``: where the next bytes go; it moves up until :meth:`reset`."""

    def __init__(self, shared: int, size: int) -> None:
        self._map = mmap.mmap(shared, size)
        self.size = size
        self.top = 0
        self._base = int(np.frombuffer(self._map, np.uint8, 1).__array_interface__["data"][0])

    def put(self, data: bytes | bytearray | memoryview) -> int:
        """Copy bytes behind what is there; the place where they begin.

        Raises:
            TooLargeError: they do not fit.
        """
        view = memoryview(data).cast("B")
        at = self.take(view.nbytes)
        self._map[at : at + view.nbytes] = view
        return at

    def put_array(self, array: np.ndarray[Any, Any]) -> int:
        """Copy an array's numbers in C order, without a copy between."""
        at = self.take(array.nbytes)
        np.copyto(self.array(at, array.shape, array.dtype.str, is_written=True), array)
        return at

    def take(self, count: int) -> int:
        """Room for so many bytes: its place."""
        at = -(-self.top // _ALIGN) * _ALIGN
        if at + count > self.size:
            raise TooLargeError(
                f"The pictures of this request take more than {self.size / 2**20:.0f} MiB.",
                "Scale them down.",
            )
        self.top = at + count
        return at

    def bytes(self, at: int, count: int) -> bytes:
        """A copy of the bytes at a place. ValueError where they are not within."""
        self._check(at, count)
        return self._map[at : at + count]

    def array(
        self, at: int, shape: tuple[int, ...], kind: str, *, is_written: bool = False
    ) -> np.ndarray[Any, Any]:
        """An array of the memory itself, in C order. ValueError where it is not within."""
        dtype = np.dtype(kind)
        count = dtype.itemsize
        for length in shape:
            if length < 0:
                raise ValueError(f"An array of shape {shape} cannot be.")
            count *= length
        self._check(at, count)
        found = np.ndarray(shape, dtype, self._map, at)
        found.flags.writeable = is_written
        return found

    def place_of(self, array: np.ndarray[Any, Any]) -> int | None:
        """Where an array in C order lies, or None where it is elsewhere."""
        if not array.flags.c_contiguous or not array.size:
            return None
        at = int(array.__array_interface__["data"][0]) - self._base
        return at if at >= 0 and at + array.nbytes <= self.size else None

    def _check(self, at: int, count: int) -> None:
        if not (at >= 0 and count >= 0 and at + count <= self.size):
            raise ValueError(f"{count} bytes at {at} are not within {self.size}.")

    def reset(self, keep: int) -> None:
        """Begin anew; pages beyond ``keep`` bytes go back to the system."""
        used, self.top = self.top, 0
        begin = -(-keep // _PAGE) * _PAGE
        if used > begin:
            with contextlib.suppress(OSError):
                self._map.madvise(mmap.MADV_REMOVE, begin, self.size - begin)


def used_bytes(shared: int) -> int:
    """Bytes of such memory that pages are taken for, by whichever side."""
    return os.fstat(shared).st_blocks * _PER_BLOCK
