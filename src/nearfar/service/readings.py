"""What has a value at any time, and is read when asked for: the queue, the models, the build."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from nearfar import __version__, api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client.core import Metric

    from nearfar.service.context import Service

    Values = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric: name, help, how it is read (label values and number), and its labels."""

    name: str
    help: str
    read: Callable[[Service], Values]
    labels: tuple[str, ...] = ()


def _one(read: Callable[[Service], float]) -> Callable[[Service], Values]:
    """A reading without labels."""
    return lambda service: [((), float(read(service)))]


def _build(service: Service) -> Values:
    yield (__version__, service.settings.model, service.probe.weights_sha256), 1.0


def _refused(service: Service) -> Values:
    counts = service.pool.refused
    return [((reason,), float(counts[reason])) for reason in ("full", "displaced", "deadline", "closing")]


def _frames(service: Service) -> Values:
    live = service.live
    counts = {"answered": live.answered, "dropped": live.dropped, "failed": live.failed}
    return [((outcome,), float(count)) for outcome, count in counts.items()]


READINGS = (
    Reading(
        "nearfar_build_info",
        "Always 1; version, default model, SHA-256 of its weights (empty until it has answered once).",
        _build,
        ("version", "model", "weights_sha256"),
    ),
    Reading(
        "nearfar_ready",
        "1 where the default model answered when it was last asked, else 0.",
        _one(lambda service: service.probe.has_answered),
    ),
    Reading(
        "nearfar_queue_waiting",
        "Requests that wait for a thread.",
        _one(lambda service: service.pool.waiting),
    ),
    Reading(
        "nearfar_queue_places",
        "Requests that may wait; further ones are refused.",
        _one(lambda service: service.settings.queue),
    ),
    Reading(
        "nearfar_queue_estimated_seconds",
        "Estimated time until the queue as it stands is worked off: what Retry-After says, whole seconds.",
        _one(lambda service: service.pool.estimated_wait_s()),
    ),
    Reading(
        "nearfar_queue_refusals_total",
        "Work that got no place: full, displaced by a caller with fewer, deadline too near, closing.",
        _refused,
        ("reason",),
    ),
    Reading(
        "nearfar_queue_expired_total",
        "Work that was taken, but not done in its time.",
        _one(lambda service: service.pool.expired),
    ),
    Reading(
        "nearfar_background_waiting",
        "Pieces of background work (jobs) that wait for a thread.",
        _one(lambda service: service.pool.waiting_in_background),
    ),
    Reading(
        "nearfar_running",
        "Pieces of work under way.",
        _one(lambda service: service.pool.running),
    ),
    Reading(
        "nearfar_streams",
        "Pieces of work that may be under way at the same time.",
        _one(lambda service: service.pool.workers),
    ),
    Reading(
        "nearfar_upload_bytes",
        "Bytes of bodies that are arriving now.",
        _one(lambda service: service.uploads.room.used),
    ),
    Reading(
        "nearfar_memory_budget_bytes",
        "Memory that all pictures under way may take together, and what they are estimated to take now.",
        lambda service: [
            (("total",), float(service.tools.memory.total)),
            (("used",), float(service.tools.memory.used)),
        ],
        ("kind",),
    ),
    Reading(
        "nearfar_memory_waiting",
        "Requests that wait for memory.",
        _one(lambda service: service.tools.memory.waiting),
    ),
    Reading(
        "nearfar_wall_lost_total",
        "Workers that ended in the middle of their work: crashed, slow, memory, killed, unwanted.",
        lambda service: [((why,), float(count)) for why, count in service.tools.wall.lost.items()],
        ("why",),
    ),
    Reading(
        "nearfar_wall_started_total",
        "Workers that were started.",
        _one(lambda service: service.tools.wall.started),
    ),
    Reading(
        "nearfar_engine_stuck_total",
        "Calls of a network that did not come back in NEARFAR_ENGINE_TIMEOUT seconds and were given up.",
        _one(lambda service: service.watchdog.stuck),
    ),
    Reading(
        "nearfar_engine_abandoned",
        "Threads that are lost in such a call now.",
        _one(lambda service: service.pool.abandoned),
    ),
    Reading(
        "nearfar_live_streams",
        "Live streams that are open.",
        _one(lambda service: service.live.connections),
    ),
    Reading(
        "nearfar_live_frames_total",
        "Frames of live streams: answered, dropped for a newer one, failed.",
        _frames,
        ("outcome",),
    ),
    Reading(
        "nearfar_jobs",
        "Jobs by state, as of a moment ago.",
        lambda service: [((state,), float(count)) for state, count in service.jobs.counts().items()],
        ("state",),
    ),
    Reading(
        "nearfar_job_pictures_waiting",
        "Pictures of jobs that are not done yet, as of a moment ago.",
        _one(lambda service: service.jobs.pictures_waiting()),
    ),
    Reading(
        "nearfar_model_loaded",
        "1 for each model whose network is loaded.",
        lambda service: [((name,), 1.0) for name in api.loaded_models(service.settings)],
        ("model",),
    ),
    Reading(
        "nearfar_model_memory_bytes",
        "Estimated memory of the networks that are loaded.",
        _one(lambda service: api.loaded_bytes(service.settings)),
    ),
    Reading("nearfar_threads", "Threads of the process.", _one(lambda _: threading.active_count())),
)
"""Every one of them."""
SHARED = frozenset({"nearfar_jobs", "nearfar_job_pictures_waiting"})
"""Those that every process of a service reads alike: they are told once."""


def read(service: Service) -> list[Metric]:
    """All of them with their values of now."""
    return [_family(reading, service) for reading in READINGS]


def _family(reading: Reading, service: Service) -> Metric:
    family = CounterMetricFamily if reading.name.endswith("_total") else GaugeMetricFamily
    made = family(reading.name, reading.help, labels=reading.labels)
    for labels, value in reading.read(service):
        made.add_metric(labels, value)
    result: Metric = made
    return result
