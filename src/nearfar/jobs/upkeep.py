"""What keeps a store in order while a service runs: its own clock, expiry, leftovers."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nearfar.jobs.owner import dead_owners

if TYPE_CHECKING:
    from collections.abc import Callable

    from nearfar.jobs.store import JobStore

LEFTOVER_S = 600.0
"""A folder that no job knows for that long has no owner: its process ended before it was accepted."""
_AT_ONCE = 20
"""Jobs that expire in one transaction: others want the database meanwhile."""


@dataclass(slots=True)
class Upkeep:
    """The store's clock counts the seconds in which a service runs.

    It moves on with the wall clock, but never by more than has passed on this process's steady clock: where
    the wall clock jumps, nothing expires early, and nothing is kept for ever.
    """

    store: JobStore
    steady: Callable[[], float] = time.monotonic
    _ticked_at: float | None = None
    _unknown: dict[str, float] = field(default_factory=dict)

    def tick(self) -> None:
        """Move the clock on, remove what has expired, and what jobs that have ended need no more."""
        now = self.steady()
        passed = 0.0 if self._ticked_at is None else now - self._ticked_at
        with self.store.database.transaction() as connection:
            row = connection.execute("SELECT seconds, wall FROM clock").fetchone()
            wall = self.store.wall()
            moved = min(max(wall - row["wall"], 0.0), passed)
            connection.execute("UPDATE clock SET seconds = seconds + ?, wall = ?", (moved, wall))
        self._ticked_at = now
        self.expire()
        for id in self.store.untidy():
            self.store.tidy(id)
        self.store.spool.fill_reserve()

    def expire(self) -> list[str]:
        """Remove the jobs whose results are older than they are kept; their ids."""
        query = "SELECT id FROM jobs WHERE ended_clock <= (SELECT seconds FROM clock) - ? LIMIT ?"
        gone: list[str] = []
        while rows := self.store.database.rows(query, (self.store.limits.ttl_s, _AT_ONCE)):
            with self.store.database.transaction() as connection:
                connection.executemany("DELETE FROM jobs WHERE id = ?", [(row["id"],) for row in rows])
            for row in rows:
                self.store.spool.remove(row["id"])
            gone += [row["id"] for row in rows]
        return gone

    def sweep(self) -> None:
        """Remove what processes left behind that ended while a job arrived, or was removed."""
        spool = self.store.spool
        places = [place for place in (spool.staging, spool.held) if place.is_dir()]
        staged = [folder for place in places for folder in place.iterdir()]
        # before the owners: who stages has a name by then
        live = {path.name for path in spool.owners.iterdir()} - set(dead_owners(spool.owners))
        for folder in staged:
            if folder.name.partition("-")[0] not in live:
                shutil.rmtree(folder, ignore_errors=True)
        known = {row["id"] for row in self.store.database.rows("SELECT id FROM jobs")}
        found = {folder.name for folder in spool.jobs.iterdir()} - known
        now = self.steady()
        self._unknown = {name: self._unknown.get(name, now) for name in found}
        for name, since in self._unknown.items():
            if now - since >= LEFTOVER_S:
                spool.remove(name)
