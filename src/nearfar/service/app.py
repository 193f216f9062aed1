"""The ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from nearfar import __version__, api
from nearfar import settings as settings_module
from nearfar.decode.photo import Limits
from nearfar.machine.cpus import usable_cpus
from nearfar.service import readings
from nearfar.service.answer import model_schemas, openapi
from nearfar.service.answer.answers import HEADERS, formats
from nearfar.service.answer.estimation import Tools
from nearfar.service.answer.probe import Probe
from nearfar.service.answer.walls import budget_bytes, wall_of
from nearfar.service.context import Service
from nearfar.service.guard.gate import Access
from nearfar.service.guard.hosts import Hosts, allowed_origins, frame_ancestors
from nearfar.service.guard.keys_now import guards_of
from nearfar.service.guard.ledger import OwnLedger
from nearfar.service.guard.lengths import Lengths
from nearfar.service.guard.limits import Crowd
from nearfar.service.guard.proxies import Proxies
from nearfar.service.http.envelope import REQUEST_ID, Envelope
from nearfar.service.http.head import Head
from nearfar.service.http.held import HEADER, HeldUploads, Holding
from nearfar.service.http.uploads import UploadLimits, UploadRoom
from nearfar.service.jobs.schemas import schemas
from nearfar.service.jobs.upload import too_many_uploads
from nearfar.service.jobs.videos import video_limits
from nearfar.service.jobs.work import JobTools
from nearfar.service.jobs.worker import Jobs
from nearfar.service.live.places import Live
from nearfar.service.request import problems
from nearfar.service.routes import (
    compare,
    depth,
    docs,
    effects,
    exports,
    health,
    jobs,
    live,
    metrics,
    models,
    pages,
    photos,
    segment,
)
from nearfar.service.watch import logs
from nearfar.service.watch.metrics import Metrics
from nearfar.service.work.budget import MemoryBudget
from nearfar.service.work.helper_threads import HelperThreads
from nearfar.service.work.pool import EnginePool
from nearfar.service.work.watchdog import Watchdog
from nearfar.sessions.sharing import is_small
from nearfar.weights import open_store
from nearfar.weights.packs import sweep_imports
from nearfar.zoo import catalogue
from nearfar.zoo.pulls import Pulls
from nearfar.zoo.timings import Timings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi.telemetry import TelemetryConfig

    from nearfar.service.answer.estimation import Loader
    from nearfar.service.guard.ledger import Ledger
    from nearfar.service.request.exchange import Exchange
    from nearfar.service.watch.tracing import Tracing
    from nearfar.settings import Settings

_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own would tell queries and values to whatever provider the process has; ours tells neither."""
_NOUNS = (depth, compare, effects, exports, jobs, live, models, health, metrics, photos, segment, docs, pages)
UPLOADS_AT_ONCE = 8
"""Bodies of the largest size that may be arriving at the same time; smaller ones may be more."""


GRACE_S = 3.0
"""Seconds that work under way gets at the end, once every request was answered or given up."""
_log = logging.getLogger("nearfar.service")


