"""The spool: the bytes of jobs on disk, each file synced before the database tells of it.

HOME/jobs/jobs.sqlite          the database
HOME/jobs/owners/NAME          a process that works on jobs
HOME/jobs/staging/OWNER-ID/    a job that is arriving
HOME/jobs/held/OWNER-ID/       a backup that is being made
HOME/jobs/spool/ID/pack        the pictures of a job, one behind the other
HOME/jobs/spool/ID/out/N.TOKEN/FILE  the result of picture N
HOME/jobs/spool/ID/work/N/     what there is so far of video N
HOME/jobs/reserve              nothing: room for removing jobs where the disk is full
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nearfar.errors import BrokenImageError
from nearfar.jobs.errors import PictureLostError, disk_errors
from nearfar.machine.files import sync
from nearfar.video.signature import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nearfar.jobs.records import Slot

PACK, WORK = "pack", "work"
_LOOK = 4096  # bytes of a packed picture that hold its first few
RESERVE_BYTES = 4 * 2**20
"""Set aside for the database's log of a removal: some thousand pictures."""
_STORED, _DEFLATED = 0, 8
METHODS = (_STORED, _DEFLATED)
_LOST = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO}
"""What reading a file says whose file or folder is gone, or whose place on the disk is damaged."""


@dataclass(frozen=True, slots=True)
class Spool:
    """The folder of all jobs. No name in it comes from a request."""

    home: Path

    @property
    def database(self) -> Path:
        """Where the database lies."""
        return self.home / "jobs.sqlite"

    @property
    def owners(self) -> Path:
        """Where processes leave their names."""
        return self.home / "owners"

    @property
    def staging(self) -> Path:
        """Where jobs arrive."""
        return self.home / "staging"

    @property
    def held(self) -> Path:
        """Where files of jobs are held that are being backed up; they take no room, being names alone."""
        return self.home / "held"

    @property
    def jobs(self) -> Path:
        """Where accepted jobs lie."""
        return self.home / "spool"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            JobsUnavailableError: they cannot be made.
        """
        with disk_errors(f"The folder {self.home}"):
            for folder in (self.staging, self.jobs, self.owners):
                folder.mkdir(parents=True, exist_ok=True)

    def sync_names(self) -> None:
        """Make sure that the names of the database and of the folders are on the disk."""
        with disk_errors(f"The folder {self.home}"):
            sync(self.home)
            sync(self.home.parent)

    def stage(self, owner: str, job: str) -> Path:
        """A new folder for a job that is arriving."""
        with disk_errors(f"The folder {self.staging}"):
            folder = self.staging / f"{owner}-{job}"
            folder.mkdir(parents=True)
            return folder

    def keep(self, folder: Path, job: str) -> None:
        """Move a staged job to its place, synced, with the folder of its results."""
        with disk_errors(f"The folder {self.jobs}"):
            (folder / "out").mkdir(exist_ok=True)
            sync(folder)
            folder.rename(self.folder(job))
            sync(self.jobs)

    def folder(self, job: str) -> Path:
        """The folder of a job."""
        return self.jobs / job

    def result(self, job: str, position: int, token: str) -> Path:
        """The folder of a picture's result."""
        return self.folder(job) / "out" / f"{position}.{token}"

    def write_result(self, job: str, position: int, files: Iterable[tuple[str, bytes]]) -> str:
        """Write a picture's result, synced, and give its token. Until the database names it, it is nothing.

        Raises:
            StorageFullError: the disk is full; what was written is gone again.
            JobsUnavailableError: the folder cannot be written to, or the job is gone.
        """
        token = secrets.token_hex(4)
        target = self.result(job, position, token)
        part = target.with_name(target.name + ".part")
        try:
            with disk_errors(f"The folder {self.jobs}"):
                self._make_out(job)
                part.mkdir()
                for name, data in files:
                    _write(part / name, data)
                sync(part)
                part.rename(target)
                sync(target.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            shutil.rmtree(target, ignore_errors=True)
            raise
        return token

    def work(self, job: str, position: int) -> Path:
        """The folder of what there is so far of a video; it is made.

        Raises:
            JobsUnavailableError: it cannot be, or the job is gone.
        """
        with disk_errors(f"The folder {self.jobs}"):
            (self.folder(job) / WORK).mkdir(exist_ok=True)
            folder = self.folder(job) / WORK / str(position)
            folder.mkdir(exist_ok=True)
            return folder

    def keep_result(self, job: str, position: int, made: Path) -> str:
        """Make a folder of finished files the result of a video, synced, and give its token."""
        token = secrets.token_hex(4)
        with disk_errors(f"The folder {self.jobs}"):
            self._make_out(job)
            for path in made.iterdir():
                sync(path)
            sync(made)
            target = self.result(job, position, token)
            made.rename(target)
            sync(target.parent)
            shutil.rmtree(self.folder(job) / WORK / str(position), ignore_errors=True)
        return token

    def head(self, job: str, slot: Slot) -> bytes:
        """The first bytes of a picture or video.

        Raises:
            PictureLostError, JobsUnavailableError: as of :meth:`picture`.
        """
        with self._opened(job) as file:
            return head_in(file, slot)

    @contextmanager
    def moving(self, job: str, position: int, slot: Slot) -> Iterator[tuple[BinaryIO, int, int]]:
        """A video as an open file, the place in it where the video begins, and its bytes.

        Raises:
            BrokenImageError: what was packed does not unpack to what was accepted.
            PictureLostError, JobsUnavailableError: as of :meth:`picture`.
        """
        if slot.method == _STORED:
            with self._opened(job) as file:
                yield file, slot.offset, slot.size
            return
        plain = self.work(job, position) / "source"
        with disk_errors(f"The folder {self.jobs}"):
            if not plain.exists() or plain.stat().st_size != slot.size:
                plain.write_bytes(self.picture(job, slot))
            with plain.open("rb") as file:
                yield file, 0, slot.size

    @contextmanager
    def _opened(self, job: str) -> Iterator[BinaryIO]:
        """The pack of a job."""
        with disk_errors(f"The folder {self.jobs}"):
            try:
                file = (self.folder(job) / PACK).open("rb")
            except OSError as exc:
                if exc.errno not in _LOST or not self.jobs.is_dir():
                    raise
                raise _lost() from exc
        with file:
            yield file

    def _make_out(self, job: str) -> None:
        """The folder of a job's results, where a version before it was made with the job left none."""
        out = self.folder(job) / "out"
        if not out.is_dir():
            out.mkdir(exist_ok=True)
            sync(out.parent)

    def result_bytes(self, job: str, position: int, token: str) -> int:
        """Bytes that a result takes on the disk."""
        return _taken_below(self.result(job, position, token)) if token else 0

    def bytes_of(self, job: str) -> int:
        """Bytes that all of a job takes on the disk."""
        return _taken_below(self.folder(job))

    def staged_bytes(self) -> int:
        """Bytes that jobs take which are arriving."""
        with disk_errors(f"The folder {self.staging}"):
            return sum(_taken_below(folder) for folder in self.staging.iterdir())

    def drop_result(self, job: str, position: int, token: str) -> None:
        """Remove a result that does not count."""
        shutil.rmtree(self.result(job, position, token), ignore_errors=True)

    def drop_input(self, job: str, keep: Iterable[str]) -> None:
        """Remove the pictures of a job that has ended, and results that do not count.

        Raises:
            JobsUnavailableError: they cannot be removed.
        """
        out = self.folder(job) / "out"
        wanted = set(keep)
        with disk_errors(f"The folder {self.jobs}"):
            for folder in out.iterdir() if out.is_dir() else ():
                if folder.name not in wanted:
                    shutil.rmtree(folder, ignore_errors=True)
            (self.folder(job) / PACK).unlink(missing_ok=True)
        shutil.rmtree(self.folder(job) / WORK, ignore_errors=True)

    def remove(self, job: str) -> None:
        """Remove all of a job."""
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def fill_reserve(self) -> None:
        """Set room aside, where there is plenty, for removing jobs once there is none."""
        try:
            if not self.reserve.exists() and shutil.disk_usage(self.home).free > 2 * RESERVE_BYTES:
                self.reserve.write_bytes(bytes(RESERVE_BYTES))
        except OSError:
            self.spend_reserve()

    def spend_reserve(self) -> None:
        """Give that room back to the disk."""
        with contextlib.suppress(OSError):
            self.reserve.unlink()

    @property
    def reserve(self) -> Path:
        """The file that holds the room."""
        return self.home / "reserve"

    def _packed(self, job: str, slot: Slot) -> bytes:
        with (self.folder(job) / PACK).open("rb") as file:
            file.seek(slot.offset)
            return file.read(slot.packed)

    def picture(self, job: str, slot: Slot) -> bytes:
        """The bytes of a picture of a job; never more than it claimed when it was accepted.

        Raises:
            BrokenImageError: they are not what was accepted, or do not unpack to it.
            PictureLostError: the file is gone, or cannot be read.
            JobsUnavailableError: the whole store cannot be read now.
        """
        with disk_errors(f"The folder {self.jobs}"):
            try:
                packed = self._packed(job, slot)
            except OSError as exc:
                if exc.errno not in _LOST or not self.jobs.is_dir():
                    raise
                raise _lost() from exc
        try:
            data = (
                packed
                if slot.method == _STORED
                else zlib.decompressobj(-15).decompress(packed, slot.size + 1)
            )
        except zlib.error as exc:
            raise BrokenImageError(
                f"the picture in the ZIP is damaged: {exc}.", "Make the ZIP anew."
            ) from exc
        if len(data) != slot.size or zlib.crc32(data) != slot.crc:
            raise BrokenImageError("the picture's bytes do not fit their checksum.", "Send it again.")
        return data


def head_in(file: BinaryIO, slot: Slot) -> bytes:
    """The first bytes of a picture or video in an open pack; b"" where they do not unpack."""
    file.seek(slot.offset)
    packed = file.read(min(slot.packed, _LOOK))
    if slot.method == _STORED:
        return packed[:HEAD]
    try:
        return zlib.decompressobj(-15).decompress(packed, HEAD)
    except zlib.error:
        return b""  # told when it is read


def _lost() -> PictureLostError:
    return PictureLostError(
        "The picture's bytes are no more in the store of jobs, or cannot be read.", "Send the picture again."
    )


def taken(path: Path) -> int:
    """Bytes that a file or folder itself takes on the disk, 0 where it has gone.

    In whole blocks, as the system counts them; where it does not tell, in blocks of 4096 bytes.
    """
    try:
        found = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    blocks = getattr(found, "st_blocks", None)
    return -(-found.st_size // 4096) * 4096 if blocks is None else int(blocks) * 512


def _taken_below(folder: Path) -> int:
    """Bytes that a folder takes on the disk with all that is in it; what goes meanwhile takes none."""
    return taken(folder) + sum(
        taken(Path(parent, name)) for parent, folders, files in os.walk(folder) for name in (*folders, *files)
    )


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
