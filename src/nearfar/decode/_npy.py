"""Arrays of NumPy from outside: what a header claims is held against the bytes that are there."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from nearfar.errors import BrokenImageError, TooLargeError

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_ARRAYS = 100
"""Of an archive."""
_END, _END_BYTES, _ENTRY_BYTES = b"PK\x05\x06", 22, 1024
_HEADER_BYTES = 12_000  # of an array: NumPy itself reads no longer ones
_MOST_SIDES = 8  # dimensions
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npy(data: bytes, name: str, most_bytes: int) -> npt.NDArray[Any]:
    """The array in a ``.npy`` file.

    Raises:
        BrokenImageError: damaged, of Python objects, or its header claims more than the file holds.
        TooLargeError: more than ``most_bytes``.
    """
    try:
        file = io.BytesIO(data)
        claimed = claimed_bytes(file)
        if claimed > most_bytes:
            raise TooLargeError(
                f"{name} claims an array of {claimed / 2**20:,.0f} MiB, but at most "
                f"{most_bytes / 2**20:,.0f} MiB were expected.",
                "Save it smaller, or as float32.",
            )
        _check_there(claimed, len(data) - file.tell())
        array: npt.NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError) as exc:
        if isinstance(exc, TooLargeError):
            raise
        raise BrokenImageError(f"{name} is a damaged NumPy file: {exc}.") from exc
    return array


def _check_there(claimed: int, there: int) -> None:
    if claimed > there:
        raise ValueError(f"its header claims {claimed:,} bytes, but {there:,} follow")


def claimed_bytes(file: BinaryIO) -> int:
    """Bytes of the values that a header claims, after which the file stands behind the header.

    Raises:
        ValueError: no header, or one of Python objects.
    """
    version = np.lib.format.read_magic(file)
    if version not in _READERS:
        raise ValueError(f"its format has the version {version}")
    try:
        shape, _, dtype = _READERS[version](file)
    except Exception as exc:  # NumPy reads the header as Python does, and lets through what its parser raises
        raise ValueError(f"its header is damaged: {exc}") from exc
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which would be read by pickle and may run code")
    if len(shape) > _MOST_SIDES or any(side < 0 for side in shape):
        raise ValueError(f"its shape is {shape}")
    return math.prod(shape) * dtype.itemsize


def check_npz(data: bytes, name: str, most_bytes: int) -> None:
    """TooLargeError where the arrays of a ``.npz`` file unpack to more, or are more, than are read.

    Raises:
        ValueError: it is damaged, or what an array's header claims is not what the archive's directory says.
    """
    place = data.rfind(_END)
    if place < 0 or len(data) - place < _END_BYTES:
        raise ValueError("its directory is not there")
    count, size = struct.unpack_from("<HI", data, place + 10)
    if count > MOST_ARRAYS or size > MOST_ARRAYS * _ENTRY_BYTES:
        raise _too_many(name, count)
    total = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ARRAYS:
            raise _too_many(name, len(entries))
        for entry in entries:
            total += max(entry.file_size, _claimed(archive, entry))
            if total > most_bytes:
                raise TooLargeError(
                    f"{name} unpacks to {total / 2**20:,.0f} MiB or more, but at most "
                    f"{most_bytes / 2**20:,.0f} MiB were expected.",
                    "Save the depth alone.",
                )


def _claimed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Bytes that the header of an array claims; 0 of what is no array, or of Python objects."""
    with archive.open(entry) as member:
        head = io.BytesIO(member.read(_HEADER_BYTES))
    try:
        claimed = claimed_bytes(head)
    except ValueError:
        return 0
    if claimed + head.tell() > entry.file_size:
        raise ValueError(f"the array {entry.filename[:80]!r} claims more bytes than it has")
    return claimed


def _too_many(name: str, count: int) -> TooLargeError:
    return TooLargeError(
        f"{name} holds {count:,} arrays, but at most {MOST_ARRAYS} were expected.", "Save the depth alone."
    )
