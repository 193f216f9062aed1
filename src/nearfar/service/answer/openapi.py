"""The OpenAPI document, made from the tables that the code runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from nearfar.cards import DepthKind
from nearfar.one_photo import PROMPT_HELP
from nearfar.options import OptionInfo, describe
from nearfar.service.answer.answers import HEADERS, OPTIONAL_HEADERS, PICTURES, DepthQuery
from nearfar.service.answer.ways import is_effect, picture_formats, shared_by
from nearfar.service.http.envelope import REQUEST_ID
from nearfar.service.http.multipart import MULTIPART
from nearfar.service.http.uploads import FIELD, PROMPT, RAW_TYPES
from nearfar.service.request.access import OPEN, scope_needed
from nearfar.service.request.problems import MEDIA_TYPE, PROBLEMS, all_problems
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastapi import FastAPI

    from nearfar.service.answer.answers import Format
    from nearfar.service.guard.keys_now import Keys

Json = dict[str, Any]
_BINARY: Json = {"type": "string", "format": "binary"}
_OBJECT: Json = {"type": "object"}
_STRING: Json = {"type": "string"}
_NUMBER: Json = {"type": "number"}
_WHOLE: Json = {"type": "integer"}
_BOOLEAN: Json = {"type": "boolean"}
_GUARDED = (401, 403, 429)
"""Statuses of the layers before every operation that needs a scope."""
_RETRY_AFTER = ("Retry-After", "Seconds to wait.", _WHOLE)
_REFUSAL_HEADERS = {
    401: ("WWW-Authenticate", "How a key is sent.", _STRING),
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_PREFER: Json = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=SECONDS` (RFC 7240): refused where the queue is longer, 504 when it ran out.",
    "schema": {"type": "string", "examples": ["wait=10"]},
}


_SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of `nearfar keys add`."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}


def install(app: FastAPI, formats: Mapping[str, Format], keys: Keys, more: Mapping[str, Json]) -> None:
    """Give an application its document; it is made once, and tells whether keys are needed now.

    ``more``: schemas of single nouns, by name.
    """

    def document() -> Json:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas |= {
                "Problem": _problem(),
                "Depth": _depth(formats),
                "Models": _models(),
                "Comparison": _comparison(),
                **more,
            }
            made["components"]["securitySchemes"] = _SECURITY
            _guard(made["paths"])
            if app.servers:
                made["servers"] = app.servers
            app.openapi_schema = made
        ways: list[Json] = [{name: []} for name in _SECURITY]
        return app.openapi_schema | {"security": ways if keys.is_on else [{}, *ways]}

    app.openapi = document  # type: ignore[method-assign]


def _guard(paths: Json) -> None:
    """Tell of each operation what it needs, and how it refuses who may not."""
    for path, operations in paths.items():
        needed = scope_needed(path)
        for operation in operations.values():
            if needed == OPEN:
                operation["security"] = []
                continue
            operation["x-scope"] = needed
            refusals = {str(status): row for status, row in _refusals(*_GUARDED).items()}
            operation["responses"] = dict(sorted((refusals | operation["responses"]).items()))


def depth_operation(formats: Mapping[str, Format]) -> Json:
    """What FastAPI is told of ``POST /v1/depth``."""
    content: Json = {row.media_type: {"schema": _BINARY} for row in formats.values()}
    content["application/json"] = {"schema": _ref("Depth")}
    ok = {"description": "The depth of the photo.", "headers": _meaning(), "content": content}
    body: Json = {kind: {"schema": _BINARY} for kind in RAW_TYPES}
    body[MULTIPART] = _multipart({})
    return {
        "operation_id": "estimate_depth",
        "summary": "Depth of one photo",
        "description": "Takes a photo as the multipart field `image` or as the raw body; answers its heat "
        "map as PNG, or what `format` or the Accept header asks for, as large as the upright photo unless "
        "`max_side` asks for less.",
        "responses": {200: ok} | _refusals(400, 406, 408, 413, 415, 422, 500, 501, 503, 504),
        "openapi_extra": {
            "parameters": [*(_parameter(info, formats) for info in describe(DepthQuery)), _PREFER],
            "requestBody": {"required": True, "content": body},
        },
    }


def _multipart(files: Json) -> Json:
    """A body of a photo, a sensor's coarse depth beside it, and files of options."""
    fields = {FIELD: _BINARY, PROMPT: _BINARY | {"description": PROMPT_HELP}, **files}
    return {"schema": {"type": "object", "required": [FIELD], "properties": fields}}


