"""What the OpenAPI document says of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nearfar.jobs.records import STATES
from nearfar.options import describe
from nearfar.outputs import file_options
from nearfar.service.answer.openapi import (
    _BINARY,
    _STRING,
    _WHOLE,
    _json_answer,
    _object,
    _or_null,
    _plain_schema,
    _ref,
    _refusals,
)
from nearfar.service.http.multipart import MULTIPART
from nearfar.service.jobs.answers import FileQuery, ListQuery, ShowQuery, SubmitQuery
from nearfar.service.jobs.upload import IMAGES, PIPELINE, ZIP_TYPES

if TYPE_CHECKING:
    from nearfar.service.answer.openapi import Json

_TIME: Json = {"type": "string", "format": "date-time"}
_STATE: Json = {"type": "string", "enum": list(STATES)}
_LINK: Json = {"type": "string", "format": "uri-reference"}
_ALWAYS = (404, 422, 500, 503)
_ID: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "Id of the job.",
    "schema": {"type": "string"},
}
_PICTURE: Json = {
    "name": "picture",
    "in": "path",
    "required": True,
    "description": "Number of the picture, from 1.",
    "schema": {"type": "integer", "minimum": 1},
}
_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same job gives the job that it gave before.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!#-~]+$"},
}
_LAST: Json = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "Go on behind this event.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
}


def submit_operation() -> Json:
    """What FastAPI is told of ``POST /v1/jobs``."""
    fields = {
        IMAGES: {
            "type": "array",
            "items": _BINARY,
            "minItems": 1,
            "description": "Pictures, videos, or ZIPs of them.",
        },
        PIPELINE: {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": _ref("Pipeline"),
        },
    }
    told = "File of the option of that name, for every effect of the pipeline that has it."
    fields |= {name: _BINARY | {"description": told} for name in sorted(file_options())}
    body: Json = {MULTIPART: {"schema": {"type": "object", "required": [IMAGES], "properties": fields}}}
    body |= {kind: {"schema": _BINARY} for kind in ZIP_TYPES}
    accepted = _json_answer("Accepted: it survives any end of the process.", _ref("Job"))
    accepted["headers"] = {"Location": {"description": "The job.", "required": True, "schema": _LINK}}
    known = {**accepted, "description": "The job that this Idempotency-Key brought before."}
    refused = _refusals(400, 408, 413, 415, 422, 500, 501, 503, 507)
    return {
        "operation_id": "submit_job",
        "summary": "Many pictures, one pipeline",
        "description": "Takes pictures as the multipart field `images`, or a ZIP of them, a pipeline, and "
        "files of its options; answers once all of it is safe on the disk.",
        "responses": {200: known, 202: accepted} | refused,
        "openapi_extra": {
            "parameters": [*_query(SubmitQuery), _KEY],
            "requestBody": {"required": True, "content": body},
        },
    }


def list_operation() -> Json:
    """What FastAPI is told of ``GET /v1/jobs``."""
    schema = _object({"jobs": {"type": "array", "items": _ref("Job")}, "next": _or_null(_LINK)})
    return _operation(
        "list_jobs",
        "The caller's jobs, the newest first",
        {200: _json_answer("A page of jobs.", schema)} | _refusals(422, 500, 503, 507),
        _query(ListQuery),
    )


def show_operation() -> Json:
    """What FastAPI is told of ``GET /v1/jobs/{id}``."""
    answer = _json_answer("The job, with a page of its pictures.", _ref("JobWithPictures"))
    refused = _refusals(*_ALWAYS, 507)
    return _operation(
        "show_job", "One job and its pictures", {200: answer} | refused, [_ID, *_query(ShowQuery)]
    )


def cancel_operation() -> Json:
    """What FastAPI is told of ``POST /v1/jobs/{id}/cancel``."""
    answer = _json_answer("The job as it is now; one that has ended stays as it is.", _ref("Job"))
    return _operation("cancel_job", "Stop a job, keep what is done", _found(answer), [_ID])


def remove_operation() -> Json:
    """What FastAPI is told of ``DELETE /v1/jobs/{id}``."""
    responses = {204: {"description": "It is gone, with its results."}} | _refusals(404, 500, 503, 507)
    return _operation("remove_job", "Stop a job and remove all of it", responses, [_ID])


def events_operation() -> Json:
    """What FastAPI is told of ``GET /v1/jobs/{id}/events``."""
    answer = {
        "description": "Server-sent events `picture`, `progress`, and `end` or `removed` as the last.",
        "content": {"text/event-stream": {"schema": _STRING}},
    }
    quiet = {"description": "The job has ended, and Last-Event-ID was its last event."}
    responses = {200: answer, 204: quiet} | _refusals(*_ALWAYS, 507)
    return _operation("watch_job", "Progress as it happens", responses, [_ID, _LAST])


def results_operation() -> Json:
    """What FastAPI is told of ``GET /v1/jobs/{id}/results``."""
    answer = {
        "description": "A ZIP: manifest.json, then a folder for each picture that was done.",
        "content": {"application/zip": {"schema": _BINARY}},
    }
    responses = {200: answer} | _refusals(404, 409, 500, 503, 507)
    return _operation("job_results", "All results of a job that has ended", responses, [_ID])


def result_operation() -> Json:
    """What FastAPI is told of ``GET /v1/jobs/{id}/results/{picture}``."""
    answer = {
        "description": "The file. A Range header gives a part of it.",
        "content": {"*/*": {"schema": _BINARY}},
    }
    none: Json = {"description": "There is no preview of the video yet."}
    responses = {200: answer, 204: none} | _refusals(404, 409, 410, 416, 422, 500, 503, 507)
    rows = [_ID, _PICTURE, *_query(FileQuery)]
    return _operation("job_result", "One file of the result of a picture", responses, rows)


def _operation(name: str, summary: str, responses: Json | dict[Any, Any], parameters: list[Json]) -> Json:
    extra = {"parameters": parameters}
    return {"operation_id": name, "summary": summary, "responses": responses, "openapi_extra": extra}


def _found(answer: Json) -> dict[Any, Any]:
    return {200: answer} | _refusals(404, 500, 503, 507)


def _query(cls: type) -> list[Json]:
    return [
        {
            "name": info.name,
            "in": "query",
            "required": False,
            "description": info.help,
            "schema": _plain_schema(info),
        }
        for info in describe(cls)
    ]


def schemas() -> Json:
    """The schemas of jobs by name."""
    counts = _object(dict.fromkeys(("total", *STATES), _WHOLE))
    links = _object(dict.fromkeys(("self", "events", "results", "cancel"), _LINK))
    times = {"created_at": _TIME} | dict.fromkeys(("started_at", "ended_at", "expires_at"), _or_null(_TIME))
    job: Json = {"id": _STRING, "state": _STATE, "counts": counts, **times}
    job |= {"bytes": _WHOLE, "skipped": _WHOLE, "pipeline": _ref("Pipeline"), "links": links}
    pictures = {"type": "array", "items": _ref("JobPicture")}
    return {
        "Job": _object(job),
        "JobWithPictures": _object({**job, "pictures": pictures, "next": _or_null(_LINK)}),
        "JobPicture": _picture(),
        "Pipeline": _pipeline(),
    }


def _picture() -> Json:
    file = _object({"name": _STRING, "media_type": _STRING, "bytes": _WHOLE})
    problem = _object(
        {"type": _LINK, "title": _STRING, "status": _WHOLE, "detail": _STRING, "hint": _STRING}, {"hint"}
    )
    meaning = {
        "type": "object",
        "description": "What the depth means: kind, unit, min, max, model and so on.",
    }
    return _object(
        {
            "picture": _WHOLE,
            "name": _STRING,
            "state": _STATE,
            "files": {"type": "array", "items": file},
            "depth": _or_null(meaning),
            "problem": _or_null(problem),
            "progress": _progress(),
        },
        {"progress"},
    )


def _progress() -> Json:
    """How far a video is; photos have none."""
    number: Json = {"type": "number"}
    parts = {
        "done": _WHOLE,
        "total": _or_null(_WHOLE),
        "rate": number,
        "seconds": number,
        "left_s": _or_null(number),
    }
    return _object(parts) | {"description": "How far a video is, in frames; photos have none."}


def _pipeline() -> Json:
    value = {"anyOf": [_STRING, {"type": "number"}, {"type": "boolean"}, {"type": "array"}]}
    options = {"type": "object", "additionalProperties": value}
    entry = {"anyOf": [_STRING, _object({"name": _STRING, "options": options}, {"options"})]}
    entries = {"type": "array", "items": entry}
    whole = {
        "model": _STRING,
        "size": _or_null(_WHOLE | {"minimum": 1}),
        "effects": entries,
        "exports": entries,
        "video": {"type": "object", "additionalProperties": _or_null(value)},
        "files": {"type": "object", "additionalProperties": _object({"name": _STRING, "bytes": _WHOLE})},
    }
    return _object(whole, whole) | {"description": "The network, and what is made of each picture."}
