"""What the store gives: jobs, their pictures, and where a picture's bytes lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)
"""States of a job, and of a picture in it. A job is failed only where every picture failed."""
ENDED = (DONE, FAILED, CANCELLED)


FILES = "files"
"""The member of a kept pipeline that says where the files of its options lie: a row of :class:`Slot` each."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One picture within a job's pack of inputs.

    ``offset``, ``packed``: its bytes in the pack. ``size``: bytes once unpacked. ``method``: 0 as it is,
    8 deflated (the numbers of ZIP). ``crc``: CRC-32 of the unpacked bytes.
    """

    name: str
    offset: int
    packed: int
    size: int
    method: int
    crc: int


def shown(pipeline: dict[str, Any]) -> dict[str, Any]:
    """A kept pipeline for people: of its files the name and the bytes."""
    if FILES not in pipeline:
        return pipeline
    files = {name: {"name": row["name"], "bytes": row["size"]} for name, row in pipeline[FILES].items()}
    return pipeline | {FILES: files}


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One file of a picture's result."""

    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A job as it was submitted, its pack written and synced; not accepted yet."""

    id: str
    caller: str
    pipeline: dict[str, Any]
    slots: tuple[Slot, ...]
    digest: str
    key: str = ""
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture of a job. ``position`` counts from 1; ``version`` is the job's when it last changed."""

    job: str
    position: int
    name: str
    state: str
    version: int
    attempts: int = 0
    token: str = ""
    files: tuple[ResultFile, ...] = ()
    depth: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    progress: dict[str, Any] | None = None
    """How far a video is: frames ``done``, ``total`` where it is known, ``rate``; None for photos."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job. Times are seconds since 1970; ``bytes`` are those that it takes on the disk."""

    seq: int
    id: str
    caller: str
    state: str
    pipeline: dict[str, Any]
    total: int
    counts: dict[str, int]
    created_at: float
    started_at: float | None
    ended_at: float | None
    expires_at: float | None
    bytes: int
    version: int
    skipped: int = 0

    @property
    def is_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Claim:
    """One picture that is claimed by a worker: no other takes it until it is finished or given back."""

    job: str
    caller: str
    pipeline: dict[str, Any]
    position: int
    slot: Slot
    owner: str
    attempt: int

    @property
    def asked(self) -> dict[str, Any]:
        """The pipeline as it was asked for, without what is kept of its files."""
        return {name: value for name, value in self.pipeline.items() if name != FILES}

    @property
    def files(self) -> dict[str, Slot]:
        """Where the files of options lie in the pack, by the option's name."""
        return {name: Slot(**row) for name, row in self.pipeline.get(FILES, {}).items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a picture ended: the folder ``token`` with its files, or a problem."""

    token: str = ""
    files: tuple[ResultFile, ...] = ()
    depth: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
