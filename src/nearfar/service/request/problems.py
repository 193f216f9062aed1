"""Errors as problem documents (RFC 9457), by one table."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from nearfar import errors as tree
from nearfar.errors import NearfarError, shown
from nearfar.jobs import errors as job_tree
from nearfar.service import errors as http_tree
from nearfar.service.request.access import path_of
from nearfar.service.request.exchange import CLIENT_LEFT, note_problem
from nearfar.service.request.ids import request_id_of
from nearfar.wall import errors as wall_tree

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
LEFT = "client-left"
"""Not a problem that anybody is told of: the log's and the metrics' name for a client that left."""
DOCS_ANCHOR = "/docs#problem-"
_log = logging.getLogger("nearfar.service")


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the table: the problem's name, its status and its title (the same for every occurrence)."""

    slug: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The URI reference that names the problem and, on this server, explains it."""
        return DOCS_ANCHOR + self.slug


INTERNAL = Problem("internal", 500, "Something broke inside the service")

PROBLEMS: dict[type[Exception], Problem] = {
    tree.EmptyInputError: Problem("empty-image", 400, "There is no image in the request"),
    tree.BrokenImageError: Problem("broken-image", 400, "The image is damaged"),
    job_tree.BadArchiveError: Problem("bad-archive", 400, "The ZIP cannot be used"),
    http_tree.MalformedRequestError: Problem("malformed-request", 400, "The request is damaged"),
    tree.InputError: Problem("bad-input", 400, "The input cannot be used"),
    http_tree.UnauthorizedError: Problem("key-needed", 401, "A key is needed"),
    http_tree.ForbiddenError: Problem("forbidden", 403, "The key does not allow this"),
    http_tree.DownloadsOffError: Problem("downloads-off", 403, "The service does not fetch models"),
    job_tree.NoSuchJobError: Problem("no-such-job", 404, "There is no such job or picture"),
    http_tree.NoSuchPhotoError: Problem("no-such-photo", 404, "There is no such photo"),
    http_tree.NotAcceptableError: Problem("not-acceptable", 406, "No answer fits the Accept header"),
    http_tree.SlowUploadError: Problem("slow-upload", 408, "The upload took too long"),
    job_tree.UnfinishedError: Problem("unfinished", 409, "The job is not done yet"),
    job_tree.PictureLostError: Problem("picture-lost", 410, "The picture is no more in the store"),
    tree.TooLargeError: Problem("too-large", 413, "The image is too large"),
    tree.UnsupportedFormatError: Problem("not-an-image", 415, "The body is not an image that nearfar reads"),
    http_tree.MediaTypeError: Problem("media-type", 415, "The body's media type is not taken"),
    tree.ParameterError: Problem("bad-parameter", 422, "A parameter is missing or out of its range"),
    tree.UnknownNameError: Problem("unknown-name", 422, "A name is not known"),
    http_tree.ForeignPageError: Problem("foreign-page", 403, "A page of another origin sent this"),
    http_tree.MisdirectedError: Problem("misdirected", 421, "The service does not answer to this name"),
    http_tree.RangeError: Problem("range", 416, "The file has no such part"),
    http_tree.SlowHeaderError: Problem("slow-headers", 408, "The head of the request took too long"),
    http_tree.LargeHeaderError: Problem("large-headers", 431, "The head of the request is too large"),
    http_tree.RateError: Problem("rate-limit", 429, "Too many requests"),
    http_tree.CrowdingError: Problem("crowding", 429, "Too many requests at once"),
    job_tree.TooManyJobsError: Problem("too-many-jobs", 429, "Too many jobs are under way"),
    job_tree.KeyReusedError: Problem("key-reused", 422, "The Idempotency-Key belongs to another job"),
    tree.EffectError: Problem("effect", 500, "The effect or export failed"),
    tree.EngineError: Problem("engine", 500, "The network failed"),
    tree.MissingExtraError: Problem("missing-extra", 501, "The server lacks an optional library"),
    tree.BusyError: Problem("busy", 503, "The queue is full"),
    tree.WeightsError: Problem("weights", 503, "The model's weights are absent or damaged"),
    http_tree.NotReadyError: Problem("not-ready", 503, "The service is not ready"),
    http_tree.StuckEngineError: Problem("engine-stuck", 503, "The network did not answer"),
    job_tree.JobsUnavailableError: Problem("jobs-unavailable", 503, "The store of jobs cannot be used"),
    wall_tree.WorkerCrashedError: Problem("worker-crashed", 422, "The picture brought its worker down"),
    wall_tree.WorkerSlowError: Problem("too-slow", 422, "The work on the picture took too long"),
    wall_tree.WorkerLostError: Problem("worker-lost", 503, "The work on the picture was ended"),
    wall_tree.WallError: Problem("no-worker", 503, "No worker can be started"),
    http_tree.DeadlineError: Problem("deadline", 504, "The answer was not ready in time"),
    job_tree.StorageFullError: Problem("storage-full", 507, "There is no room for more jobs"),
    NearfarError: INTERNAL,
}
"""Error class to problem; an error takes the row of its nearest ancestor."""

HTTP_PROBLEMS = {
    404: Problem("not-found", 404, "There is nothing at this address"),
    405: Problem("method-not-allowed", 405, "This address does not take that method"),
}


def all_problems() -> tuple[Problem, ...]:
    """Every problem that the service can answer with, by status."""
    return tuple(sorted((*PROBLEMS.values(), *HTTP_PROBLEMS.values()), key=lambda p: p.status))


def problem_of(error: Exception) -> Problem:
    """The row of an error."""
    return next((PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS), INTERNAL)


def install(app: FastAPI) -> None:
    """Make every foreseen error of an application a problem document."""
    app.add_exception_handler(NearfarError, _on_nearfar_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(http_tree.ClientLeftError, _on_client_left)


def unforeseen(scope: Scope, error: Exception) -> Response:
    """The problem document of an unforeseen error; the log has its traceback."""
    _log.error("request %s failed", request_id_of(scope), exc_info=error)
    detail = "An unexpected error; the service's log has it under the request id."
    return _document(scope, INTERNAL, {"detail": detail}, {})


async def _on_nearfar_error(request: Request, exc: Exception) -> Response:
    return respond(request.scope, exc)


async def _on_http_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - it is registered for nothing else
    fallback = Problem("http", exc.status_code, str(exc.detail))
    problem = HTTP_PROBLEMS.get(exc.status_code, fallback)
    more = {"detail": f"{request.method} is not served here.", "hint": "See /docs for what is."}
    headers = dict(exc.headers or {})
    if exc.status_code == 405 and (methods := _documented_methods(request)):
        headers["Allow"] = ", ".join(methods)
    return _document(request.scope, problem, more, headers)


def _documented_methods(request: Request) -> list[str]:
    """Every method that the API's document names at an address: the router tells those of one route alone."""
    path = path_of(request.scope)
    methods = {
        method.upper()
        for template, operations in request.app.openapi()["paths"].items()
        if compile_path(template)[0].match(path)
        for method in operations
    }
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


