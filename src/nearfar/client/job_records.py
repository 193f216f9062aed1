"""Jobs as a service tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from nearfar.client.errors import ServiceError, error_of
from nearfar.jobs.records import ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nearfar.client.answers import Answer
    from nearfar.errors import NearfarError


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file of a picture's result; its size is in bytes."""

    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class JobPicture:
    """One picture of a job.

    ``number`` counts from 1; ``depth`` says what the values mean; ``error`` says why it failed, as the error
    that the library would raise.
    """

    number: int
    name: str
    state: str
    files: tuple[JobFile, ...]
    depth: Mapping[str, Any] | None
    error: NearfarError | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a service.

    ``state``: queued, running, done, failed (every picture failed) or cancelled. ``counts``: pictures by
    state, and ``total``. ``pictures`` stands only in what ``get`` and ``wait`` give. ``bytes`` are those on
    the service's disk. ``row`` has everything that the service says of it.
    """

    id: str
    state: str
    counts: Mapping[str, int]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    bytes: int
    pipeline: Mapping[str, Any]
    pictures: tuple[JobPicture, ...]
    row: Mapping[str, Any]

    @property
    def is_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs, or one job with some of its pictures; ``after`` is where the next page begins, or ""."""

    jobs: tuple[Job, ...]
    after: str


def read_job(answer: Answer) -> Job:
    """The job of an answer.

    Raises:
        ServiceError: it holds none.
    """
    return read_page(answer).jobs[0]


def read_page(answer: Answer) -> Page:
    """A page of jobs, or of the pictures of one.

    Raises:
        ServiceError: it is none.
    """
    row = answer.json()
    try:
        jobs = tuple(_job(one) for one in row.get("jobs", [row]))
        return Page(jobs, _after(row.get("next")))
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise ServiceError(f"The answer holds no job: {exc!r}.", "Is this a nearfar service?") from exc


def _job(row: Mapping[str, Any]) -> Job:
    ended = ("started_at", "ended_at", "expires_at")
    return Job(
        id=str(row["id"]),
        state=str(row["state"]),
        counts=dict(row["counts"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        **{name: datetime.fromisoformat(row[name]) if row[name] else None for name in ended},
        bytes=int(row["bytes"]),
        pipeline=dict(row["pipeline"]),
        pictures=tuple(_picture(one) for one in row.get("pictures", ())),
        row=row,
    )


def _picture(row: Mapping[str, Any]) -> JobPicture:
    problem = row["problem"]
    files = tuple(JobFile(file["name"], file["media_type"], file["bytes"]) for file in row["files"])
    error = error_of(problem["status"], problem, 1) if problem else None
    return JobPicture(row["picture"], row["name"], row["state"], files, row["depth"], error)


def _after(link: str | None) -> str:
    return parse_qs(urlsplit(link).query)["after"][0] if link else ""
