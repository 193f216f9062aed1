"""One photo in, one file out: what the routes of depth, effects and exports share."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from nearfar.options import describe, parse
from nearfar.registry import EFFECTS, EXPORTS
from nearfar.service.answer.answers import DepthQuery, Format
from nearfar.service.answer.estimation import Answer, Question, answer
from nearfar.service.answer.openapi import plugin_operation
from nearfar.service.answer.respond import respond
from nearfar.service.answer.ways import choose_way, is_effect, shared_by
from nearfar.service.http.disconnect import while_connected
from nearfar.service.http.held import HEADER
from nearfar.service.http.plain_route import PlainRoute
from nearfar.service.http.uploads import PROMPT, read_upload
from nearfar.service.request.access import caller_of
from nearfar.service.request.ids import request_id_of, timing_of
from nearfar.service.request.query import single_values
from nearfar.service.request.terms import terms_of
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from fastapi import APIRouter

    from nearfar.service.context import Service
    from nearfar.service.http.uploads import Upload
    from nearfar.service.request.timing import Timing


async def answered(
    request: Request, service: Service, query: DepthQuery, chosen: Format, files: tuple[str, ...] = ()
) -> Response:
    """The answer to a photo: a place in the queue, the upload, the work, the response.

    ``files``: names of the multipart fields that may come beside the image. The response calls its file
    after the format's ``stem``.
    """
    terms = terms_of(request, service.settings.request_timeout)
    service.pool.check_room(terms)
    timing = timing_of(request.scope)
    with timing.stage("upload"):
        upload = await upload_of(request, service)
    question = Question(upload, query, chosen, request_id_of(request.scope), timing, files)
    work = service.pool.run(partial(answer, question, service.tools), terms)
    found: Answer = await while_connected(request, work)
    if not query.model:
        service.probe.note_success()
    if not (query.has_tiles or query.own_depth):
        await asyncio.to_thread(note_time, service, dict(found.headers), timing)
    return respond(found, chosen.file)


async def upload_of(request: Request, service: Service) -> Upload:
    """The photo of a request: one that is held already where its header names it, else its body."""
    name = request.headers.get(HEADER)
    if name is None:
        return await read_upload(request, service.uploads)
    return service.held.named(caller_of(request.scope), name)


def note_time(service: Service, headers: dict[str, str], timing: Timing) -> None:
    """Keep how long the network took, for who asks what a model takes on this machine."""
    width, _, height = headers["Nearfar-Input-Size"].partition("x")
    seconds = timing.seconds().get("engine")
    if seconds is not None:
        size = int(width), int(height)
        service.timings.note(headers["Nearfar-Model"], headers["Nearfar-Engine"], size, seconds)


def add_route(routes: APIRouter, service: Service, plugin: Any, noun: str) -> None:
    """``POST /v1/NOUN/NAME`` for one effect or format."""
    files = (PROMPT, *(info.name for info in describe(plugin.options) if info.file))

    async def work(request: Request) -> Response:
        query, given = read_query(request, plugin)
        chosen = choose_way(plugin, given, query.format, request.headers.get("accept", ""))
        return await answered(request, service, query, chosen, files)

    routes.add_api_route(
        f"/v1/{noun}/{plugin.name}",
        work,
        methods=["POST"],
        route_class_override=PlainRoute,
        response_class=Response,
        **plugin_operation(plugin, noun),
    )


def read_query(request: Request, plugin: Any) -> tuple[DepthQuery, dict[str, str]]:
    """The network and the kind of picture that are asked for, and the plug-in's own options.

    All of it is checked before the body is read.

    Raises:
        ParameterError: an unknown or repeated parameter, or a file named in the query.
        UnknownNameError: no such model.
        MissingExtraError: the plug-in needs a library that is not installed.
    """
    (EFFECTS if is_effect(plugin) else EXPORTS).ready(plugin.name)
    given = single_values(request)
    shared = shared_by(plugin)
    query: DepthQuery = parse(DepthQuery, {name: given.pop(name) for name in shared if name in given})
    if query.model:
        catalogue.card(query.model)
    parse(plugin.options, given)
    return query, given