async def _on_client_left(request: Request, exc: Exception) -> Response:  # noqa: ARG001 - the client has left
    note_problem(request.scope, LEFT)
    return Response(status_code=CLIENT_LEFT)


def respond(scope: Scope, error: Exception) -> Response:
    """The problem document of an error of the tree."""
    problem = problem_of(error)
    if problem.status >= 500 and problem.status not in {503, 504, 507}:
        _log.error("request %s failed", request_id_of(scope), exc_info=error)
    message, hint = getattr(error, "message", str(error)), getattr(error, "hint", "")
    home = _home(scope)
    more: dict[str, Any] = {
        "detail": public(message, home),
        "hint": public(hint, home),
        **getattr(error, "members", {}),
    }
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if isinstance(error, tree.ParameterError) and error.parameter:
        more["parameter"] = error.parameter
    if problem.status == 503:
        headers["Retry-After"] = str(getattr(error, "retry_after_s", 5))
    return _document(scope, problem, more, headers)


def _home(scope: Scope) -> str:
    """The folder of the service's settings, where the request came as far as to know its service."""
    app = scope.get("app")
    return str(app.state.service.settings.home) if app is not None else ""


def _document(scope: Scope, problem: Problem, more: dict[str, Any], headers: dict[str, str]) -> Response:
    note_problem(scope, problem.slug)
    request_id = request_id_of(scope)
    row = {
        "type": scope.get("root_path", "") + problem.type,
        "title": problem.title,
        "status": problem.status,
    }
    row |= {key: value for key, value in more.items() if value}
    row |= {"instance": f"urn:nearfar:request:{request_id}", "request_id": request_id}
    body = json.dumps(row, ensure_ascii=False).encode()
    return Response(body, problem.status, {"Cache-Control": "no-store", **headers}, MEDIA_TYPE)


_POSIX = re.compile(r"(?<![\w:/.<>])/[^\s'\"]+")
_WINDOWS = re.compile(r"\b[A-Za-z]:\\[^'\"\n]+")
_NAME_END = re.compile(r"[\s,;:]")
_OWN = ("/v1/", "/docs/")


def public(text: str, home: str = "") -> str:
    """The text with nothing but the last name of every path in it, and no longer than any message.

    ``home``: the folder of the settings, whose name may hold spaces.
    """
    text = shown(text)
    for folder in (home, str(Path.home())):
        if len(folder) > 1:
            text = text.replace(folder.rstrip("/\\"), "/home/nearfar")
    return _WINDOWS.sub(_last_of_windows, _POSIX.sub(_last_of_posix, text))


def _last_of_posix(found: re.Match[str]) -> str:
    """The last name of a path; an address of the service, and what has no folder, stay."""
    path = found[0]
    head, _, last = path.rpartition("/")
    if not last or last[0] in ",;:":  # what follows a folder's own slash
        head, last = head.rpartition("/")[::2] if head.strip("/") else ("", "")
        last += path[len(head) + 1 + len(last) :]
    return path if not head.strip("/") or path.startswith(_OWN) else last


def _last_of_windows(found: re.Match[str]) -> str:
    head, _, last = found[0].rpartition("\\")
    end = _NAME_END.search(last)
    return found[0] if end is not None and end.start() == 0 else last if head else found[0]
