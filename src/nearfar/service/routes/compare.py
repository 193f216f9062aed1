"""``POST /v1/compare``: a photo in, what several networks see out."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from nearfar import comparison
from nearfar.decode.photo import read_photo
from nearfar.ops.colormap import COLORMAPS
from nearfar.options import option, parse
from nearfar.service.answer.estimation import TicketWatch
from nearfar.service.answer.memory import needed_bytes
from nearfar.service.answer.openapi import compare_operation
from nearfar.service.http.disconnect import while_connected
from nearfar.service.http.uploads import FIELD, read_upload
from nearfar.service.request.ids import timing_of
from nearfar.service.request.query import single_values
from nearfar.service.request.terms import terms_of

if TYPE_CHECKING:
    from nearfar.service.answer.estimation import Tools
    from nearfar.service.context import Service
    from nearfar.service.http.uploads import Upload
    from nearfar.service.request.timing import Timing
    from nearfar.service.work.ticket import Ticket

MOST = 6
"""Networks in one request at most."""
_PNG, _JSON = "image/png", "application/json"


@dataclass(frozen=True, slots=True)
class CompareQuery:
    """The query of ``POST /v1/compare``."""

    models: str = option("", f"Names of models out of /v1/models, commas between, at most {MOST}.")
    format: str = option("png", "The sheet, or the table with the sheet in base64.", choices=("png", "json"))
    colormap: str = option("inferno", "Colours of the heat maps, from far to near.", choices=COLORMAPS)


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["compare"])

    @routes.post("/v1/compare", response_class=Response, **compare_operation(CompareQuery))
    async def compare_models(request: Request) -> Response:
        query = read_query(request)
        terms = terms_of(request, service.settings.request_timeout)
        service.pool.check_room(terms)
        timing = timing_of(request.scope)
        with timing.stage("upload"):
            upload = await read_upload(request, service.uploads)
        work = partial(_answer, query, upload, service.tools, timing)
        body: bytes = await while_connected(request, service.pool.run(work, terms))
        response = Response(body, media_type=_JSON if query.format == "json" else _PNG)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Disposition"] = f'inline; filename="compare.{query.format}"'
        return response

    return routes


def read_query(request: Request) -> CompareQuery:
    """The query of a request, checked before its body is read.

    Raises:
        ParameterError: an unknown or repeated parameter, no model or too many.
        UnknownNameError: no such model.
    """
    query: CompareQuery = parse(CompareQuery, single_values(request))
    comparison.cards_of(query.models.split(","), MOST)
    return query


def _answer(query: CompareQuery, upload: Upload, tools: Tools, timing: Timing, ticket: Ticket) -> bytes:
    """Decode, run one network after the other, draw. Runs in a worker thread."""
    timing.note("queue", ticket.queued_at, ticket.waited_s)
    data = upload.files((), tools.limits.max_bytes)[FIELD]
    with tools.room(needed_bytes(data, ["png"]), ticket) as lease:
        watch = TicketWatch(ticket, lease, timing)
        with watch.stage("decode"):
            photo = watch.do(read_photo, data, tools.limits, "the image")
        with watch.stage("engine"):
            found = comparison.compare(
                photo,
                query.models.split(","),
                loader=tools.loader,
                tell=lambda _: ticket.check(),
                watch=ticket.engine,
            )
    with watch.stage("encode"):
        sheet = found.sheet(query.colormap).encoded(".png")
        if query.format == "png":
            return sheet
        part = {"media_type": _PNG, "base64": base64.b64encode(sheet).decode()}
        return json.dumps({**found.table(), "sheet": part}, ensure_ascii=False, allow_nan=False).encode()
