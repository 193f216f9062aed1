"""``GET /healthz`` and ``GET /readyz``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from nearfar.service.answer.openapi import health_operation, ready_operation

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", **health_operation())
    async def is_alive() -> dict[str, str]:
        return {"status": "alive"}

    @routes.get("/readyz", **ready_operation())
    async def is_ready() -> dict[str, str]:
        await service.probe.check()
        return {"status": "ready", "model": service.settings.model}

    return routes
