"""The store of jobs: taken in, looked at, cancelled, removed."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError, OutputError
from nearfar.jobs.database import Database
from nearfar.jobs.errors import (
    JobsUnavailableError,
    KeyReusedError,
    NoSuchJobError,
    StorageFullError,
    UnsureCommitError,
    disk_errors,
    quota_full,
    too_many_jobs,
)
from nearfar.jobs.records import CANCELLED, DONE, ENDED, FAILED, QUEUED, RUNNING, Job, PictureRow, ResultFile
from nearfar.jobs.spool import Spool
from nearfar.machine.files import locked

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from nearfar.jobs.records import Draft
    from nearfar.settings import Settings

_RUNNING = "(SELECT COUNT(*) FROM pictures p WHERE p.job = jobs.id AND p.state = 'running') AS running"
_JOB = f"SELECT jobs.*, {_RUNNING}, (SELECT seconds FROM clock) AS now FROM jobs"  # noqa: S608 - no values


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Bytes on the disk for all jobs, seconds that results are kept, jobs of one caller under way."""

    quota_bytes: int
    ttl_s: float
    jobs_per_caller: int = 1000


class JobStore:
    """The jobs of one home. Threads and processes may use it at the same time.

    Every method raises JobsUnavailableError where the database cannot be used, and StorageFullError where the
    disk is full. ``caller`` is who asks; None may see every job.
    """

    def __init__(self, spool: Spool, limits: StoreLimits, wall: Callable[[], float] = time.time) -> None:
        spool.prepare()
        self.spool = spool
        self.limits = limits
        self.wall = wall
        try:
            with (
                disk_errors(f"The folder {spool.home}"),
                locked(spool.home / "open.lock"),  # two processes must not both make the database
            ):
                self.database = Database(spool.database)
                spool.sync_names()
        except OutputError as exc:
            raise JobsUnavailableError(exc.message, exc.hint) from exc

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def submit(self, draft: Draft, folder: Path) -> tuple[Job, bool]:
        """Accept a job that is staged in ``folder``: when this returns, it survives any end of the process.

        Gives the job, and False where its idempotency key had brought the same one before.

        Raises:
            KeyReusedError: the key came before with something else.
            TooManyJobsError: the caller has as many under way as may be.
            StorageFullError: the quota or the disk has no room; nothing is kept.
        """
        known = self._known(draft)
        if known is not None:
            return known, False
        self.spool.keep(folder, draft.id)
        try:
            with self.database.transaction() as connection:
                if (seq := _same_key(connection, draft)) is None:
                    self._check_caller(connection, draft.caller)
                    size = self.spool.bytes_of(draft.id)
                    self.check_room_in(connection, size)
                    _insert(connection, draft, size, self.wall())
        except UnsureCommitError:
            raise  # the sweep removes it, once it is known that nobody knows it
        except BaseException:
            self._withdraw(draft.id)
            raise
        if seq is not None:  # the same request came twice at once, and the other one was first
            self.spool.remove(draft.id)
            return self._by_seq(seq), False
        return self.job(draft.id), True

    def check_room(self, count: int) -> None:
        """Raise StorageFullError where ``count`` more bytes go over the quota."""
        if self.used_bytes() + count > self.limits.quota_bytes:
            raise quota_full(self.limits.quota_bytes)

    def check_room_in(self, connection: sqlite3.Connection, count: int) -> None:
        """The same within a transaction."""
        used = _used(connection.execute(_USED).fetchall()) + self.spool.staged_bytes()
        if used + count > self.limits.quota_bytes:
            raise quota_full(self.limits.quota_bytes)

    def check_caller(self, caller: str, key: str = "") -> None:
        """Raise TooManyJobsError where a caller's job would be one too many; not where its key is known."""
        query = "SELECT 1 FROM jobs WHERE caller = ? AND key = ?"
        if not (key and self.database.rows(query, (caller, key))):
            with self.database.reading() as connection:
                self._check_caller(connection, caller)

    def used_bytes(self) -> int:
        """Bytes on the disk that all jobs take, with those that are arriving."""
        return _used(self.database.rows(_USED)) + self.spool.staged_bytes()

    def job(self, id: str, caller: str | None = None) -> Job:
        """A job.

        Raises:
            NoSuchJobError: there is none, or it belongs to another caller.
        """
        rows = self.database.rows(f"{_JOB} WHERE id = ?", (id,))
        if not rows or caller not in {None, rows[0]["caller"]}:
            raise _no_such(id)
        return self._job(rows[0])

    def jobs(self, caller: str | None = None, state: str = "", after: int = 0, limit: int = 100) -> list[Job]:
        """Jobs, the newest first; ``after``: those before the one of this number."""
        conditions = {"caller = ?": caller, "state = ?": state or None, "seq < ?": after or None}
        given = {text: value for text, value in conditions.items() if value is not None}
        where = " AND ".join(given) or "1"
        query = f"{_JOB} WHERE {where} ORDER BY seq DESC LIMIT ?"
        return [self._job(row) for row in self.database.rows(query, [*given.values(), limit])]

    def pictures(self, id: str, after: int = 0, limit: int = 100, since: int = 0) -> list[PictureRow]:
        """Pictures of a job behind position ``after``, that changed after version ``since``."""
        query = (
            "SELECT * FROM pictures WHERE job = ? AND position > ? AND version > ? ORDER BY position LIMIT ?"
        )
        return [_picture(row) for row in self.database.rows(query, (id, after, since, limit))]

    def changes(self, id: str, since: int, limit: int) -> list[PictureRow]:
        """Pictures that were begun, done or failed after version ``since``, in the order in which they were.

        (A version belongs to one of them: what changes many at once, such as cancelling, is left out.)
        """
        query = (
            "SELECT * FROM pictures WHERE job = ? AND version > ? AND state IN ('running', 'done', 'failed') "
            "ORDER BY version, position LIMIT ?"
        )
        return [_picture(row) for row in self.database.rows(query, (id, since, limit))]

    def picture(self, id: str, position: int) -> PictureRow:
        """One picture of a job.

        Raises:
            NoSuchJobError: there is none.
        """
        found = self.pictures(id, position - 1, 1)
        if not found or found[0].position != position:
            raise NoSuchJobError(f"The job has no picture {position}.", "Pictures are counted from 1.")
        return found[0]

    def cancel(self, id: str, caller: str | None = None) -> Job:
        """Cancel what is not done of a job; one that has ended stays as it is.

        Raises:
            NoSuchJobError: there is none, or it belongs to another caller.
        """
        job = self.job(id, caller)
        if not job.is_ended:
            with self.database.transaction() as connection:
                _cancel(connection, id, self.wall())
            self.tidy_soon(id)
        return self.job(id)

    def remove(self, id: str, caller: str | None = None) -> None:
        """Cancel a job and remove all of it.

        Raises:
            NoSuchJobError: there is none, or it belongs to another caller.
        """
        self.job(id, caller)
        try:
            self._forget(id)
        except StorageFullError:  # even saying that it is gone takes room
            self.spool.spend_reserve()
            self._forget(id)
        self.spool.remove(id)

    def _forget(self, id: str) -> None:
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (id,))

    def tidy(self, id: str) -> None:
        """Free what a job that has ended needs no more."""
        rows = self.database.rows("SELECT position, token FROM pictures WHERE job = ? AND token <> ''", (id,))
        self.spool.drop_input(id, (f"{row['position']}.{row['token']}" for row in rows))
        left = self.spool.bytes_of(id)
        with self.database.transaction() as connection:
            query = "UPDATE jobs SET input_bytes = 0, result_bytes = ? WHERE id = ?"
            connection.execute(query, (left, id))

    def tidy_soon(self, id: str) -> None:
        """The same, or when the store is next kept in order, where the disk does not let it now."""
        with contextlib.suppress(NearfarError):
            self.tidy(id)

    def untidy(self) -> list[str]:
        """Jobs that have ended and still hold what they need no more: a process was killed in between."""
        query = "SELECT id FROM jobs WHERE ended_clock IS NOT NULL AND input_bytes > 0"
        return [row["id"] for row in self.database.rows(query)]

    def counts(self) -> dict[str, int]:
        """Jobs by state; cheap."""
        rows = self.database.rows("SELECT state, COUNT(*) AS count FROM jobs GROUP BY state")
        return dict.fromkeys((QUEUED, RUNNING, *ENDED), 0) | {row["state"]: row["count"] for row in rows}

    def pictures_waiting(self) -> int:
        """Pictures of all jobs that are not done yet; cheap."""
        query = "SELECT queued + (SELECT COUNT(*) FROM pictures WHERE owner IS NOT NULL) AS count FROM totals"
        return int(self.database.rows(query)[0]["count"])

    def _withdraw(self, id: str) -> None:
        """Remove a job that was not accepted; where that cannot be asked, the sweep does."""
        with contextlib.suppress(NearfarError):
            if not self.database.rows("SELECT 1 FROM jobs WHERE id = ?", (id,)):
                self.spool.remove(id)

    def _known(self, draft: Draft) -> Job | None:
        """The job that an idempotency key brought before."""
        with self.database.reading() as connection:
            seq = _same_key(connection, draft)
        return None if seq is None else self._by_seq(seq)

    def _by_seq(self, seq: int) -> Job:
        return self._job(self.database.rows(f"{_JOB} WHERE seq = ?", (seq,))[0])

    def _check_caller(self, connection: sqlite3.Connection, caller: str) -> None:
        row = connection.execute("SELECT open FROM callers WHERE name = ?", (caller,)).fetchone()
        if row is not None and row["open"] >= self.limits.jobs_per_caller:
            raise too_many_jobs(self.limits.jobs_per_caller)

    def _job(self, row: sqlite3.Row) -> Job:
        ended = {name: int(row[name]) for name in (DONE, FAILED, CANCELLED)}
        running = int(row["running"])
        queued = row["total"] - running - sum(ended.values())
        expires = None
        if row["ended_clock"] is not None:
            expires = self.wall() + self.limits.ttl_s - (row["now"] - row["ended_clock"])
        same = ("seq", "id", "caller", "state", "total", "created_at", "started_at", "ended_at", "version")
        return Job(
            **{name: row[name] for name in (*same, "skipped")},
            pipeline=json.loads(row["recipe"]),
            counts={"total": row["total"], QUEUED: queued, RUNNING: running, **ended},
            expires_at=expires,
            bytes=row["input_bytes"] + row["result_bytes"],
        )


