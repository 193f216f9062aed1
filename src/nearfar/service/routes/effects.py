"""``POST /v1/effects/NAME``: a photo in, a picture or a clip out; ``GET /v1/effects``: what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from nearfar.plugins import outline
from nearfar.registry import EFFECTS
from nearfar.service.answer.openapi import plugins_operation
from nearfar.service.routes._one_photo import add_route

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["effects"])

    @routes.get("/v1/effects", **plugins_operation("effects"))
    async def list_effects() -> list[dict[str, Any]]:
        return [outline(EFFECTS.load(name)) for name in EFFECTS.names()]

    for name in EFFECTS.names():
        add_route(routes, service, EFFECTS.load(name), "effects")
    return routes
