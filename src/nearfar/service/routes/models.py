"""``/v1/models``: the catalogue, one model, and fetching its weights."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import JSONResponse, Response, StreamingResponse

from nearfar.keys import ADMIN
from nearfar.service.answer import model_schemas as documented
from nearfar.service.answer.openapi import models_operation
from nearfar.service.errors import DownloadsOffError, ForbiddenError
from nearfar.service.guard.hosts import is_reached_from_elsewhere
from nearfar.weights import open_store
from nearfar.weights.store import ASSET
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nearfar.cards import ModelCard
    from nearfar.service.context import Service
    from nearfar.settings import Settings
    from nearfar.weights import Store
    from nearfar.zoo.timings import Timings

LOOK_S = 0.25
HEARTBEAT_S = 15.0
_NO_STORE = {"Cache-Control": "no-store"}


def router(service: Service) -> APIRouter:
    """The routes of this noun."""
    routes = APIRouter(tags=["models"])
    desk = Desk(service)

    @routes.get("/v1/models", **models_operation())
    async def list_models() -> dict[str, Any]:
        rows = await asyncio.to_thread(_rows, service)
        return {"default": service.settings.model, "models": rows}

    for method, path, work, operation in (
        ("GET", "", desk.show, documented.show_operation()),
        ("POST", "/pull", desk.pull, documented.pull_operation()),
        ("DELETE", "/pull", desk.cancel, documented.cancel_operation()),
        ("GET", "/pull/events", desk.watch, documented.events_operation()),
    ):
        routes.add_api_route(
            f"/v1/models/{{name}}{path}", work, methods=[method], response_class=Response, **operation
        )
    return routes


def _rows(service: Service) -> list[dict[str, Any]]:
    """All models as plain values; looks at the disk."""
    store = open_store(service.settings)
    return [describe(card, store, service.timings) for card in catalogue.cards().values()]


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Answers what is asked of one model."""

    service: Service

    async def show(self, request: Request) -> Response:
        """The card, whether its weights are here, and how far its pull is."""
        return JSONResponse(await asyncio.to_thread(self._shown, _card(request)), headers=_NO_STORE)

    async def pull(self, request: Request) -> Response:
        """Begin to fetch a model's weights; whoever asks again joins."""
        card = _card(request)
        self._check(request)
        engine = request.query_params.get("engine", "")
        record, is_new = await asyncio.to_thread(self.service.pulls.begin, card.name, engine)
        root = str(request.scope.get("root_path", ""))
        headers = {"Location": f"{root}/v1/models/{card.name}", **_NO_STORE}
        return JSONResponse(record.plain, 202 if is_new else 200, headers)

    async def cancel(self, request: Request) -> Response:
        """Let a pull end; what came is kept."""
        card = _card(request)
        self._check(request)
        record = await asyncio.to_thread(self.service.pulls.cancel, card.name)
        return JSONResponse(record.plain if record else None, headers=_NO_STORE)

    async def watch(self, request: Request) -> Response:
        """Progress of a pull as server-sent events."""
        headers = {**_NO_STORE, "X-Accel-Buffering": "no"}
        events = _events(self.service, _card(request).name)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    def _shown(self, card: ModelCard) -> dict[str, Any]:
        record = self.service.pulls.record(card.name)
        row = describe(card, open_store(self.service.settings), self.service.timings)
        may = may_download(self.service.settings)
        return row | {"can_be_pulled": may and _has_address(card), "pull": record.plain if record else None}

    def _check(self, request: Request) -> None:
        """Raise unless the service fetches models, and for this caller."""
        if not may_download(self.service.settings):
            raise DownloadsOffError(
                "This service does not fetch models.",
                "On its machine: nearfar models pull NAME, or the setting model_downloads = on.",
            )
        if ADMIN not in getattr(request.state, "scopes", ()):
            raise ForbiddenError(
                f"Fetching models needs the scope '{ADMIN}'.",
                f"Make a key that has it: nearfar keys add NAME --scopes {ADMIN}.",
                ADMIN,
            )


def may_download(settings: Settings) -> bool:
    """Whether the service fetches models: always or never as set, else where only its own machine asks."""
    if settings.model_downloads == "auto":
        return not (is_reached_from_elsewhere(settings) or settings.offline)
    return settings.model_downloads == "on"


async def _events(service: Service, name: str) -> AsyncIterator[bytes]:
    """``progress`` whenever the record changes, ``end`` as the last."""
    seen, said_at = 0, time.monotonic()
    while not service.jobs.is_closing:
        record = await asyncio.to_thread(service.pulls.record, name)
        if record is None:
            return
        if record.version > seen:
            seen, said_at = record.version, time.monotonic()
            kind = "end" if record.is_ended else "progress"
            yield f"event: {kind}\nid: {seen}\ndata: {json.dumps(record.plain)}\n\n".encode()
        if record.is_ended:
            return
        if time.monotonic() - said_at >= HEARTBEAT_S:
            said_at = time.monotonic()
            yield b": still here\n\n"
        await asyncio.sleep(LOOK_S)


def _card(request: Request) -> ModelCard:
    """The card that the address names."""
    return catalogue.card(str(request.path_params["name"]))


def _has_address(card: ModelCard) -> bool:
    return any(file.location and not file.location.startswith(ASSET) for file in card.weights)


def describe(card: ModelCard, store: Store, timings: Timings) -> dict[str, Any]:
    """A card as plain values, whether its weights are on this machine, and what a photo takes here."""
    row = asdict(card)
    del row["input"]["shape"]  # of loaded files, never of cards
    own: dict[str, Any] = {
        "kind": card.kind.value,
        "unit": card.unit,
        "near_is_large": card.kind.is_near_large,
    }
    measured = timings.of(card.name)
    own |= {"measured": measured.plain if measured else None}
    here = {"speed": card.speed_class, "is_installed": store.is_installed(card), "state": _state(card, store)}
    return row | own | here | {"details": dict(card.details)}


def _state(card: ModelCard, store: Store) -> str:
    """``package``, ``here``, ``to_fetch``, or ``to_import`` where its authors publish it elsewhere."""
    if any(file.location.startswith(ASSET) for file in card.weights):
        return "package"
    if store.is_installed(card):
        return "here"
    return "to_fetch" if _has_address(card) else "to_import"
