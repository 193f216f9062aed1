"""``GET /``: the page, and the files it is made of."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from fastapi import APIRouter

from nearfar import assets
from nearfar.service.http.static_files import StaticFile, read_folder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from nearfar.service.context import Service


def router(service: Service) -> APIRouter:  # noqa: ARG001 - every noun takes the service
    """One route for each file; ``/`` is ``index.html``."""
    routes = APIRouter()
    files = read_folder(resources.files("nearfar.service").joinpath("static"))
    files |= read_folder(assets.SAMPLES, "/samples/")
    if "/index.html" in files:
        files["/"] = files.pop("/index.html")
    for address, file in files.items():
        routes.add_route(address, endpoint(file), methods=["GET"], include_in_schema=False)
    return routes


def endpoint(file: StaticFile) -> Callable[[Request], Awaitable[Response]]:
    """What answers a request for a file."""

    async def answer(request: Request) -> Response:
        return file.answer(request)

    return answer
