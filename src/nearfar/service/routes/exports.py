"""``POST /v1/exports/NAME``: a photo in, a file of its depth out; ``GET /v1/exports``: what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from nearfar.plugins import outline
from nearfar.registry import EXPORTS
from nearfar.service.answer.openapi import plugins_operation
from nearfar.service.routes._one_photo import add_route

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["exports"])

    @routes.get("/v1/exports", **plugins_operation("exports"))
    async def list_exports() -> list[dict[str, Any]]:
        return [outline(EXPORTS.load(name)) for name in EXPORTS.names()]

    for name in EXPORTS.names():
        add_route(routes, service, EXPORTS.load(name), "exports")
    return routes
