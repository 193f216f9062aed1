"""``GET /metrics``: what is counted, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from nearfar.service.answer.openapi import metrics_operation
from nearfar.service.watch.metrics import MEDIA_TYPE, render

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["health"])

    @routes.get("/metrics", response_class=Response, **metrics_operation())
    async def read_metrics() -> Response:
        body = render(await service.metrics.gather())
        return Response(body, headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"})

    return routes
