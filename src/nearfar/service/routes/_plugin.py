"""What the routes of effects and exports share: query, upload, work, answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from nearfar import api
from nearfar.options import describe, parse
from nearfar.service.answer.answers import SHARED, DepthQuery, Format
from nearfar.service.answer.estimation import Answer, Question, answer
from nearfar.service.answer.openapi import plugin_operation
from nearfar.service.answer.respond import respond
from nearfar.service.http.disconnect import while_connected
from nearfar.service.http.plain_route import PlainRoute
from nearfar.service.http.uploads import read_upload
from nearfar.service.request.ids import request_id_of, timing_of
from nearfar.service.request.query import single_values
from nearfar.service.request.terms import terms_of
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter

    from nearfar.service.answer.answers import Result
    from nearfar.service.context import Service
    from nearfar.service.http.uploads import Upload


@dataclass(frozen=True, slots=True)
class Maker:
    """One plug-in as a route: ``suffix`` gives (suffix, media type) by its options, ``make`` the bytes."""

    plugin: Any
    noun: str
    media_types: tuple[str, ...]
    suffix: Callable[[Any, Any], tuple[str, str]]
    make: Callable[[Any, Result, Any], bytes]


def add_route(routes: APIRouter, service: Service, maker: Maker) -> None:
    """``POST /v1/NOUN/NAME`` for one plug-in."""

    async def work(request: Request) -> Response:
        query, given = read_query(request, maker.plugin.options)
        suffix, media_type = maker.suffix(maker.plugin, parse(maker.plugin.options, given))
        terms = terms_of(request, service.settings.request_timeout)
        service.pool.check_room(terms)
        timing = timing_of(request.scope)
        with timing.stage("upload"):
            upload = await read_upload(request, service.uploads)
        write = partial(_write, maker, given, upload)
        chosen = Format(maker.plugin.name, maker.plugin.summary, media_type, suffix, write)
        question = Question(upload, query, chosen, request_id_of(request.scope), timing)
        doing = service.pool.run(partial(answer, question, service.loader, service.limits), terms)
        found: Answer = await while_connected(request, doing)
        if not query.model:
            service.probe.note_success()
        response = respond(found, suffix)
        response.headers["Content-Disposition"] = f'inline; filename="{maker.plugin.name}{suffix}"'
        return response

    routes.add_api_route(
        f"/v1/{maker.noun}/{maker.plugin.name}",
        work,
        methods=["POST"],
        route_class_override=PlainRoute,
        response_class=Response,
        **plugin_operation(maker.plugin, maker.noun, maker.media_types),
    )


def read_query(request: Request, options: type) -> tuple[DepthQuery, dict[str, str]]:
    """The network that is asked for, and the plug-in's own options, checked before the body is read.

    Raises:
        ParameterError: an unknown or repeated parameter, or a file named in the query.
        UnknownNameError: no such model.
    """
    given = single_values(request)
    query: DepthQuery = parse(DepthQuery, {name: given.pop(name) for name in SHARED if name in given})
    if query.model:
        catalogue.card(query.model)
    parse(options, given)
    return query, given


def _write(maker: Maker, given: dict[str, str], upload: Upload, result: Result) -> bytes:
    """The answer's bytes; files of the options come out of the upload's fields. Runs in a worker thread."""
    names = [info.name for info in describe(maker.plugin.options) if info.file]
    files = {name: data for name, data in upload.files(names).items() if name in names}
    options = api.read_options(maker.plugin.options, {**given, **files}, api.subject_of(result.photo))
    return maker.make(maker.plugin, result, options)
