"""``WS /v1/live``: frames in, heat maps or depth out, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.websockets import WebSocket  # noqa: TC002 - FastAPI reads the annotation

from nearfar.errors import NearfarError
from nearfar.options import parse
from nearfar.service.live.options import LiveOptions
from nearfar.service.live.stream import Means, Stream
from nearfar.service.request import problems
from nearfar.service.request.access import caller_of
from nearfar.service.request.query import single_values

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["live"])
    means = Means(service.settings, service.tools, service.pool, service.probe, service.live)

    @routes.websocket("/v1/live")
    async def look_live(socket: WebSocket) -> None:
        caller = caller_of(socket.scope)
        try:
            options = read_options(socket)
            options.check_model(service.settings.model)
            options.ahead()
            place = service.live.place(caller)
            place.__enter__()
        except NearfarError as exc:
            await socket.send_denial_response(problems.respond(socket.scope, exc))
            return
        try:
            await socket.accept()
            await Stream(socket, means, options, caller).serve()
        finally:
            place.__exit__(None, None, None)

    return routes


def read_options(socket: WebSocket) -> LiveOptions:
    """The options of the query.

    Raises:
        ParameterError: an unknown or repeated parameter, or a value out of its range.
        UnknownNameError: no such model.
    """
    options: LiveOptions = parse(LiveOptions, single_values(socket))
    return options