_USED = "SELECT bytes AS used FROM totals"


def open_jobs(settings: Settings) -> JobStore:
    """The store of a home; it is made where there is none.

    Raises:
        JobsUnavailableError: it is damaged, read-only or of a newer version.
        StorageFullError: the disk is full.
    """
    limits = StoreLimits(settings.job_quota_bytes, settings.job_ttl, settings.jobs_per_caller)
    return JobStore(spool_of(settings), limits)


def spool_of(settings: Settings) -> Spool:
    """The folder ``jobs`` of the setting ``home``; of the user's data folder, where none is set.

    Not of the cache folder: what empties a cache must not lose what was accepted.
    """
    if settings.home:
        return Spool(Path(settings.home).expanduser() / "jobs")
    from platformdirs import user_data_path

    return Spool(user_data_path("nearfar", appauthor=False) / "jobs")


def end_job(connection: sqlite3.Connection, id: str, wall: float) -> bool:
    """Give a job its last state, where nothing of it is left to do; True where it has ended now."""
    query = (
        "UPDATE jobs SET state = CASE WHEN done > 0 THEN 'done' ELSE 'failed' END, ended_at = ?, "
        "ended_clock = (SELECT seconds FROM clock), version = version + 1 "
        "WHERE id = ? AND state IN ('queued', 'running') AND done + failed + cancelled = total"
    )
    return connection.execute(query, (wall, id)).rowcount == 1


