"""Traces by OpenTelemetry: a span for each request and one for each of its stages, sent by OTLP over HTTP.

The spans are made when a request is over, from the times that were noted anyway: a service without traces
pays nothing for them, one with traces pays after the answer is out.
"""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from nearfar import __version__
from nearfar.errors import MissingExtraError
from nearfar.service.request.exchange import CLIENT_LEFT, UNKNOWN
from nearfar.service.watch.logs import QUIET_ROUTES

try:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError as exc:
    raise MissingExtraError(
        "Traces (the setting otlp_endpoint) need a library that is not installed.",
        "Install it: pip install 'nearfar[otel]'",
    ) from exc

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from nearfar.service.request.exchange import Exchange

PATH = "/v1/traces"
"""Where a collector takes spans, below its address (OTLP specification, OTLP/HTTP request)."""
_PARENTS = (b"traceparent", b"tracestate")
_CLOSE_S = 5.0


class Tracing:
    """Sends the spans of one service to a collector, from a thread of its own."""

    def __init__(self, endpoint: str) -> None:
        exporter = OTLPSpanExporter(endpoint.rstrip("/") + PATH)
        who = {
            "service.name": "nearfar",
            "service.version": __version__,
            "service.instance.id": str(uuid.uuid4()),
        }
        self._provider = TracerProvider(resource=Resource.create(who), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("nearfar.service", __version__)
        self._parents = TraceContextTextMapPropagator()

    def watch(self, exchange: Exchange) -> None:
        """Make the spans of a request that is over; those of good health are left out."""
        if exchange.route in QUIET_ROUTES and exchange.status < 400:
            return
        epoch = time.time_ns() - time.perf_counter_ns()
        span = self._open(exchange, epoch)
        if span.is_recording():
            self._describe(span, exchange)
            inner = set_span_in_context(span)
            for name, (begin, seconds) in exchange.timing.rows.copy().items():
                stage = self._tracer.start_span(name, inner, start_time=epoch + _ns(begin))
                stage.end(epoch + _ns(begin + seconds))
        span.end(epoch + _ns(exchange.begin + exchange.seconds))

    def close(self) -> None:
        """Send what is left, for some seconds at most."""
        closing = threading.Thread(target=self._provider.shutdown, name="nearfar-traces", daemon=True)
        closing.start()
        closing.join(_CLOSE_S)

    def _open(self, exchange: Exchange, epoch: int) -> Span:
        carrier = {k.decode(): v.decode("latin-1") for k, v in exchange.scope["headers"] if k in _PARENTS}
        name = exchange.method if exchange.route == UNKNOWN else f"{exchange.method} {exchange.route}"
        return self._tracer.start_span(
            name,
            self._parents.extract(carrier),
            kind=SpanKind.SERVER,
            start_time=epoch + _ns(exchange.begin),
        )

    @staticmethod
    def _describe(span: Span, exchange: Exchange) -> None:
        """Attributes by the semantic conventions for HTTP; nothing that a client wrote but its request id."""
        status = exchange.status or CLIENT_LEFT
        facts: dict[str, str | int] = {
            "http.request.method": exchange.method,
            "http.route": "" if exchange.route == UNKNOWN else exchange.route,
            "http.response.status_code": status,
            "http.response.body.size": exchange.sent_bytes,
            "error.type": exchange.problem if status >= 500 else "",
            "nearfar.problem": exchange.problem,
            "nearfar.request_id": exchange.request_id,
        }
        span.set_attributes({name: value for name, value in facts.items() if value != ""})
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
