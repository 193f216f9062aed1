"""An answer as an HTTP response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from nearfar.service.answer.estimation import Answer


def respond(found: Answer, file: str) -> Response:
    """The response that carries an answer, under the name of a file."""
    response = Response(found.body, media_type=found.media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'inline; filename="{file}"'
    response.headers["Vary"] = "Accept"
    for name, value in found.headers:
        response.headers.append(name, value)
    return response
