"""Pictures that are worked on: claimed by one process, finished once, given back when it cannot."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError
from nearfar.jobs import owner as owners
from nearfar.jobs.errors import UnsureCommitError
from nearfar.jobs.records import DONE, FAILED, Claim, Slot
from nearfar.jobs.store import end_job

if TYPE_CHECKING:
    import sqlite3

    from nearfar.jobs.owner import Owner
    from nearfar.jobs.records import Outcome
    from nearfar.jobs.store import JobStore

MAX_ATTEMPTS = 8
"""Times that a picture is begun; one whose process ends every time does not hold the others up for ever."""

_CALLER = "(SELECT name FROM callers WHERE queued > 0 ORDER BY turn, name LIMIT 1)"
_NEXT = (
    "SELECT jobs.id, jobs.caller, jobs.recipe, pictures.* FROM jobs JOIN pictures ON pictures.job = jobs.id "  # noqa: S608
    "WHERE jobs.seq = "
    f"(SELECT seq FROM jobs WHERE caller = {_CALLER} AND queued > 0 ORDER BY turn, seq LIMIT 1) "
    "AND pictures.state = 'queued' ORDER BY pictures.attempts, pictures.position LIMIT 1"
)
_ANY = "SELECT 1 FROM totals WHERE queued > 0"
_TOUCH = "UPDATE jobs SET version = version + 1 WHERE id = ? AND state IN ('queued', 'running')"
_VERSION = "(SELECT version FROM jobs WHERE id = pictures.job)"
_MINE = "job = ? AND position = ? AND state = 'running' AND owner = ? AND attempts = ?"
_GAVE_UP = {
    "type": "/docs#problem-internal",
    "title": "Something broke inside the service",
    "status": 500,
    "detail": f"The service ended {MAX_ATTEMPTS} times while it worked on this picture.",
    "hint": "The picture may need more memory than there is: make it smaller, or send it alone.",
}


class Claims:
    """The work of one process on a store."""

    def __init__(self, store: JobStore, owner: Owner) -> None:
        self._store = store
        self._owner = owner

    def take(self) -> Claim | None:
        """The next picture, or None. Callers take turns, then their jobs, then pictures in their order.

        A claim waits for no disk: where the machine ends, the picture is as it was before, and waits.
        """
        if not self._store.database.rows(_ANY):
            return None
        with self._store.database.passing() as connection:
            row = connection.execute(_NEXT).fetchone()
            if row is None:
                return None
            _begin(connection, row, self._owner.name, self._store.wall())
        slot = Slot(*(row[name] for name in ("name", "offset", "packed", "size", "method", "crc")))
        return Claim(
            row["id"],
            row["caller"],
            json.loads(row["recipe"]),
            row["position"],
            slot,
            self._owner.name,
            row["attempts"] + 1,
        )

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """Keep how a picture ended; False where it is not this claim's any more, and the result is dropped.

        Raises:
            StorageFullError: there is no room for the result; it is dropped, and the claim still stands.
        """
        size = self._store.spool.result_bytes(claim.job, claim.position, outcome.token)
        try:
            with self._store.database.transaction() as connection:
                is_kept = self._keep(connection, claim, outcome, size)
                has_ended = end_job(connection, claim.job, self._store.wall())
        except UnsureCommitError:
            raise  # a result that is not named goes when its job ends
        except NearfarError:
            self._drop(claim, outcome)
            raise
        if not is_kept:
            self._drop(claim, outcome)
        if has_ended:
            self._store.tidy_soon(claim.job)
        return is_kept

    def note(self, claim: Claim, progress: dict[str, Any]) -> bool:
        """Keep how far a video is; False where it is not this claim's any more: it was cancelled or removed.

        It waits for no disk.
        """
        with self._store.database.passing() as connection:
            connection.execute(_TOUCH, (claim.job,))
            kept = connection.execute(
                f"UPDATE pictures SET progress = ?, version = {_VERSION} WHERE {_MINE}",  # noqa: S608
                (json.dumps(progress), *_key(claim)),
            ).rowcount
        return bool(kept)

    def give_back(self, claim: Claim, *, counts: bool = False) -> None:
        """Give it back to the queue. ``counts``: the attempt stays written down."""
        with self._store.database.passing() as connection:
            connection.execute(_TOUCH, (claim.job,))
            connection.execute(
                f"UPDATE pictures SET state = 'queued', owner = NULL, attempts = attempts - ?, "  # noqa: S608
                f"version = {_VERSION} WHERE {_MINE}",
                (0 if counts else 1, *_key(claim)),
            )

    def recover(self) -> int:
        """Queue again what processes that have ended were working on; how many pictures that were.

        The database says who worked on them, whatever became of that process's file: it may be gone, as it
        is where a backup was put back, or after an end on a disk on which nothing could be written down.
        """
        folder = self._store.spool.owners
        self._owner.renew()
        rows = self._store.database.rows("SELECT DISTINCT owner FROM pictures WHERE owner IS NOT NULL")
        named = {row["owner"] for row in rows} - {self._owner.name}
        count = sum(self._take_over(name) for name in named if not owners.is_alive(folder, name))
        for name in owners.dead_owners(folder):
            owners.forget(folder, name)
        return count

    def _take_over(self, name: str) -> int:
        """Queue again what an owner that is dead was working on; how many pictures that were."""
        store = self._store
        with store.database.transaction() as connection:
            rows = connection.execute("SELECT job FROM pictures WHERE owner = ?", (name,)).fetchall()
            jobs = {row["job"] for row in rows}
            _requeue(connection, name, jobs)
            ended = [job for job in jobs if end_job(connection, job, store.wall())]
        for job in ended:
            store.tidy_soon(job)
        return len(rows)

    def _drop(self, claim: Claim, outcome: Outcome) -> None:
        """Remove a result, unless it counts after all; where that is not known, it goes when its job ends."""
        with contextlib.suppress(NearfarError):
            query = "SELECT 1 FROM pictures WHERE job = ? AND position = ? AND token = ?"
            if not self._store.database.rows(query, (claim.job, claim.position, outcome.token)):
                self._store.spool.drop_result(claim.job, claim.position, outcome.token)

    def _keep(self, connection: sqlite3.Connection, claim: Claim, outcome: Outcome, size: int) -> bool:
        state = DONE if outcome.problem is None else FAILED
        connection.execute(_TOUCH, (claim.job,))
        values = (
            state,
            outcome.token,
            json.dumps([asdict(file) for file in outcome.files]),
            json.dumps(outcome.depth),
            json.dumps(outcome.problem),
        )
        kept = connection.execute(
            f"UPDATE pictures SET state = ?, owner = NULL, token = ?, files = ?, depth = ?, problem = ?, "  # noqa: S608
            f"version = {_VERSION} WHERE {_MINE}",
            (*values, *_key(claim)),
        ).rowcount
        if not kept:
            return False
        if size:
            self._store.check_room_in(connection, size)
        connection.execute(
            f"UPDATE jobs SET {state} = {state} + 1, result_bytes = result_bytes + ? WHERE id = ?",  # noqa: S608
            (size, claim.job),
        )
        return True


def _key(claim: Claim) -> tuple[str, int, str, int]:
    return claim.job, claim.position, claim.owner, claim.attempt


def _begin(connection: sqlite3.Connection, row: sqlite3.Row, owner: str, wall: float) -> None:
    connection.execute("UPDATE totals SET turn = turn + 1")
    connection.execute(
        "UPDATE jobs SET state = 'running', started_at = COALESCE(started_at, ?), version = version + 1, "
        "turn = (SELECT turn FROM totals) WHERE id = ?",
        (wall, row["id"]),
    )
    connection.execute(
        "UPDATE callers SET turn = (SELECT turn FROM totals) WHERE name = ?",
        (row["caller"],),
    )
    connection.execute(
        f"UPDATE pictures SET state = 'running', owner = ?, attempts = attempts + 1, version = {_VERSION} "  # noqa: S608
        "WHERE job = ? AND position = ?",
        (owner, row["id"], row["position"]),
    )


def _requeue(connection: sqlite3.Connection, owner: str, jobs: set[str]) -> None:
    """Queue an owner's pictures again, and give up those that were begun too often."""
    for job in jobs:
        connection.execute(_TOUCH, (job,))
        given_up = connection.execute(
            f"UPDATE pictures SET state = 'failed', owner = NULL, problem = ?, version = {_VERSION} "  # noqa: S608
            "WHERE owner = ? AND job = ? AND attempts >= ?",
            (json.dumps(_GAVE_UP), owner, job, MAX_ATTEMPTS),
        ).rowcount
        connection.execute("UPDATE jobs SET failed = failed + ? WHERE id = ?", (given_up, job))
        connection.execute(
            f"UPDATE pictures SET state = 'queued', owner = NULL, version = {_VERSION} "  # noqa: S608
            "WHERE owner = ? AND job = ?",
            (owner, job),
        )
