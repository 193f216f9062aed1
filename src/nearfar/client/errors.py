"""What a service's refusals become: the errors that the library itself would raise, and four of its own.

NearfarError
├── ServiceError (RuntimeError)          the service failed, or its answer makes no sense
│   └── KeyRefusedError (PermissionError)    the key is missing, wrong, or does not allow this
├── UnreachableError (ConnectionError)   the service did not answer, or not in time
└── UnfinishedError (RuntimeError)
    └── JobTimeoutError (TimeoutError)   a job has not ended in the time that it was waited for
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nearfar import errors as tree
from nearfar.errors import BusyError, NearfarError, ParameterError
from nearfar.jobs import errors as job_tree
from nearfar.jobs.errors import UnfinishedError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ServiceError(NearfarError, RuntimeError):
    """The service failed, or its answer makes no sense."""


class KeyRefusedError(ServiceError, PermissionError):
    """The key is missing, wrong, or does not allow this."""


class UnreachableError(NearfarError, ConnectionError):
    """The service did not answer, or not in time."""


class JobTimeoutError(UnfinishedError, TimeoutError):
    """A job has not ended in the time that it was waited for; it goes on."""


ERRORS: dict[str, type[NearfarError]] = {
    "empty-image": tree.EmptyInputError,
    "broken-image": tree.BrokenImageError,
    "malformed-request": tree.InputError,
    "bad-input": tree.InputError,
    "too-large": tree.TooLargeError,
    "not-an-image": tree.UnsupportedFormatError,
    "media-type": tree.UnsupportedFormatError,
    "bad-parameter": tree.ParameterError,
    "unknown-name": tree.UnknownNameError,
    "engine": tree.EngineError,
    "effect": tree.EffectError,
    "engine-stuck": tree.EngineError,
    "missing-extra": tree.MissingExtraError,
    "weights": tree.WeightsError,
    "key-needed": KeyRefusedError,
    "forbidden": KeyRefusedError,
    "busy": tree.BusyError,
    "rate-limit": tree.BusyError,
    "crowding": tree.BusyError,
    "not-ready": tree.BusyError,
    "foreign-page": ServiceError,
    "misdirected": UnreachableError,
    "slow-headers": UnreachableError,
    "large-headers": tree.TooLargeError,
    "bad-archive": job_tree.BadArchiveError,
    "key-reused": job_tree.KeyReusedError,
    "no-such-job": job_tree.NoSuchJobError,
    "unfinished": job_tree.UnfinishedError,
    "jobs-unavailable": job_tree.JobsUnavailableError,
    "storage-full": job_tree.StorageFullError,
}
"""Name of a problem to the error that it becomes; any other is a ServiceError."""


def error_of(status: int, problem: Mapping[str, Any], retry_after_s: int) -> NearfarError:
    """The error that a problem document (RFC 9457) tells of; a note on it has the request's id.

    Args:
        status: of the answer.
        problem: the document; empty where the answer had none, as from a proxy.
        retry_after_s: what ``Retry-After`` says.
    """
    slug = str(problem.get("type", "")).rpartition("#problem-")[2]
    message = str(problem.get("detail") or problem.get("title") or f"The service answered with {status}.")
    hint = str(problem.get("hint", ""))
    error = _made(ERRORS.get(slug, ServiceError), message, hint, str(problem.get("parameter", "")))
    if isinstance(error, BusyError):
        error.retry_after_s = retry_after_s
    error.add_note(f"HTTP status {status}, request {problem.get('request_id', 'without an id')}")
    return error


def _made(kind: type[NearfarError], message: str, hint: str, parameter: str) -> NearfarError:
    return kind(message, hint, parameter) if issubclass(kind, ParameterError) else kind(message, hint)
