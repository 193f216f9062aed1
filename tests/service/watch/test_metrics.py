"""What is counted, and that clients cannot make it grow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nearfar import __version__, settings
from nearfar.service import create_app
from nearfar.service.readings import READINGS
from nearfar.service.request.timing import STAGES
from nearfar.service.watch.metrics import EVENTS
from nearfar.zoo import catalogue
from serving import loader_of, until

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "watch-the-service.md"


def _values(running) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) to value of every sample, as a reader of the format sees it."""
    answer = running.client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(answer.text)
    return {(row.name, tuple(sorted(row.labels.items()))): row.value for f in families for row in f.samples}


def _value(running, name: str, **labels: str) -> float:
    return _values(running).get((name, tuple(sorted(labels.items()))), 0)


def _grows(running, by: float, name: str, **labels: str):
    """A wait for a sample to have grown by so much: requests are counted just after their answer."""
    before = _value(running, name, **labels)
    return lambda: until(lambda: _value(running, name, **labels) == before + by)


def test_requests_are_counted_by_route_method_and_status(service, jpeg) -> None:
    """Two photos and a refusal move two counters and the histogram of their route."""
    good = _grows(service, 2, "nearfar_requests_total", route="/v1/depth", method="POST", status="200")
    bad = _grows(service, 1, "nearfar_requests_total", route="/v1/depth", method="POST", status="415")
    timed = _grows(service, 3, "nearfar_request_seconds_count", route="/v1/depth")
    assert [service.post(body).status_code for body in (jpeg, jpeg, b"text")] == [200, 200, 415]
    for has_grown in (good, bad, timed):
        has_grown()


@pytest.mark.parametrize("path", ["/v1/depth", "/v1/effects/fog", "/v1/exports/npy"])
def test_every_stage_is_timed_on_every_route(service, jpeg, path) -> None:
    """Depth, effects and exports alike: each stage's histogram grows by one, and the header names it."""
    waits = [_grows(service, 1, "nearfar_stage_seconds_count", stage=stage) for stage in STAGES]
    timing = service.client.post(path, files={"image": jpeg}).headers["Server-Timing"]
    assert [entry.partition(";")[0] for entry in timing.split(", ")] == [*STAGES, "total"]
    for has_grown in waits:
        has_grown()


def test_a_broken_photo_has_the_stages_it_came_to(service) -> None:
    """What took the time of a refusal is known as well."""
    timing = service.post(b"\xff\xd8\xff\xe0 no photo").headers["Server-Timing"]
    assert [entry.partition(";")[0] for entry in timing.split(", ")] == [
        *("upload", "queue", "model", "decode", "total")
    ]


@pytest.mark.parametrize(
    ("path", "body", "headers", "reason"),
    [
        ("/v1/depth", b"", {}, "empty-image"),
        ("/v1/depth", b"text", {}, "not-an-image"),
        ("/v1/depth?size=0", b"", {}, "bad-parameter"),
        ("/v1/depth", b"", {"Content-Type": "text/plain"}, "media-type"),
        ("/v1/depth", b"x" * 2000, {}, "too-large"),
        ("/v1/nothing", b"", {}, "not-found"),
    ],
)
def test_rejections_are_counted_by_reason(start, path, body, headers, reason) -> None:
    """The reason is the name of the problem that the client got."""
    running = start(max_bytes=1000)
    has_grown = _grows(running, 1, "nearfar_rejections_total", reason=reason)
    is_timed = _grows(running, 1, "nearfar_rejection_seconds_count", reason=reason)
    assert running.client.post(path, content=body, headers=headers).json()["type"].endswith(reason)
    has_grown()
    is_timed()


def test_clients_cannot_make_new_series(service, jpeg) -> None:
    """Unknown addresses, methods and names share one label each."""
    service.client.get("/nothing/0")
    service.client.request("WHAT0", "/healthz")
    until(lambda: _value(service, "nearfar_rejections_total", reason="method-not-allowed") >= 1)
    before = _values(service).keys()
    for number in range(1, 30):
        service.client.get(f"/nothing/{number}", headers={"X-Request-Id": f"id-{number}"})
        service.client.request(f"WHAT{number}", "/healthz")
    service.client.get("/nothing/last")
    asked = {"route": "unknown", "method": "GET", "status": "404"}
    until(lambda: _value(service, "nearfar_requests_total", **asked) >= 31)
    assert _values(service).keys() == before
    assert _value(service, "nearfar_requests_total", route="/healthz", method="unknown", status="405") >= 30


def test_the_queue_can_be_read_while_it_is_full(start, gate, jpeg) -> None:
    """Metrics answer while every thread is busy, and say so."""
    running = start(loader=loader_of(gate), streams=1, queue=3)
    until(lambda: gate.entered == 1)
    assert _value(running, "nearfar_running") == 1
    assert _value(running, "nearfar_streams") == 1
    assert _value(running, "nearfar_queue_places") == 3
    assert _value(running, "nearfar_ready") == 0
    gate.open.set()
    until(lambda: _value(running, "nearfar_ready") == 1)
    assert _value(running, "nearfar_running") == 0


def test_the_build_is_told(start) -> None:
    """Version, model and the hash of the weights that answer."""
    running = start(engine="auto")
    sha256 = catalogue.card("embedded").sha256
    until(lambda: running.client.get("/readyz").status_code == 200)
    build = {"version": __version__, "model": "embedded", "weights_sha256": sha256}
    assert _value(running, "nearfar_build_info", **build) == 1
    assert _value(running, "nearfar_model_loaded", model="embedded") == 1
    assert _value(running, "nearfar_model_memory_bytes") > 0


def test_two_services_of_a_process_do_not_mix(service, start) -> None:
    """Each has a registry of its own."""
    other = start()
    service.client.get("/healthz")
    until(lambda: _value(service, "nearfar_requests_total", route="/healthz", method="GET", status="200") > 0)
    assert _value(other, "nearfar_requests_total", route="/healthz", method="GET", status="200") == 0


def test_what_is_told_is_what_is_documented(service) -> None:
    """Each metric of ours is a row of the how-to, by name, labels and help; process metrics come along."""
    rows = [*EVENTS, *READINGS]
    text = HOW_TO.read_text(encoding="utf-8")
    for row in rows:
        labels = ", ".join(f"`{label}`" for label in row.labels)
        assert f"| `{row.name}` | {labels} | {row.help} |".replace("|  |", "| |") in text
    app = create_app(replace(settings.load({}), engine="fake"))
    names = {family.name for family in app.state.service.metrics.families()}
    assert {row.name.removesuffix("_total") for row in rows} == {n for n in names if n.startswith("nearfar_")}
    assert ("process_resident_memory_bytes" in names) == Path("/proc/self/stat").exists()