def plugin_operation(plugin: Any, noun: str) -> Json:
    """What FastAPI is told of the route of an effect or a format."""
    infos = describe(plugin.options)
    files = {info.name: _BINARY | {"description": info.help} for info in infos if info.file}
    body: Json = {kind: {"schema": _BINARY} for kind in RAW_TYPES}
    body[MULTIPART] = _multipart(files)
    kinds = dict.fromkeys(picture_formats(plugin))
    network = [_parameter(info, kinds) for info in describe(DepthQuery) if info.name in shared_by(plugin)]
    refused = (400, 406, 408) if is_effect(plugin) else (400, 408)
    content = {
        kind: {"schema": _OBJECT if kind == "application/json" else _BINARY} for kind in plugin.media_types
    }
    ok = {"description": plugin.summary + ".", "headers": _meaning(), "content": content}
    rows = [_plugin_parameter(info) for info in infos if not info.file]
    return {
        "operation_id": f"{noun}_{plugin.name.replace('-', '_')}",
        "summary": plugin.summary,
        "responses": {200: ok} | _refusals(*refused, 413, 415, 422, 500, 501, 503, 504),
        "openapi_extra": {
            "parameters": [*network, *rows, _PREFER],
            "requestBody": {"required": True, "content": body},
        },
    }


def compare_operation(query: type) -> Json:
    """What FastAPI is told of ``POST /v1/compare``."""
    content: Json = {"image/png": {"schema": _BINARY}, "application/json": {"schema": _ref("Comparison")}}
    body: Json = {kind: {"schema": _BINARY} for kind in RAW_TYPES}
    body[MULTIPART] = {"schema": {"type": "object", "required": [FIELD], "properties": {FIELD: _BINARY}}}
    rows = [_plugin_parameter(info) for info in describe(query)]
    for row in rows:
        row["required"] = row["name"] == "models"
    return {
        "operation_id": "compare_models",
        "summary": "What several networks see in one photo",
        "description": "Runs one network after the other and draws one sheet: the photo, then each heat map "
        "with its time and its rank correlation with the first. A network that cannot run says why in its "
        "cell.",
        "responses": {200: {"description": "The sheet, or its table.", "content": content}}
        | _refusals(400, 408, 413, 415, 422, 500, 503, 504),
        "openapi_extra": {
            "parameters": [*rows, _PREFER],
            "requestBody": {"required": True, "content": body},
        },
    }


def plugins_operation(noun: str) -> Json:
    """What FastAPI is told of ``GET /v1/effects`` and ``GET /v1/exports``."""
    return {
        "operation_id": f"list_{noun}",
        "summary": f"The {noun} and their options",
        "responses": {200: _json_answer("All of them.", {"type": "array", "items": _plugin()})},
    }


def _plugin() -> Json:
    """A row of those lists."""
    lacking = "Libraries that it needs and that the server lacks; where there are any it cannot run."
    options: Json = {"type": "array", "items": {"type": "object"}}
    missing: Json = {"type": "array", "items": _STRING, "description": lacking}
    extra = _STRING | {"description": "The extra of nearfar that brings the libraries it needs, or nothing."}
    rows = {"name": _STRING, "summary": _STRING, "extra": extra, "missing": missing, "options": options}
    return _object(rows)


def _plugin_parameter(info: OptionInfo) -> Json:
    schema = _plain_schema(info)
    return {"name": info.name, "in": "query", "required": False, "description": info.help, "schema": schema}


def models_operation() -> Json:
    """What FastAPI is told of ``GET /v1/models``."""
    return {
        "operation_id": "list_models",
        "summary": "The models and what is known of them",
        "responses": {200: _json_answer("The catalogue.", _ref("Models"))},
    }


def health_operation() -> Json:
    """What FastAPI is told of ``GET /healthz``."""
    return {
        "operation_id": "is_alive",
        "summary": "Does the process answer?",
        "responses": {200: _json_answer("It does.", _object({"status": _STRING}))},
    }


