"""A ZIP that came from outside, read without trusting it: what is in it, or why it is refused.

Nothing is unpacked here but the first bytes of each entry. Names are for people: none reaches the disk.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

from nearfar.errors import TooLargeError, shown
from nearfar.jobs.errors import BadArchiveError
from nearfar.jobs.records import Slot
from nearfar.jobs.spool import METHODS

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
ARCHIVES = frozenset(
    (
        ".zip",
        ".7z",
        ".rar",
        ".tar",
        ".gz",
        ".tgz",
        ".bz2",
        ".tbz",
        ".xz",
        ".txz",
        ".zst",
        ".lz4",
        ".jar",
        ".cab",
    )
)
MAX_RATIO = 100
"""Bytes that a ZIP may unpack to for each of its own, once it unpacks to more than a MiB."""
_END, _LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _COMMENT_BYTES, _LOCAL_BYTES = 22, 65_535, 30
_NAME_BYTES = 512  # of the central directory for each entry, on average: bounds what is read into memory
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\:]|(?:^|/)\.\.(?:/|$)|^/")
_HINT = "Make a plain ZIP of pictures, without folders within folders of other archives."


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """``max_entries`` pictures, ``max_bytes`` of one of them, ``max_total`` of all, unpacked."""

    max_entries: int
    max_bytes: int
    max_total: int


def is_archive(head: bytes) -> bool:
    """Whether these are the first bytes of a ZIP."""
    return head.startswith(MAGIC)


def read_archive(file: BinaryIO, length: int, limits: ArchiveLimits) -> tuple[list[Slot], int]:
    """The pictures in a ZIP of ``length`` bytes, in its order, and how many entries were passed over.

    Folders, ``__MACOSX``, hidden files and names that no file in a ZIP may have are passed over.

    Raises:
        BadArchiveError: it is damaged, encrypted, or tries a trick.
        TooLargeError: more entries or bytes than the limits.
    """
    _check_end(file, length, limits)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except Exception as exc:  # the reader raises anything on what is no ZIP
        raise BadArchiveError(f"The ZIP is damaged: {exc}.", _HINT) from exc
    pictures = [entry for entry in entries if not _is_passed_over(entry)]
    _check_sizes(pictures, length, limits)
    slots = [_slot(file, entry, length) for entry in pictures]
    _check_apart(slots)
    _check_distinct(slots)
    return slots, len(entries) - len(pictures)


def _check_end(file: BinaryIO, length: int, limits: ArchiveLimits) -> None:
    """Refuse by the record at the end, before the directory is read into memory."""
    reach = min(length, _END_BYTES + _COMMENT_BYTES + 20)
    file.seek(length - reach)
    tail = file.read(reach)
    place = tail.rfind(_END)
    if place < 0 or len(tail) - place < _END_BYTES:
        raise BadArchiveError("The ZIP ends early: its directory is not there.", "Send it again, whole.")
    count, size = struct.unpack_from("<HI", tail, place + 10)
    if tail[max(0, place - 20) : place].startswith(_LOCATOR) or count == 0xFFFF or size == 0xFFFFFFFF:
        raise TooLargeError(
            "This is a ZIP64 archive, for more than 65,534 files or 4 GiB.", "Make several smaller ZIPs."
        )
    most = 2 * limits.max_entries + 1000  # folders and their like are entries too
    if count > most or size > most * _NAME_BYTES:
        raise _too_many(limits)


def _too_many(limits: ArchiveLimits) -> TooLargeError:
    return TooLargeError(
        f"The job has more than {limits.max_entries} pictures.",
        "Make several jobs, or raise the setting NEARFAR_JOB_PICTURES of the service.",
    )


def _is_passed_over(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(entry.filename).parts
    return (
        not entry.filename  # zipfile asks for its last letter
        or entry.is_dir()
        or _has_odd_name(entry)
        or "__MACOSX" in parts
        or (bool(parts) and parts[-1].startswith(".") and parts[-1] != "..")
    )


def _check_sizes(entries: list[zipfile.ZipInfo], length: int, limits: ArchiveLimits) -> None:
    if len(entries) > limits.max_entries:
        raise _too_many(limits)
    for entry in entries:
        if entry.file_size > limits.max_bytes:
            raise TooLargeError(
                f"{_shown(entry)} unpacks to more than {limits.max_bytes / 2**20:g} MiB.",
                "Make the file smaller, or raise the setting NEARFAR_MAX_BYTES of the service.",
            )
    total = sum(entry.file_size for entry in entries)
    if total > limits.max_total:
        raise TooLargeError(
            f"The ZIP unpacks to more than {limits.max_total / 2**20:g} MiB.",
            "Make several jobs, or raise the setting NEARFAR_JOB_BYTES of the service.",
        )
    if total > 2**20 and total > MAX_RATIO * length:
        raise BadArchiveError(
            f"The ZIP unpacks to more than {MAX_RATIO} times its size, as bombs do.",
            "Send the pictures as they are.",
        )


def _slot(file: BinaryIO, entry: zipfile.ZipInfo, length: int) -> Slot:
    """Where an entry's bytes lie, once nothing speaks against it."""
    _check_kind(entry)
    file.seek(max(0, entry.header_offset))  # a directory that lies may point before the beginning
    header = file.read(_LOCAL_BYTES)
    if entry.header_offset < 0 or len(header) < _LOCAL_BYTES or not header.startswith(MAGIC[0]):
        raise BadArchiveError(f"{_shown(entry)} is not where the ZIP's directory says.", _HINT)
    names, extra = struct.unpack_from("<HH", header, 26)
    offset = entry.header_offset + _LOCAL_BYTES + names + extra
    if offset + entry.compress_size > length:
        raise BadArchiveError(f"{_shown(entry)} ends behind the ZIP's end.", _HINT)
    name = shown(entry.filename)  # for people: nothing in it turns the writing round or breaks a line
    slot = Slot(name, offset, entry.compress_size, entry.file_size, entry.compress_type, entry.CRC)
    file.seek(offset)
    if is_archive(_head(slot, file.read(min(slot.packed, 64)))):
        raise _nested(entry)
    return slot


