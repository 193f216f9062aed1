"""A job that is arriving: its pictures go one behind the other into one file, until it is accepted."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from nearfar.errors import ParameterError, TooLargeError, UnsupportedFormatError
from nearfar.jobs import archive
from nearfar.jobs.archive import ArchiveLimits, Window
from nearfar.jobs.errors import disk_errors
from nearfar.jobs.records import FILES, Draft, Slot
from nearfar.jobs.spool import PACK, head_in
from nearfar.video.signature import HEAD, SUFFIXES, is_video

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nearfar.jobs.spool import Spool

_NAME_LENGTH = 255
_LOOK_BYTES = 8 * 2**20
"""A job that is arriving is measured each time that so many bytes have come."""


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bytes of a job, pictures in it, bytes of one picture, and of one video (0: as of a picture)."""

    job_bytes: int
    pictures: int
    picture_bytes: int
    video_bytes: int = 0


class Intake:
    """Takes parts, each a picture or a ZIP of pictures; ``finish`` gives a draft, ``discard`` removes all.

    ``files``: where files of options came to lie, by the option's name.
    """

    def __init__(
        self, spool: Spool, owner: str, limits: IntakeLimits, check_room: Callable[[], None] = lambda: None
    ) -> None:
        """Begin; ``check_room`` is called from time to time, and raises where room is short."""
        self.id = secrets.token_hex(12)
        self._check_room = check_room
        self._checked = 0
        self._limits = limits
        self._folder = spool.stage(owner, self.id)
        with disk_errors(f"The folder {self._folder.parent}"):
            self._file = (self._folder / PACK).open("xb+")
        self._slots: list[Slot] = []
        self.files: dict[str, Slot] = {}
        self._hash = hashlib.sha256()
        self._skipped = 0
        self._size = 0
        self._crc = 0
        self._part_hash = hashlib.sha256()
        self._begin("")

    @property
    def most_pictures(self) -> int:
        """Pictures that are taken."""
        return self._limits.pictures

    @property
    def folder(self) -> Path:
        """Where it is staged."""
        return self._folder

    def begin(self, name: str, option: str = "") -> None:
        """A part begins; ``name`` is for people, ``option`` the one whose file it is, where it is no picture.

        Raises:
            ParameterError: the option has its file already.
        """
        if option in self.files:
            raise ParameterError(f"The file of {option} is given twice.", "Give it once.", option)
        self._begin(_clean(name), option)

    def write(self, data: bytes) -> None:
        """Some bytes of the part.

        Raises:
            TooLargeError: over a limit.
            StorageFullError: the disk is full.
        """
        self._size += len(data)
        if self._size > self._limits.job_bytes:
            raise too_large(self._limits.job_bytes)
        self._head += data[: HEAD - len(self._head)]
        if len(self._head) == HEAD and (self._option or not archive.is_archive(self._head)):
            self._check_picture()
        self._crc = zlib.crc32(data, self._crc)
        self._part_hash.update(data)
        with disk_errors(f"The folder {self._folder.parent}"):
            self._file.write(data)
        if self._size - self._checked >= _LOOK_BYTES:
            self._checked = self._size
            self._check_room()

    def end(self) -> None:
        """The part is whole.

        Raises:
            BadArchiveError: a ZIP that is damaged, or tries a trick.
            UnsupportedFormatError: it is called a video, and is none.
            TooLargeError: over a limit.
        """
        length = self._size - self._start
        self._hash.update(f"{len(self._name.encode())}:{self._name}:{length}:".encode())
        self._hash.update(self._part_hash.digest())
        if self._option:
            self._check_picture()
            self._hash.update(f"of {self._option}:".encode())
            self.files[self._option] = Slot(self._name, self._start, length, length, 0, self._crc)
        elif archive.is_archive(self._head):
            self._slots += self._unpacked(length)
        else:
            self._check_picture()
            _check_named(self._name, self._head)
            self._slots.append(Slot(self._name, self._start, length, length, 0, self._crc))
        if len(self._slots) > self._limits.pictures:
            raise TooLargeError(
                f"The job has more than {self._limits.pictures} pictures.",
                "Make several jobs, or raise the setting NEARFAR_JOB_PICTURES of the service.",
            )
        self._begin("")

    def has_video(self) -> bool:
        """Whether one of what came is a video."""
        with disk_errors(f"The folder {self._folder.parent}"):
            found = any(is_video(head_in(self._file, slot)) for slot in self._slots)
            self._file.seek(0, os.SEEK_END)
        return found

    def finish(self, caller: str, pipeline: dict[str, Any], key: str = "") -> Draft:
        """The draft; its bytes are on the disk.

        Raises:
            ParameterError: there is no picture.
        """
        if not self._slots:
            raise ParameterError(
                "The job has no picture.",
                "Send pictures as multipart fields 'images', or a ZIP of pictures.",
                "images",
            )
        with disk_errors(f"The folder {self._folder.parent}"):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self._hash.update(repr(sorted(pipeline.items())).encode())
        if self.files:
            pipeline = pipeline | {FILES: {name: asdict(slot) for name, slot in self.files.items()}}
        named = tuple(_numbered(self._slots))
        digest = self._hash.hexdigest()
        return Draft(self.id, caller, pipeline, named, digest, key, self._skipped)

    def discard(self) -> None:
        """Remove everything that was not accepted."""
        with contextlib.suppress(OSError):  # a full disk, once more
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self, name: str, option: str = "") -> None:
        self._name, self._option = name, option
        self._start = self._size
        self._head = b""
        self._crc = 0
        self._part_hash = hashlib.sha256()

    def _check_picture(self) -> None:
        most, setting = self._limits.picture_bytes, "NEARFAR_MAX_BYTES"
        if self._limits.video_bytes and is_video(self._head):
            most, setting = self._limits.video_bytes, "NEARFAR_VIDEO_BYTES"
        if self._size - self._start > most:
            raise TooLargeError(
                f"{self._name or 'A picture'} holds more than {most / 2**20:g} MiB.",
                f"Make the file smaller, or raise the setting {setting} of the service.",
            )

    def _unpacked(self, length: int) -> list[Slot]:
        """The pictures of the ZIP that the part is."""
        limits = ArchiveLimits(self._limits.pictures, self._limits.picture_bytes, self._limits.job_bytes)
        with disk_errors(f"The folder {self._folder.parent}"):
            self._file.flush()
            window = Window(self._file, self._start, length)
            slots, skipped = archive.read_archive(window.as_file(), length, limits)
            self._file.seek(0, os.SEEK_END)
        self._skipped += skipped
        return [replace(slot, offset=slot.offset + self._start) for slot in slots]


def too_large(limit: int) -> TooLargeError:
    """The error of a job with more bytes than that."""
    return TooLargeError(
        f"The job holds more than {limit / 2**20:g} MiB.",
        "Make several jobs, or raise the setting NEARFAR_JOB_BYTES of the service.",
    )


def _check_named(name: str, head: bytes) -> None:
    if PurePath(name).suffix.lower() in SUFFIXES and not is_video(head):
        raise UnsupportedFormatError(
            f"{name} is called a video, but it does not begin as one.", "Send the video's own file."
        )


def _clean(name: str) -> str:
    """A name to show: its last part, printable, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "?" for c in last)[:_NAME_LENGTH]


def _numbered(slots: list[Slot]) -> list[Slot]:
    """Slots that all have a name."""
    return [
        slot if slot.name else replace(slot, name=f"picture {place}") for place, slot in enumerate(slots, 1)
    ]