def ready_operation() -> Json:
    """What FastAPI is told of ``GET /readyz``."""
    schema = _object({"status": _STRING, "model": _STRING})
    return {
        "operation_id": "is_ready",
        "summary": "Does the default model answer?",
        "responses": {200: _json_answer("It does.", schema)} | _refusals(503),
    }


def metrics_operation() -> Json:
    """What FastAPI is told of ``GET /metrics``."""
    answer = {"description": "The metrics.", "content": {"text/plain": {"schema": _STRING}}}
    return {
        "operation_id": "read_metrics",
        "summary": "Counters for Prometheus",
        "responses": {200: answer},
    }


def _parameter(info: OptionInfo, formats: Mapping[str, Any]) -> Json:
    return {
        "name": info.name,
        "in": "query",
        "required": False,
        "description": info.help,
        "schema": _schema_of(info, formats),
    }


def _schema_of(info: OptionInfo, formats: Mapping[str, Any]) -> Json:
    own: dict[str, Json] = {
        "format": {"type": "string", "enum": list(formats)},
        "model": {"type": "string", "enum": list(catalogue.cards())},
        "range": {"type": "string", "default": "image", "examples": ["image", "percentile", "0.2,0.8"]},
        "parts": {"type": "string", "examples": ["heatmap", "heatmap,npy"]},
        "intrinsics": {"type": "string", "examples": ["1200,1200,960,540"]},
    }
    if info.name in own:
        return own[info.name]
    return _plain_schema(info)


def _plain_schema(info: OptionInfo) -> Json:
    kind = {"int": "integer", "float": "number", "bool": "boolean"}.get(info.type, "string")
    default = info.default
    if isinstance(default, tuple):
        default = ",".join(str(part) for part in default)
    limits = {
        "minimum": info.low,
        "maximum": info.high,
        "enum": list(info.choices) or None,
        "default": default,
    }
    return {"type": kind} | {key: value for key, value in limits.items() if value is not None}


def _meaning() -> Json:
    rows = {
        name: {"description": text, "required": name not in OPTIONAL_HEADERS, "schema": _STRING}
        for name, text in HEADERS.items()
    }
    return rows | {REQUEST_ID: {"description": "Id of the request, also in the log.", "schema": _STRING}}


def _refusals(*statuses: int) -> dict[int | str, Json]:
    """The problem documents that an operation may answer with, by status."""
    return {status: _refusal(status) for status in statuses}


def _refusal(status: int) -> Json:
    titles = dict.fromkeys(problem.title for problem in PROBLEMS.values() if problem.status == status)
    row: Json = {"description": "; ".join(titles) + ".", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    if status in _REFUSAL_HEADERS:
        name, text, schema = _REFUSAL_HEADERS[status]
        row["headers"] = {name: {"description": text, "required": True, "schema": schema}}
    return row


def _json_answer(text: str, schema: Json) -> Json:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Json, optional: Iterable[str] = ()) -> Json:
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "required": required, "properties": properties}


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _problem() -> Json:
    types = [problem.type for problem in all_problems()]
    properties = {
        "type": {"type": "string", "format": "uri-reference", "examples": types},
        "title": _STRING,
        "status": _WHOLE,
        "detail": {"type": "string", "description": "What was wrong and what was expected."},
        "instance": {"type": "string", "format": "uri-reference"},
        "request_id": _STRING,
        "hint": {"type": "string", "description": "What to do next."},
        "parameter": {"type": "string", "description": "Name of the parameter at fault."},
    }
    return _object(properties, {"hint", "parameter"}) | {"description": "A problem document (RFC 9457)."}