def _has_odd_name(entry: zipfile.ZipInfo) -> bool:
    """A name that leads out of the folder, holds odd characters, or is none: its file is not looked at."""
    name = entry.orig_filename
    return not name or len(name) > 1000 or bool(_UNSAFE.search(name))


def _check_kind(entry: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if entry.flag_bits & 0x41:
        raise BadArchiveError(f"{_shown(entry)} is encrypted.", _HINT)
    if kind not in {0, stat.S_IFREG}:
        raise BadArchiveError(f"{_shown(entry)} is a link or device, not a file.", _HINT)
    if entry.compress_type not in METHODS:
        raise BadArchiveError(
            f"{_shown(entry)} is packed by method {entry.compress_type}; deflate was expected.", _HINT
        )
    if PurePosixPath(entry.filename).suffix.lower() in ARCHIVES:
        raise _nested(entry)


def _nested(entry: zipfile.ZipInfo) -> BadArchiveError:
    return BadArchiveError(f"{_shown(entry)} is an archive within the archive.", _HINT)


def _head(slot: Slot, packed: bytes) -> bytes:
    """The first four bytes, unpacked; nothing where they cannot be: that shows when the picture is read."""
    if slot.method == 0:
        return packed[:4]
    try:
        return zlib.decompressobj(-15).decompress(packed, 4)
    except zlib.error:
        return b""


def _check_apart(slots: list[Slot]) -> None:
    """Entries that share bytes unpack to far more than there is."""
    end = 0
    for slot in sorted(slots, key=lambda slot: slot.offset):
        if slot.offset < end:
            raise BadArchiveError("Entries of the ZIP lie over each other, as in bombs.", _HINT)
        end = slot.offset + slot.packed


def _check_distinct(slots: list[Slot]) -> None:
    seen: set[str] = set()
    for slot in slots:
        if slot.name in seen:
            raise BadArchiveError(f"The ZIP has two files of the name {slot.name[:80]!r}.", _HINT)
        seen.add(slot.name)


def _shown(entry: zipfile.ZipInfo) -> str:
    return repr(entry.orig_filename[:80])


class Window:
    """A part of a file as a file of its own, to be read."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file = file
        self._start = start
        self._length = length
        self._place = 0

    def as_file(self) -> BinaryIO:
        """It has all that a reader of ZIPs calls."""
        return cast("BinaryIO", self)

    def read(self, count: int = -1) -> bytes:
        """Bytes from here, at most to the part's end."""
        rest = max(0, self._length - self._place)
        self._file.seek(self._start + self._place)
        data = self._file.read(rest if count is None or count < 0 else min(count, rest))
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go there."""
        base = {0: 0, 1: self._place, 2: self._length}[whence]
        if base + offset < 0:
            raise OSError(22, "a place before the beginning")
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        """Where it is."""
        return self._place

    def seekable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """The file belongs to the caller."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
