"""What the OpenAPI document says of one model and of fetching it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearfar.service.answer.openapi import (
    _BOOLEAN,
    _STRING,
    _WHOLE,
    _json_answer,
    _object,
    _or_null,
    _ref,
    _refusals,
    card_schema,
)
from nearfar.zoo.pulls import STATES

if TYPE_CHECKING:
    from nearfar.service.answer.openapi import Json

_NAME: Json = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "Name of the model.",
    "schema": {"type": "string"},
}
_ENGINE: Json = {
    "name": "engine",
    "in": "query",
    "required": False,
    "description": "The files for this engine; the preferred ones where absent.",
    "schema": {"type": "string"},
}
_ALWAYS = (422, 500, 503)


def schemas() -> Json:
    """The schemas of one model and of its pull, by name."""
    more = {"can_be_pulled": _BOOLEAN, "pull": _or_null(_ref("Pull"))}
    return {"OneModel": _object({**card_schema(), **more}), "Pull": _pull()}


def _pull() -> Json:
    texts = dict.fromkeys(("model", "engine", "file", "error"), _STRING)
    state: Json = {"type": "string", "enum": list(STATES)}
    return _object({**texts, "state": state, **dict.fromkeys(("bytes", "total", "version"), _WHOLE)})


def show_operation() -> Json:
    """What FastAPI is told of ``GET /v1/models/{name}``."""
    return _operation("show_model", "One model, and how far its weights are", {200: _model()})


def pull_operation() -> Json:
    """What FastAPI is told of ``POST /v1/models/{name}/pull``."""
    begun = _json_answer("Begun; it goes on whoever listens.", _ref("Pull"))
    begun["headers"] = {"Location": {"description": "The model.", "required": True, "schema": _STRING}}
    joined = {**begun, "description": "It was under way."}
    found = {202: begun, 200: joined}
    return _operation("pull_model", "Fetch a model's weights", found, (403,), [_ENGINE])


def cancel_operation() -> Json:
    """What FastAPI is told of ``DELETE /v1/models/{name}/pull``."""
    answer = _json_answer("The pull as it is now; null where there was none.", _or_null(_ref("Pull")))
    return _operation("cancel_pull", "Stop fetching, keep what came", {200: answer}, (403,))


def events_operation() -> Json:
    """What FastAPI is told of ``GET /v1/models/{name}/pull/events``."""
    answer: Json = {
        "description": "Server-sent events `progress`, and `end` as the last.",
        "content": {"text/event-stream": {"schema": _STRING}},
    }
    return _operation("watch_pull", "Progress of a pull as it happens", {200: answer})


def _model() -> Json:
    return _json_answer("The model.", _ref("OneModel"))


def _operation(
    id: str,
    summary: str,
    answers: dict[int, Json],
    refused: tuple[int, ...] = (),
    more: list[Json] | None = None,
) -> Json:
    return {
        "operation_id": id,
        "summary": summary,
        "responses": answers | _refusals(*refused, *_ALWAYS),
        "openapi_extra": {"parameters": [_NAME, *(more or [])]},
    }
