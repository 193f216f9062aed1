"""Jobs as plain values, the progress of one as events, and what the routes of jobs are asked."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nearfar.errors import NearfarError, ParameterError
from nearfar.jobs.bundle import describe as describe_picture
from nearfar.jobs.errors import NoSuchJobError
from nearfar.jobs.records import STATES, shown
from nearfar.options import option, parse
from nearfar.service.request.query import single_values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from nearfar.jobs.records import Job, PictureRow
    from nearfar.service.jobs.worker import Jobs

MOST_ROWS = 1000
LOOK_S = 0.3
HEARTBEAT_S = 15.0
"""A stream of progress says so often that it is there: proxies close what is silent."""
_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,200})"?')
_NUMBER = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True)
class SubmitQuery:
    """The query of ``POST /v1/jobs``."""

    pipeline: str = option("", "The pipeline as JSON; it may come as a multipart field of that name instead.")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query of ``GET /v1/jobs``."""

    state: str | None = option(None, "Only jobs in this state.", choices=STATES)
    after: int = option(0, "Go on behind this place, as `next` gives it.", low=0, high=2**53)
    limit: int = option(100, "Most jobs in the answer.", low=1, high=MOST_ROWS)


@dataclass(frozen=True, slots=True)
class ShowQuery:
    """The query of ``GET /v1/jobs/{id}``."""

    after: int = option(0, "Pictures behind this one, as `next` gives it.", low=0, high=2**53)
    limit: int = option(100, "Most pictures in the answer.", low=0, high=MOST_ROWS)


@dataclass(frozen=True, slots=True)
class FileQuery:
    """The query of ``GET /v1/jobs/{id}/results/{picture}``."""

    file: str = option(
        "",
        "Name of the file; the first of the pipeline where it is absent. While a video is worked on, "
        "preview.jpg is its newest picture.",
    )


def read_query(request: Request, cls: type) -> Any:
    """The query of a request.

    Raises:
        ParameterError: an unknown or repeated parameter, or a value out of its range.
    """
    return parse(cls, single_values(request))


def idempotency_key(request: Request) -> str:
    """The ``Idempotency-Key`` of a request, or "".

    Raises:
        ParameterError: it is no key.
    """
    given = request.headers.getlist("idempotency-key")
    if not given:
        return ""
    found = _KEY.fullmatch(given[0].strip())
    if len(given) > 1 or found is None:
        raise ParameterError(
            "Idempotency-Key is not 1 to 200 printable characters.", "A UUID is fine.", "Idempotency-Key"
        )
    return found[1]


def position_of(text: str) -> int:
    """The number of a picture in an address.

    Raises:
        NoSuchJobError: it is none.
    """
    if not _NUMBER.fullmatch(text):
        raise NoSuchJobError("There is no such picture.", "Pictures are counted from 1.")
    return int(text)


def show(job: Job, root: str) -> dict[str, Any]:
    """A job without its pictures; ``root`` is what a proxy serves the service under."""
    at = f"{root}/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "state": job.state,
        "counts": job.counts,
        "created_at": _time(job.created_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "expires_at": _time(job.expires_at),
        "bytes": job.bytes,
        "skipped": job.skipped,
        "pipeline": shown(job.pipeline),
        "links": {"self": at, "events": f"{at}/events", "results": f"{at}/results", "cancel": f"{at}/cancel"},
    }


def show_with_pictures(job: Job, rows: list[PictureRow], query: ShowQuery, root: str) -> dict[str, Any]:
    """A job with a page of its pictures."""
    is_more = bool(rows) and rows[-1].position < job.counts["total"]
    at = f"{root}/v1/jobs/{job.id}"
    more = f"{at}?after={rows[-1].position}&limit={query.limit}" if is_more else None
    return show(job, root) | {"pictures": [describe_picture(row) for row in rows], "next": more}


def show_list(jobs: list[Job], query: ListQuery, root: str) -> dict[str, Any]:
    """A page of jobs."""
    state = f"&state={query.state}" if query.state else ""
    is_more = len(jobs) == query.limit
    more = f"{root}/v1/jobs?after={jobs[-1].seq}&limit={query.limit}{state}" if is_more else None
    return {"jobs": [show(job, root) for job in jobs], "next": more}


async def progress(jobs: Jobs, id: str, since: int, root: str) -> AsyncIterator[bytes]:
    """Server-sent events behind version ``since``, until the job ends, is gone, or the service stops."""
    said_at = time.monotonic()
    while not jobs.is_closing:
        try:
            job, rows = await asyncio.to_thread(_changes, jobs, id, since)
        except NoSuchJobError:
            yield _event("removed", since, {"id": id})
            return
        except NearfarError:  # the store is gone: who listens comes back, and is told why
            return
        for row in rows:
            yield _event("picture", row.version, describe_picture(row))
        if job.version > since and len(rows) < MOST_ROWS:
            yield _event("end" if job.is_ended else "progress", job.version, show(job, root))
        since = max(since, rows[-1].version if len(rows) == MOST_ROWS else job.version)
        if job.is_ended and len(rows) < MOST_ROWS:
            return
        if rows:
            said_at = time.monotonic()
        elif time.monotonic() - said_at >= HEARTBEAT_S:
            said_at = time.monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(LOOK_S)


def _changes(jobs: Jobs, id: str, since: int) -> tuple[Job, list[PictureRow]]:
    """The job, then the pictures that changed: what changes in between is told twice, never missed."""
    store = jobs.open().store
    job = store.job(id)
    return job, store.changes(id, since, MOST_ROWS)


def _event(name: str, id: int, data: dict[str, Any]) -> bytes:
    return f"event: {name}\nid: {id}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _time(seconds: float | None) -> str | None:
    """As RFC 3339 writes it, in UTC."""
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    )
