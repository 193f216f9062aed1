"""The job database: SQLite with a write-ahead log, what must last synced, one connection for all threads."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from nearfar.jobs.errors import JobsUnavailableError, UnsureCommitError, disk_errors, disk_full
from nearfar.jobs.schema import MIGRATIONS, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

_WAIT_S = 20
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMMAP")
"""The last two: the index of the log, which lies in a file too, cannot grow."""
_LOG_BYTES, _LOG_PAGES = 2**20, 8000
"""From where on upkeep brings the log into the database, and from where on a transaction does it itself."""
_WAY_OUT = (
    "Stop the service, then put a backup of the folder in its place, or move the folder away to begin with "
    "an empty one. Nothing was deleted."
)


class Database:
    """One open database. Threads may share it; processes each open their own.

    Raises:
        JobsUnavailableError: the file is damaged, read-only or of a newer version.
        StorageFullError: the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
        try:
            with self._translated():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close it; the log is merged into the file where no other process has it open."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def passing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that no disk is waited for: it lasts with the next one that is synced.

        It survives the end of the process. Where the machine ends it may be undone: for what may be.
        """
        return self.transaction("NORMAL")

    @contextlib.contextmanager
    def transaction(self, synced: str = "FULL") -> Iterator[sqlite3.Connection]:
        """Everything done within is kept together, synced to the disk, or not at all."""
        with self._lock, self._translated():
            self._connection.execute(f"PRAGMA synchronous = {synced}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # what went wrong first is what is told
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For queries alone; nobody is held up."""
        with self._lock, self._translated():
            yield self._connection

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock, self._translated():
            return self._connection.execute(query, values).fetchall()

    def checkpoint(self) -> None:
        """Bring a log that has grown into the database, so that no transaction has to; none waits for it."""
        log = self._path.with_name(self._path.name + "-wal")
        with self._translated():
            if not log.is_file() or log.stat().st_size < _LOG_BYTES:
                return
            with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        run("PRAGMA foreign_keys = ON")
        found = [row[0] for row in run("PRAGMA quick_check(1)")]
        if found != ["ok"]:
            raise self._damaged(found[0])
        self._migrate()

    def _migrate(self) -> None:
        with self.transaction() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise JobsUnavailableError(
                    f"The job database {self._path} was made by a newer version of nearfar.",
                    "Run that version, or choose another NEARFAR_HOME.",
                )
            for step in MIGRATIONS[version:]:
                for statement in statements(step):
                    connection.execute(statement)
            if version < len(MIGRATIONS):  # a store that is up to date opens on a full disk, too
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate what SQLite says."""
        try:
            with disk_errors(f"The job database {self._path}"):
                yield
        except sqlite3.Error as exc:
            name = getattr(exc, "sqlite_errorname", "")
            if name.startswith(_NO_ROOM):
                raise disk_full() from exc
            if name.endswith("FSYNC"):
                raise UnsureCommitError(
                    f"The disk failed while the job database {self._path} was written: {exc}.",
                    "Look after the disk; the service goes on where it was, and nothing accepted is lost.",
                ) from exc
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise self._busy() from exc
            if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                raise self._damaged(str(exc)) from exc
            raise JobsUnavailableError(
                f"The job database {self._path} cannot be used: {exc}.",
                "Make its folder writable for the service, or choose another NEARFAR_HOME.",
            ) from exc

    def _busy(self) -> JobsUnavailableError:
        return JobsUnavailableError(
            f"The job database {self._path} is held by another process, for more than {_WAIT_S} s.",
            "Nothing was changed: try again in a moment. Where it lasts, end the program that holds it.",
        )

    def _damaged(self, reason: str) -> JobsUnavailableError:
        return JobsUnavailableError(f"The job database {self._path} is damaged: {reason}.", _WAY_OUT)
