"""The tables of the job database: the steps from an empty file to today's.

Whoever claims a picture holds the database, so that a claim must cost the same with ten pictures waiting and
with a million. ``callers`` and ``totals`` therefore keep what would have to be counted, and triggers keep
them true: no statement can forget to.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = """
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
    """

_COUNTED = """
    ALTER TABLE jobs ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
    UPDATE jobs SET queued = (SELECT COUNT(*) FROM pictures WHERE job = jobs.id AND state = 'queued');
    UPDATE jobs SET
        input_bytes = CASE WHEN input_bytes > 0 THEN (input_bytes + 4095) / 4096 * 4096 + 4096 ELSE 0 END,
        result_bytes = (result_bytes + 4095) / 4096 * 4096 + 8192 * done;
    CREATE TABLE callers (
        name TEXT PRIMARY KEY,
        jobs INTEGER NOT NULL DEFAULT 0,
        open INTEGER NOT NULL DEFAULT 0,
        queued INTEGER NOT NULL DEFAULT 0,
        turn INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    INSERT INTO callers SELECT caller, COUNT(*), SUM(state IN ('queued', 'running')), SUM(queued), MAX(turn)
        FROM jobs GROUP BY caller;
    CREATE TABLE totals (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        bytes INTEGER NOT NULL,
        queued INTEGER NOT NULL,
        turn INTEGER NOT NULL
    );
    INSERT INTO totals SELECT 1, COALESCE(SUM(input_bytes + result_bytes), 0), COALESCE(SUM(queued), 0),
        COALESCE(MAX(turn), 0) FROM jobs;
    CREATE INDEX callers_by_turn ON callers (turn, name) WHERE queued > 0;
    CREATE INDEX jobs_by_turn ON jobs (caller, turn, seq) WHERE queued > 0;
    CREATE INDEX jobs_by_caller ON jobs (caller, seq);
    CREATE INDEX jobs_by_end ON jobs (ended_clock) WHERE ended_clock IS NOT NULL;
    CREATE INDEX jobs_untidy ON jobs (id) WHERE ended_clock IS NOT NULL AND input_bytes > 0;
    CREATE TRIGGER picture_moves AFTER UPDATE OF state ON pictures
    WHEN (old.state = 'queued') <> (new.state = 'queued') BEGIN
        UPDATE jobs SET queued = queued + (new.state = 'queued') - (old.state = 'queued') WHERE id = new.job;
    END;
    CREATE TRIGGER job_comes AFTER INSERT ON jobs BEGIN
        INSERT OR IGNORE INTO callers (name) VALUES (new.caller);
        UPDATE callers SET jobs = jobs + 1, open = open + (new.state IN ('queued', 'running')),
            queued = queued + new.queued WHERE name = new.caller;
        UPDATE totals SET bytes = bytes + new.input_bytes + new.result_bytes, queued = queued + new.queued;
    END;
    CREATE TRIGGER job_changes AFTER UPDATE OF state, queued ON jobs
    WHEN new.queued <> old.queued OR new.state <> old.state BEGIN
        UPDATE callers SET queued = queued + new.queued - old.queued,
            open = open + (new.state IN ('queued', 'running')) - (old.state IN ('queued', 'running'))
            WHERE name = new.caller;
        UPDATE totals SET queued = queued + new.queued - old.queued;
    END;
    CREATE TRIGGER job_grows AFTER UPDATE OF input_bytes, result_bytes ON jobs BEGIN
        UPDATE totals SET bytes = bytes + new.input_bytes + new.result_bytes
            - old.input_bytes - old.result_bytes;
    END;
    CREATE TRIGGER job_goes AFTER DELETE ON jobs BEGIN
        UPDATE callers SET jobs = jobs - 1, open = open - (old.state IN ('queued', 'running')),
            queued = queued - old.queued WHERE name = old.caller;
        DELETE FROM callers WHERE name = old.caller AND jobs = 0;
        UPDATE totals SET bytes = bytes - old.input_bytes - old.result_bytes, queued = queued - old.queued;
    END;
    """
"""``callers``: whose turn it is (``turn``: of the picture begun last), jobs that have not ended (``open``),
pictures that wait. ``totals``: bytes on the disk, pictures that wait, pictures ever begun.

Bytes were those of files, and are now those of blocks: what is there is rounded up, with its folders."""

_MOVING = "ALTER TABLE pictures ADD COLUMN progress TEXT;"
"""How far a video is, as JSON; NULL for photos."""

MIGRATIONS = (_FIRST, _COUNTED, _MOVING)
"""The steps, oldest first; one that was released is never changed."""


def statements(step: str) -> Iterator[str]:
    """The statements of a step one by one; those of a trigger stay together."""
    held = ""
    for piece in step.split(";")[:-1]:
        held += piece + ";"
        if sqlite3.complete_statement(held):
            yield held
            held = ""
