"""``POST /v1/depth``: a photo in, its depth out."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from nearfar import catalogue
from nearfar.options import parse
from nearfar.service.answers import DepthQuery, choose_format
from nearfar.service.errors import ClientLeftError
from nearfar.service.estimation import Answer, Question, answer
from nearfar.service.frame import request_id_of, timing_of
from nearfar.service.openapi import depth_operation
from nearfar.service.plain_route import PlainRoute
from nearfar.service.query import single_values
from nearfar.service.terms import terms_of
from nearfar.service.uploads import read_upload

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.types import Receive

    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["depth"], route_class=PlainRoute)

    @routes.post("/v1/depth", response_class=Response, **depth_operation(service.formats))
    async def estimate_depth(request: Request) -> Response:
        query = read_query(request)
        chosen = choose_format(query.format, request.headers.get("accept", ""), service.formats)
        terms = terms_of(request, service.settings.request_timeout)
        service.pool.check_room(terms)
        timing = timing_of(request.scope)
        with timing.stage("upload"):
            upload = await read_upload(request, service.uploads)
        question = Question(upload, query, chosen, request_id_of(request.scope), timing)
        work = partial(answer, question, service.loader, service.limits)
        found: Answer = await while_connected(request.receive, service.pool.run(work, terms))
        if not query.model:
            service.probe.note_success()
        return respond(found, chosen.suffix)

    return routes


def read_query(request: Request) -> DepthQuery:
    """The query of a request, checked before its body is read.

    Raises:
        ParameterError: an unknown or repeated parameter, or a value out of its range.
        UnknownNameError: no such model.
    """
    query: DepthQuery = parse(DepthQuery, single_values(request))
    if query.model or query.size is not None:
        card = catalogue.card(query.model or request.app.state.service.settings.model)
        if query.size is not None:
            card.input.with_size(query.size)
    return query


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Any]) -> Any:
    """What ``work`` gives; ClientLeftError, and the work dropped, where the client leaves before."""
    waiting = asyncio.current_task()
    assert waiting is not None  # noqa: S101 - a coroutine runs in a task
    has_left = False

    def leave(_: object) -> None:
        nonlocal has_left
        has_left = waiting.cancel()

    leaving = asyncio.create_task(_leaving(receive))
    leaving.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if has_left and waiting.uncancel() == 0:
            raise ClientLeftError from None
        raise
    finally:
        leaving.remove_done_callback(leave)
        leaving.cancel()


async def _leaving(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def respond(found: Answer, suffix: str) -> Response:
    """The response that carries an answer."""
    response = Response(found.body, media_type=found.media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'inline; filename="depth{suffix}"'
    response.headers["Vary"] = "Accept"
    for name, value in found.headers:
        response.headers.append(name, value)
    return response
