"""The spool: the bytes of jobs on disk, each file synced before the database tells of it.

HOME/jobs/jobs.sqlite          the database
HOME/jobs/owners/NAME          a process that works on jobs
HOME/jobs/staging/OWNER-ID/    a job that is arriving
HOME/jobs/spool/ID/pack        the pictures of a job, one behind the other
HOME/jobs/spool/ID/out/N.TOKEN/FILE  the result of picture N
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import BrokenImageError
from nearfar.jobs.errors import disk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nearfar.jobs.records import Slot

PACK = "pack"
_STORED, _DEFLATED = 0, 8
METHODS = (_STORED, _DEFLATED)


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
        """Move a staged job to its place, synced."""
        with disk_errors(f"The folder {self.jobs}"):
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
                target.parent.mkdir(exist_ok=True)
                part.mkdir()
                for name, data in files:
                    _write(part / name, data)
                sync(part)
                part.rename(target)
                sync(target.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return token

    def drop_result(self, job: str, position: int, token: str) -> None:
        """Remove a result that does not count."""
        shutil.rmtree(self.result(job, position, token), ignore_errors=True)

    def drop_input(self, job: str, keep: Iterable[str]) -> None:
        """Remove the pictures of a job that has ended, and results that do not count."""
        (self.folder(job) / PACK).unlink(missing_ok=True)
        out = self.folder(job) / "out"
        wanted = set(keep)
        for folder in out.iterdir() if out.is_dir() else ():
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)

    def remove(self, job: str) -> None:
        """Remove all of a job."""
        shutil.rmtree(self.folder(job), ignore_errors=True)

    def picture(self, job: str, slot: Slot) -> bytes:
        """The bytes of a picture of a job; never more than it claimed when it was accepted.

        Raises:
            BrokenImageError: they are not what was accepted, or do not unpack to it.
        """
        with disk_errors(f"The folder {self.jobs}"), (self.folder(job) / PACK).open("rb") as file:
            file.seek(slot.offset)
            packed = file.read(slot.packed)
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


def sync(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on the disk."""
    if sys.platform == "win32" and path.is_dir():
        return  # there is no such thing
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
