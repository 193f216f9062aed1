"""Traces as a collector receives them."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nearfar import settings
from nearfar.service.request.timing import STAGES
from serving import running, until

proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector:
    """An OTLP receiver over HTTP; ``spans`` are what it was sent, by name."""

    def __init__(self) -> None:
        self.requests: list = []
        self.paths: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                plain = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
                collector.paths.append(self.path)
                collector.requests.append(proto.ExportTraceServiceRequest.FromString(plain))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_) -> None:
                """Say nothing."""

        return Handler

    @property
    def spans(self) -> list:
        """Every span that arrived."""
        groups = [scope for sent in self.requests for row in sent.resource_spans for scope in row.scope_spans]
        return [span for group in groups for span in group.spans]

    @property
    def resource(self) -> dict[str, str]:
        """What the first request said of its sender."""
        rows = self.requests[0].resource_spans[0].resource.attributes
        return {row.key: row.value.string_value for row in rows}

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector():
    """A collector, until the test is over."""
    made = Collector()
    yield made
    made.close()


def _attributes(span) -> dict[str, object]:
    return {row.key: getattr(row.value, row.value.WhichOneof("value")) for row in span.attributes}


def test_a_request_is_a_span_with_its_stages(collector, jpeg) -> None:
    """The caller's trace goes on; each stage lies within the request; what is left is sent at the end."""
    with running(otlp_endpoint=collector.address) as service:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "traced-1"}
        assert service.upload(jpeg, **headers).status_code == 200
        service.client.get("/healthz")
    assert set(collector.paths) == {"/v1/traces"}
    assert collector.resource["service.name"] == "nearfar"
    by_name = {span.name: span for span in collector.spans}
    assert by_name.keys() == {"POST /v1/depth", *STAGES}
    whole = by_name.pop("POST /v1/depth")
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, PARENT)
    facts = {"http.route": "/v1/depth", "http.response.status_code": 200, "nearfar.request_id": "traced-1"}
    assert facts.items() <= _attributes(whole).items()
    for span in by_name.values():
        assert (span.trace_id, span.parent_span_id) == (whole.trace_id, whole.span_id)
        begin, end = span.start_time_unix_nano, span.end_time_unix_nano
        assert whole.start_time_unix_nano <= begin <= end <= whole.end_time_unix_nano


def test_a_caller_s_choice_not_to_trace_is_kept(collector, jpeg) -> None:
    """A parent that is not sampled makes nothing to send; a broken one is passed over."""
    with running(otlp_endpoint=collector.address) as service:
        service.upload(jpeg, traceparent=f"00-{TRACE}-{PARENT}-00")
        service.client.get("/nothing/secret", headers={"traceparent": "00-what-is-this"})
    (span,) = collector.spans
    assert span.name == "GET"
    assert span.parent_span_id == b""
    assert "secret" not in str(span)


def test_failures_are_marked(collector, jpeg) -> None:
    """What broke in the service is an error in the trace, by the problem's name."""

    def broken(_name, _size):
        raise RuntimeError("as it must")

    with running(broken, otlp_endpoint=collector.address) as service:
        assert service.upload(jpeg).status_code == 500
    (span,) = [span for span in collector.spans if span.name == "POST /v1/depth"]
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert _attributes(span)["error.type"] == "internal"


def test_a_collector_that_is_away_stops_nothing(jpeg, monkeypatch) -> None:
    """Requests are answered and the service ends, whether or not somebody listens."""
    monkeypatch.setattr("nearfar.service.watch.tracing._CLOSE_S", 0.5)
    with running(otlp_endpoint="http://127.0.0.1:1") as service:
        assert service.upload(jpeg).status_code == 200
    until(lambda: not any(t.name == "nearfar-worker-0" for t in threading.enumerate()))


def test_without_the_extra_the_start_ends_with_its_name() -> None:
    """One clear error before anything listens, never a silent service without traces."""
    script = (
        "import sys; sys.modules['opentelemetry.sdk'] = None\n"
        "from nearfar.cli import main\n"
        "sys.argv = ['nearfar', 'serve', '--port', '0', '--otlp-endpoint', 'http://localhost:4318']\n"
        "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in {1, 2}
    assert "nearfar[otel]" in done.stderr
    assert "Traceback" not in done.stderr


def test_off_loads_nothing() -> None:
    """A service without the setting does not import the extra."""
    script = (
        "import sys; from nearfar.service import create_app; create_app()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert settings.load({}).otlp_endpoint == ""