def _used(rows: list[sqlite3.Row]) -> int:
    return int(rows[0]["used"])


def _no_such(id: str) -> NoSuchJobError:
    shown = id if id.isalnum() and len(id) <= 40 else "of that id"
    return NoSuchJobError(f"There is no job {shown}.", "It may have expired; GET /v1/jobs lists yours.")


def _same_key(connection: sqlite3.Connection, draft: Draft) -> int | None:
    """Number of the job that the draft's key brought before; KeyReusedError where that was another."""
    if not draft.key:
        return None
    query = "SELECT seq, digest FROM jobs WHERE caller = ? AND key = ?"
    row = connection.execute(query, (draft.caller, draft.key)).fetchone()
    if row is None:
        return None
    if row["digest"] != draft.digest:
        raise KeyReusedError(
            "This Idempotency-Key came before with other pictures or another pipeline.",
            "Take a new key for a new job.",
        )
    return int(row["seq"])


def _insert(connection: sqlite3.Connection, draft: Draft, size: int, wall: float) -> None:
    connection.execute(
        "INSERT INTO jobs "
        "(id, caller, state, recipe, total, queued, skipped, created_at, input_bytes, key, digest) "
        "VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(draft.id, draft.caller, json.dumps(draft.pipeline), len(draft.slots), len(draft.slots)),
            *(draft.skipped, wall, size, draft.key or None, draft.digest),
        ),
    )
    connection.executemany(
        "INSERT INTO pictures (job, position, name, offset, packed, size, method, crc) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (draft.id, place, slot.name, slot.offset, slot.packed, slot.size, slot.method, slot.crc)
            for place, slot in enumerate(draft.slots, 1)
        ),
    )


def _cancel(connection: sqlite3.Connection, id: str, wall: float) -> None:
    changed = connection.execute(
        "UPDATE pictures SET state = 'cancelled', owner = NULL, "
        "version = (SELECT version + 1 FROM jobs WHERE id = pictures.job) "
        "WHERE job = ? AND state IN ('queued', 'running')",
        (id,),
    ).rowcount
    connection.execute(
        "UPDATE jobs SET state = 'cancelled', cancelled = cancelled + ?, ended_at = ?, "
        "ended_clock = (SELECT seconds FROM clock), version = version + 1 "
        "WHERE id = ? AND state IN ('queued', 'running')",
        (changed, wall, id),
    )


def _picture(row: sqlite3.Row) -> PictureRow:
    same = ("job", "position", "name", "state", "version", "attempts")
    plain: dict[str, Any] = {name: row[name] for name in same}
    return PictureRow(
        **plain,
        token=row["token"] or "",
        files=tuple(ResultFile(**file) for file in json.loads(row["files"] or "[]")),
        depth=json.loads(row["depth"] or "null"),
        problem=json.loads(row["problem"] or "null"),
        progress=json.loads(row["progress"] or "null"),
    )
