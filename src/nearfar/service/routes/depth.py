"""``POST /v1/depth``: a photo in, its depth out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from nearfar.options import parse
from nearfar.registry import EXPORTS
from nearfar.service.answer.answers import DepthQuery, choose_format
from nearfar.service.answer.openapi import depth_operation
from nearfar.service.http.plain_route import PlainRoute
from nearfar.service.http.uploads import PROMPT
from nearfar.service.request.query import single_values
from nearfar.service.routes._one_photo import answered
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["depth"], route_class=PlainRoute)

    @routes.post("/v1/depth", response_class=Response, **depth_operation(service.formats))
    async def estimate_depth(request: Request) -> Response:
        query = read_query(request)
        chosen = choose_format(query.format, request.headers.get("accept", ""), service.formats)
        require_formats(chosen.name, *(query.parts or ()))
        return await answered(request, service, query, chosen, (PROMPT,))

    return routes


def require_formats(*names: str) -> None:
    """MissingExtraError where one of the names is that of an export which cannot run here."""
    for name in names:
        if name.replace("-", "_") in EXPORTS.names():
            EXPORTS.ready(name)


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
