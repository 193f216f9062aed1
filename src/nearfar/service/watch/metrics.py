"""What is counted of the service, in the format of Prometheus.

Counters and histograms are written as requests end (:meth:`Metrics.watch`); what has a value at any time is
read when asked for (:meth:`Metrics.also`). Labels take few values, whatever clients send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from nearfar.service.request.exchange import CLIENT_LEFT
from nearfar.service.watch.siblings import Siblings, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.core import Metric

    from nearfar.service.request.exchange import Exchange

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_LONG_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_SHORT_S = (0.001, 0.0025, *_LONG_S)


@dataclass(frozen=True, slots=True)
class Event:
    """One metric that is counted as requests end.

    ``buckets``: the upper ends of a histogram's; a counter has none.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS = Event(
    "nearfar_requests_total",
    "Requests by route template, method and status; 499: the client had left.",
    ("route", "method", "status"),
)
SECONDS = Event(
    "nearfar_request_seconds",
    "From a request's first line to its answer's last byte, by route template.",
    ("route",),
    _LONG_S,
)
STAGES = Event(
    "nearfar_stage_seconds",
    "Stages of requests: upload, queue, model, decode, engine, encode.",
    ("stage",),
    _SHORT_S,
)
REJECTIONS = Event(
    "nearfar_rejections_total",
    "Requests that got a problem instead of what they asked for, by its name; client-left: nobody waited.",
    ("reason",),
)
REJECTED = Event(
    "nearfar_rejection_seconds",
    "From the first byte of a request that got a problem to the last one of its answer, by its name.",
    ("reason",),
    _SHORT_S,
)
SENT = Event("nearfar_sent_bytes_total", "Bytes of the bodies of all answers.")
EVENTS = (REQUESTS, SECONDS, STAGES, REJECTIONS, REJECTED, SENT)
"""Everything that is counted as requests end."""


class Metrics:
    """The metrics of one service, in a registry of its own: several services in a process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = _counter(REQUESTS, self._registry)
        self._seconds = _histogram(SECONDS, self._registry)
        self._stages = _histogram(STAGES, self._registry)
        self._rejections = _counter(REJECTIONS, self._registry)
        self._rejected = _histogram(REJECTED, self._registry)
        self._sent = _counter(SENT, self._registry)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._read: Callable[[], Iterable[Metric]] = tuple
        self._shared: frozenset[str] = frozenset()
        self.siblings: Siblings | None = None
        """The other processes on the same port, where there are any."""

    def watch(self, exchange: Exchange) -> None:
        """Count a request that is over."""
        status, route = exchange.status or CLIENT_LEFT, exchange.route
        self._requests.labels(route, exchange.method, status).inc()
        self._seconds.labels(route).observe(exchange.seconds)
        self._sent.inc(exchange.sent_bytes)
        if exchange.problem:
            self._rejections.labels(exchange.problem).inc()
            self._rejected.labels(exchange.problem).observe(exchange.seconds)
        for stage, seconds in exchange.timing.seconds().items():
            self._stages.labels(stage).observe(seconds)

    def also(self, read: Callable[[], Iterable[Metric]], shared: frozenset[str]) -> None:
        """Tell what ``read`` gives besides; ``shared``: names that every process of a service reads alike."""
        self._read, self._shared = read, shared

    def families(self) -> list[Metric]:
        """Every metric with its values of now."""
        found = [*self._registry.collect(), *self._read()]
        for family in found:  # when a series began is noise: rates find a restart by themselves
            family.samples = [row for row in family.samples if not row.name.endswith("_created")]
        return found

    async def gather(self) -> list[Metric]:
        """:meth:`families`, with those of the other processes, which then have a label ``worker``."""
        own = self.families()
        if self.siblings is None:
            return own
        return join({self.siblings.number: own, **await self.siblings.ask()}, self._shared)


def render(families: list[Metric]) -> bytes:
    """Metrics as Prometheus reads them."""
    return generate_latest(_Families(families))


class _Families(CollectorRegistry):
    """Families that were collected already."""

    def __init__(self, families: list[Metric]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def _counter(row: Event, registry: CollectorRegistry) -> Counter:
    return Counter(row.name, row.help, row.labels, registry=registry)


def _histogram(row: Event, registry: CollectorRegistry) -> Histogram:
    return Histogram(row.name, row.help, row.labels, registry=registry, buckets=row.buckets)
