"""``GET /docs``: the service explained from its OpenAPI document, with a form to try it."""

from __future__ import annotations

import html
from importlib import resources
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import HTMLResponse

from nearfar.service.http.static_files import read_folder
from nearfar.service.request.problems import Problem, all_problems
from nearfar.service.routes.pages import endpoint

if TYPE_CHECKING:
    from nearfar.service.context import Service

_TEMPLATE = "index.html"


def router(service: Service) -> APIRouter:  # noqa: ARG001 - every noun takes the service
    """The page and its two files; nothing comes from elsewhere."""
    routes = APIRouter()
    folder = resources.files("nearfar.service").joinpath("apidocs")
    page = (
        folder.joinpath(_TEMPLATE).read_text(encoding="utf-8").replace("<!-- problems -->", _problem_rows())
    )

    @routes.get("/docs", include_in_schema=False)
    async def read_docs(request: Request) -> HTMLResponse:  # noqa: ARG001 - a page without choices
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    for address, file in read_folder(folder, "/docs/").items():
        if not address.endswith(_TEMPLATE):
            routes.add_route(address, endpoint(file), methods=["GET"], include_in_schema=False)
    return routes


def _problem_rows() -> str:
    rows = {problem.slug: problem for problem in all_problems()}
    return "\n".join(_problem_row(problem) for problem in rows.values())


def _problem_row(problem: Problem) -> str:
    cells = (str(problem.status), f"<code>{problem.slug}</code>", html.escape(problem.title))
    return f'<tr id="problem-{problem.slug}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
