"""A copy of a store that is in use: its jobs as they were at one moment, with every file that they need.

Files of jobs never change: they come whole, and go. While the copy holds the database nobody can end, accept
or remove a job, so that what the database names stays; in that time files are linked, not copied: services
wait for milliseconds. The links are copied to their place afterwards.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
from typing import TYPE_CHECKING

from nearfar.errors import OutputError, OutputExistsError
from nearfar.jobs.errors import disk_errors
from nearfar.jobs.owner import Owner
from nearfar.jobs.spool import PACK, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nearfar.jobs.store import JobStore


def back_up(store: JobStore, target: Path) -> int:
    """Copy a store to ``target``, a folder that is absent or empty; how many jobs that were.

    The copy is what a home has as its folder ``jobs``: a service that is started on it goes on with what was
    waiting or being worked on.

    Raises:
        OutputExistsError: there is something in the folder.
        OutputError: it cannot be written to.
        JobsUnavailableError: the store cannot be read.
        StorageFullError: the store's own disk is full.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputExistsError(f"{target} exists already.", "Name a folder that is absent or empty.")
    owner = Owner(store.spool.owners)  # where this process is killed, the sweep removes its links
    held = Spool(store.spool.held / f"{owner.name}-{secrets.token_hex(8)}")
    try:
        with disk_errors(f"The folder {store.spool.held}"):
            held.jobs.mkdir(parents=True)
            with store.database.transaction():
                _copy_database(store.spool.database, held.database)
                jobs = _link_files(store.spool, held)
        _copy_out(held.home, target)
    finally:
        shutil.rmtree(held.home, ignore_errors=True)
        owner.close()
    return jobs


def _copy_database(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(source)) as reading,
        contextlib.closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)


def _link_files(source: Spool, target: Spool) -> int:
    """Give every file that the copied database names a second name; how many jobs there are."""
    with contextlib.closing(sqlite3.connect(target.database)) as copied:
        jobs = copied.execute("SELECT id, state IN ('queued', 'running') FROM jobs").fetchall()
        for id, is_open in jobs:
            (target.folder(id) / "out").mkdir(parents=True)
            if is_open:
                _link(source.folder(id) / PACK, target.folder(id) / PACK)
        query = "SELECT job, position, token FROM pictures WHERE token <> ''"
        for job, position, token in copied.execute(query):
            _link_all(source.result(job, position, token), target.result(job, position, token))
    return len(jobs)


def _link_all(source: Path, target: Path) -> None:
    target.mkdir()
    for file in _files(source):
        _link(file, target / file.name)


def _files(folder: Path) -> Iterator[Path]:
    """The files of a result; none where somebody removed it: the copy tells of it as the store does."""
    with contextlib.suppress(FileNotFoundError):
        yield from folder.iterdir()


def _link(source: Path, target: Path) -> None:
    """A second name, or a copy where the file system has none; nothing where the file is gone."""
    with contextlib.suppress(FileNotFoundError):
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copyfile(source, target)


def _copy_out(source: Path, target: Path) -> None:
    """Copy a folder to where it is wanted; the whole of it gets its name at the end."""
    part = target.with_name(f".nearfar-{secrets.token_hex(8)}.part")
    try:
        shutil.copytree(source, part)
        with contextlib.suppress(FileNotFoundError):
            target.rmdir()  # it is empty
        part.rename(target)
    except (OSError, shutil.Error) as exc:
        shutil.rmtree(part, ignore_errors=True)
        raise OutputError(f"Cannot write {target}: {exc}.", "Choose another place.") from exc
