"""The branch of nearfar's error tree that jobs know.

NearfarError
├── InputError (ValueError)
│   ├── BadArchiveError               a ZIP that is damaged, or tries a trick
│   └── KeyReusedError                an idempotency key came again with something else
├── NoSuchJobError (LookupError)      there is no such job or picture, or it belongs to another caller
├── UnfinishedError (RuntimeError)    what was asked for is not there yet
├── PictureLostError (RuntimeError)   the store has the bytes of a picture, or of its result, no more
├── TooManyJobsError (RuntimeError)   one caller has as many jobs under way as may be
├── JobsUnavailableError (RuntimeError)  the store of jobs cannot be used: damaged, read-only, too new
│   └── UnsureCommitError             the disk failed so that only the next start knows what was kept
└── StorageFullError (OSError)        the quota or the disk has no room
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from nearfar.errors import InputError, NearfarError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BadArchiveError(InputError):
    """A ZIP that is damaged, or tries a trick."""


class KeyReusedError(InputError):
    """An idempotency key came again with something else."""


class NoSuchJobError(NearfarError, LookupError):
    """There is no such job or picture, or it belongs to another caller."""


class UnfinishedError(NearfarError, RuntimeError):
    """What was asked for is not there yet."""


class JobsUnavailableError(NearfarError, RuntimeError):
    """The store of jobs cannot be used: damaged, read-only, or made by a newer version."""

    retry_after_s = 60


class UnsureCommitError(JobsUnavailableError):
    """The disk failed while a change was made sure of: this process goes on as if it was not made.

    What the change tells of must stay where it is: where the process is killed now, the next one may find the
    change in the log of the database, and take it for made.
    """


class PictureLostError(NearfarError, RuntimeError):
    """The store has the bytes of a picture, or of its result, no more: somebody removed or damaged a file."""


class TooManyJobsError(NearfarError, RuntimeError):
    """One caller has as many jobs under way as may be."""

    headers: ClassVar = {"Retry-After": "10"}


class StorageFullError(NearfarError, OSError):
    """The quota or the disk has no room."""


def disk_full() -> StorageFullError:
    """The disk itself took no more."""
    return StorageFullError(
        "The disk that keeps the jobs is full; nothing of this was kept.",
        "Remove finished jobs (DELETE /v1/jobs/ID), or give the disk more room.",
    )


def too_many_jobs(most: int) -> TooManyJobsError:
    """One caller's are as many as may be."""
    return TooManyJobsError(
        f"{most} jobs of this caller have not ended, as many as may be.",
        "Wait for one of them to end, cancel some, or put more into one (NEARFAR_JOBS_PER_CALLER).",
    )


def quota_full(quota_bytes: int) -> StorageFullError:
    """Jobs may take no more of the disk."""
    return StorageFullError(
        f"Jobs take all of the {quota_bytes / 2**20:g} MiB that they may.",
        "Remove finished jobs (DELETE /v1/jobs/ID), let some expire, or raise NEARFAR_JOB_QUOTA_BYTES.",
    )


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Translate what the file system says."""
    try:
        yield
    except NearfarError:
        raise
    except OSError as exc:
        if exc.errno in _FULL:
            raise disk_full() from exc
        raise JobsUnavailableError(
            f"{what} cannot be used: {exc.strerror or exc}.",
            "Make it a folder that the service may write to, or choose another NEARFAR_HOME.",
        ) from exc
