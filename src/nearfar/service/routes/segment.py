"""``/v1/segment``: the object at a place of a photo, for cutting it out on the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import JSONResponse, Response

from nearfar.decode.photo import read_photo
from nearfar.options import option, parse
from nearfar.service.answer.estimation import TicketWatch
from nearfar.service.answer.memory import needed_bytes
from nearfar.service.answer.segmenting import RUN_BYTES, Segmenting
from nearfar.service.http.disconnect import while_connected
from nearfar.service.http.uploads import FIELD
from nearfar.service.request.ids import timing_of
from nearfar.service.request.query import single_values
from nearfar.service.request.terms import terms_of
from nearfar.service.routes._one_photo import upload_of

if TYPE_CHECKING:
    from nearfar.service.answer.estimation import Tools
    from nearfar.service.context import Service
    from nearfar.service.http.uploads import Upload
    from nearfar.service.request.timing import Timing
    from nearfar.service.work.ticket import Ticket


@dataclass(frozen=True, slots=True)
class SegmentQuery:
    """The query of ``POST /v1/segment``."""

    x: float = option(0.5, "From the left, as a share of the photo's width.", low=0, high=1)
    y: float = option(0.5, "From the top, as a share of its height.", low=0, high=1)


def router(service: Service) -> APIRouter:
    """The routes of this noun; they are for the page, and stand in the reference in words."""
    routes = APIRouter()
    segmenting = Segmenting(service.settings.segmenter)

    async def tell(_: Request) -> Response:
        return JSONResponse({"is_there": segmenting.is_there})

    async def cut(request: Request) -> Response:
        segmenting.check()
        query: SegmentQuery = parse(SegmentQuery, single_values(request))
        terms = terms_of(request, service.settings.request_timeout)
        service.pool.check_room(terms)
        timing = timing_of(request.scope)
        with timing.stage("upload"):
            upload = await upload_of(request, service)
        work = partial(_mask, segmenting, query, upload, service.tools, timing)

        def in_turn(ticket: Ticket) -> bytes:
            with segmenting.turn(ticket.check, service.pool.aside):
                return work(ticket)

        body: bytes = await while_connected(request, service.pool.run(in_turn, terms))
        return Response(body, 200, {"Cache-Control": "no-store"}, "image/png")

    routes.add_route("/v1/segment", tell, methods=["GET"], include_in_schema=False)
    routes.add_route("/v1/segment", cut, methods=["POST"], include_in_schema=False)
    return routes


def _mask(
    segmenting: Segmenting, query: SegmentQuery, upload: Upload, tools: Tools, timing: Timing, ticket: Ticket
) -> bytes:
    """Decode, look, cut. Runs in a worker thread."""
    timing.note("queue", ticket.queued_at, ticket.waited_s)
    data = upload.files((), tools.limits.max_bytes)[FIELD]
    with tools.room(needed_bytes(data, ["png"]) + RUN_BYTES, ticket) as lease:
        watch = TicketWatch(ticket, lease, timing)
        with watch.stage("decode"):
            photo = watch.do(read_photo, data, tools.limits, "the image")
        with watch.stage("engine"), ticket.step():
            return segmenting.mask_at(photo, query.x, query.y)
