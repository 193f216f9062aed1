"""The job database: SQLite with a write-ahead log, every commit synced, one connection for all threads."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from nearfar.jobs.errors import JobsUnavailableError, disk_errors, disk_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_WAIT_S = 20
_WAY_OUT = (
    "Stop the service, then put a backup of the folder in its place, or move the folder away to begin with "
    "an empty one. Nothing was deleted."
)

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), seconds REAL NOT NULL, wall REAL NOT NULL);
    INSERT INTO clock VALUES (1, 0, 0);
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        caller TEXT NOT NULL,
        state TEXT NOT NULL,
        recipe TEXT NOT NULL,
        total INTEGER NOT NULL,
        done INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        cancelled INTEGER NOT NULL DEFAULT 0,
        skipped INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL,
        started_at REAL,
        ended_at REAL,
        ended_clock REAL,
        input_bytes INTEGER NOT NULL,
        result_bytes INTEGER NOT NULL DEFAULT 0,
        key TEXT,
        digest TEXT NOT NULL,
        version INTEGER NOT NULL DEFAULT 1,
        turn INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX jobs_by_key ON jobs (caller, key) WHERE key IS NOT NULL;
    CREATE INDEX jobs_by_state ON jobs (state);
    CREATE TABLE pictures (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        offset INTEGER NOT NULL,
        packed INTEGER NOT NULL,
        size INTEGER NOT NULL,
        method INTEGER NOT NULL,
        crc INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'queued',
        attempts INTEGER NOT NULL DEFAULT 0,
        owner TEXT,
        token TEXT,
        files TEXT,
        depth TEXT,
        problem TEXT,
        version INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (job, position)
    ) WITHOUT ROWID;
    CREATE INDEX pictures_by_state ON pictures (job, state, attempts, position);
    CREATE INDEX pictures_by_owner ON pictures (owner) WHERE owner IS NOT NULL;
    """,
)
"""The steps from an empty database to today's; a step that was released is never changed."""


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

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything done within is kept together, synced to the disk, or not at all."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock, self._translated():
            return self._connection.execute(query, values).fetchall()

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
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
                for statement in filter(str.strip, step.split(";")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate what SQLite says."""
        try:
            with disk_errors(f"The job database {self._path}"):
                yield
        except sqlite3.Error as exc:
            name = getattr(exc, "sqlite_errorname", "")
            if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR_WRITE"):
                raise disk_full() from exc
            if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
                raise self._damaged(str(exc)) from exc
            raise JobsUnavailableError(
                f"The job database {self._path} cannot be used: {exc}.",
                "Make its folder writable for the service, or choose another NEARFAR_HOME.",
            ) from exc

    def _damaged(self, reason: str) -> JobsUnavailableError:
        return JobsUnavailableError(f"The job database {self._path} is damaged: {reason}.", _WAY_OUT)