def create_app(
    settings: Settings | None = None, loader: Loader | None = None, ledger: Ledger | None = None
) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: those of the environment where none are given.
        loader: gives the model of a name ("" is the default one) and an input size (None is its own);
            :func:`nearfar.load` where none is given.
        ledger: where callers are counted; one of this process alone where none is given.
    """
    settings = settings or settings_module.load()
    service = _service(settings, loader, ledger or OwnLedger())
    app = FastAPI(
        title="nearfar",
        version=__version__,
        summary="Tells near from far in any single photo.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,  # its document says so itself
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        lifespan=partial(_life, service=service),
        telemetry=_NO_TELEMETRY,
    )
    app.state.service = service
    problems.install(app)
    for noun in _NOUNS:
        app.include_router(noun.router(service))
    openapi.install(app, service.formats, service.guards.keys, schemas() | model_schemas.schemas())
    app.add_middleware(Head)
    app.add_middleware(Access, guards=service.guards)
    origins = allowed_origins(settings)
    _add_origins(app, origins)
    app.add_middleware(Hosts, hosts=service.guards.hosts, origins=origins)
    app.add_middleware(Proxies, networks=service.guards.proxies, header=settings.proxy_header)
    app.add_middleware(Lengths)
    app.state.watchers = _watchers(service)
    app.add_middleware(
        Envelope,
        on_error=problems.unforeseen,
        watchers=app.state.watchers,
        frame_ancestors=frame_ancestors(settings),
    )
    return app


def _service(settings: Settings, given: Loader | None, ledger: Ledger) -> Service:
    pool = EnginePool(settings.streams or usable_cpus(), settings.queue)
    loader = given or _default_loader(settings, pool)
    probe = Probe(pool, loader)
    limits = Limits(settings.max_bytes, settings.max_pixels)
    memory = MemoryBudget(budget_bytes(settings), pool.aside)
    tools = Tools(loader, limits, wall_of(settings, memory.total), memory)
    room = UploadRoom(UPLOADS_AT_ONCE * settings.max_bytes)
    service = Service(
        settings=settings,
        tools=tools,
        pool=pool,
        probe=probe,
        watchdog=_watchdog(pool, probe, settings),
        uploads=UploadLimits(settings.max_bytes, settings.upload_timeout, room),
        held=HeldUploads(Holding.of(settings)),
        formats=formats(),
        guards=guards_of(settings, ledger),
        metrics=Metrics(),
        live=Live(settings.live_connections, ledger),
        jobs=Jobs(settings, pool, JobTools(tools, settings.model, video_limits(settings))),
        uploading=Crowd(settings.job_uploads, ledger, "job ", too_many_uploads),
        pulls=Pulls(settings),
        timings=Timings(settings),
        tracing=_tracing(settings.otlp_endpoint),
    )
    service.metrics.also(partial(readings.read, service), readings.SHARED)
    return service


def _watchers(service: Service) -> list[Callable[[Exchange], object]]:
    """Who is told of each request when it is over."""
    traced = [service.tracing.watch] if service.tracing else []
    return [logs.log_access, service.metrics.watch, *traced]


def _tracing(endpoint: str) -> Tracing | None:
    """What sends traces; MissingExtraError where its libraries are not installed."""
    if not endpoint:
        return None
    from nearfar.service.watch.tracing import Tracing

    return Tracing(endpoint)


def _watchdog(pool: EnginePool, probe: Probe, settings: Settings) -> Watchdog:
    def replace_network(model: api.Model) -> None:
        api.discard(model)
        probe.note_stuck()

    watchdog = Watchdog(pool, settings.engine_timeout, replace_network, settings.work_timeout)
    watchdog.when_lost.append(probe.give_up)
    return watchdog


def _default_loader(settings: Settings, pool: EnginePool) -> Loader:
    """Loads with threads by the network's size, where their number is not set.

    A small network gains nothing from a second thread while other photos keep the processors busy, and pays
    for it (measured: 4 % more processor time a photo); a large one makes a lone client wait less.
    """
    cpus = usable_cpus()
    share = max(1, cpus // (settings.streams or cpus))
    small = replace(settings, threads=settings.threads or share)
    large = replace(settings, threads=settings.threads or cpus)

    def load(name: str, size: int | None, *, fast: bool = False) -> api.Model:
        card = catalogue.card(name or settings.model)
        chosen = small if is_small(card) else large
        with contextlib.nullcontext() if api.is_loaded(card.name, chosen) else pool.aside():
            return api.load(card.name, size=size, settings=chosen, fast=fast)

    return load


def _add_origins(app: FastAPI, origins: tuple[str, ...]) -> None:
    if origins:
        exposed = [
            *HEADERS,
            REQUEST_ID,
            "Server-Timing",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "WWW-Authenticate",
            "Content-Disposition",
            "Location",
        ]
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[
                *("Content-Type", "Prefer", "Authorization", "X-API-Key", REQUEST_ID, HEADER),
                *("Idempotency-Key", "Last-Event-ID"),
            ],
            expose_headers=exposed,
        )


@contextlib.asynccontextmanager
async def _life(app: FastAPI, service: Service) -> AsyncIterator[None]:  # noqa: ARG001 - the lifespan's shape
    """Start the threads and warm the default model; at the end finish what was taken."""
    opencv = HelperThreads(service.pool)
    service.pool.when_begun = opencv.tighten
    service.tools.wall.start()
    service.pool.start()
    await asyncio.to_thread(sweep_imports, open_store(service.settings))
    if models.may_download(service.settings):
        await asyncio.to_thread(service.pulls.resume)
    service.watchdog.each_time += [opencv.look, service.tools.memory.tidy]
    service.watchdog.start()
    service.jobs.start()
    warming = asyncio.create_task(service.probe.warm_up())
    yield
    warming.cancel()
    await service.jobs.close(GRACE_S)
    if not await asyncio.to_thread(service.pool.close, GRACE_S):
        _log.warning("%d pieces of work were given up at the end.", service.pool.running)
    service.watchdog.close()
    await asyncio.to_thread(service.tools.wall.close)
    opencv.restore()
    if service.metrics.siblings:
        service.metrics.siblings.close()
    if service.tracing:
        await asyncio.to_thread(service.tracing.close)
