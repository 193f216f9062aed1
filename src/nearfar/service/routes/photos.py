"""``/v1/photos``: a photo kept for a while, so that effects on it are asked for by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import JSONResponse, Response

from nearfar.service.http.uploads import read_upload
from nearfar.service.request.access import caller_of

if TYPE_CHECKING:
    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:
    """The routes of this noun; they are for the page, and stand in the reference in words."""
    routes = APIRouter()

    async def keep(request: Request) -> Response:
        upload = await read_upload(request, service.uploads)
        upload.files((), service.uploads.max_bytes)  # what no route could read is not kept
        name = service.held.keep(caller_of(request.scope), upload)
        answer = {"photo": name, "seconds": service.held.holding.seconds}
        return JSONResponse(answer, 201, {"Cache-Control": "no-store"})

    async def drop(request: Request) -> Response:
        service.held.drop(caller_of(request.scope), str(request.path_params["photo"]))
        return Response(status_code=204)

    routes.add_route("/v1/photos", keep, methods=["POST"], include_in_schema=False)
    routes.add_route("/v1/photos/{photo}", drop, methods=["DELETE"], include_in_schema=False)
    return routes