def _depth(formats: Mapping[str, Format]) -> Json:
    part = _object({"media_type": _STRING, "base64": {"type": "string", "contentEncoding": "base64"}})
    names = [*PICTURES, *(name for name in formats if name not in {"png", "json"})]
    camera = _object(dict.fromkeys(("fx_px", "fy_px", "cx_px", "cy_px"), _NUMBER) | {"source": _STRING})
    return _object(
        {
            **_kind(),
            "min": _NUMBER,
            "max": _NUMBER,
            "width": _WHOLE,
            "height": _WHOLE,
            "photo_width": _WHOLE,
            "photo_height": _WHOLE,
            "model": _STRING,
            "weights_sha256": _STRING,
            "input_width": _WHOLE,
            "input_height": _WHOLE,
            "engine": _STRING,
            "tiles": _WHOLE,
            "warnings": {"type": "array", "items": _object({"code": _STRING, "message": _STRING})},
            "camera": _or_null(camera),
            "colors": _object({"colormap": _STRING, "min": _NUMBER, "max": _NUMBER}),
            "request_id": _STRING,
            "engine_why": {"type": "string", "description": "Why this engine ran it."},
            "timing_ms": {"type": "object", "additionalProperties": _NUMBER},
            "parts": {
                "type": "object",
                "properties": dict.fromkeys(names, part),
                "additionalProperties": False,
            },
        }
    )


def _models() -> Json:
    models = {"type": "array", "items": _object(card_schema())}
    return _object({"default": _STRING, "models": models})


def card_schema() -> Json:
    """The fields of a model's card."""
    size = dict.fromkeys(("size", "multiple", "min_size", "max_size"), _WHOLE)
    numbers = {"type": "array", "items": _NUMBER}
    weights = {
        **dict.fromkeys(("name", "location", "sha256", "engine"), _STRING),
        "bytes": _WHOLE,
        "is_hash_certain": _BOOLEAN,
    }
    return {
        "name": _STRING,
        "title": _STRING,
        "family": _STRING,
        **_kind(),
        "input": _object(
            {
                **size,
                "mean": numbers,
                "std": numbers,
                "fit": _STRING,
                "pad": _NUMBER,
                "flip": _BOOLEAN,
                "resample": _STRING,
                "width": _WHOLE,
                "letterbox": _BOOLEAN,
            }
        ),
        "weights": {"type": "array", "items": _object(weights)},
        "licence": _STRING,
        "is_commercial_use_allowed": _BOOLEAN,
        "parameters": _WHOLE,
        "summary": _STRING,
        "paper": _STRING,
        "domain": _STRING,
        "max_depth_m": _or_null(_NUMBER),
        "extra": _STRING,
        **dict.fromkeys(("network", "not_converted"), _STRING),
        "reference_focal_px": _or_null(_NUMBER),
        "reading": _STRING,
        "outputs": {"type": "array", "items": _STRING},
        "given": {"type": "object"},
        "takes_prompt": _BOOLEAN,
        "outlines": _WHOLE,
        "source": _STRING,
        "speed": {"type": "string", "enum": ["fast", "medium", "slow"]},
        "is_installed": _BOOLEAN,
        "state": {"type": "string", "enum": ["package", "here", "to_fetch", "to_import"]},
        "measured": _or_null(_measured()),
        "details": {"type": "object"},
    }


def _measured() -> Json:
    numbers = {"seconds": _NUMBER, **dict.fromkeys(("photos", "input_width", "input_height"), _WHOLE)}
    told = "What a photo took on this machine, without decoding: the median of the last ones."
    return _object({**numbers, "engine": _STRING}) | {"description": told}


def _comparison() -> Json:
    numbers = dict.fromkeys(("milliseconds", "load_milliseconds", "agreement"), _or_null(_NUMBER))
    names = ("model", "title", "shown_as", "licence", "engine")
    kind = _kind()
    row = {
        **dict.fromkeys(names, _STRING),
        "kind": kind["kind"],
        "unit": kind["unit"],
        "input_width": _WHOLE,
        "input_height": _WHOLE,
        **numbers,
        "error": _or_null(_object(dict.fromkeys(("type", "message", "hint"), _STRING))),
    }
    sheet = _object({"media_type": _STRING, "base64": {"type": "string", "contentEncoding": "base64"}})
    return _object({"reference": _STRING, "models": {"type": "array", "items": _object(row)}, "sheet": sheet})


def _kind() -> Json:
    kinds = {"type": "string", "enum": [kind.value for kind in DepthKind]}
    return {"kind": kinds, "unit": {"type": "string", "enum": ["m", "1"]}, "near_is_large": _BOOLEAN}
