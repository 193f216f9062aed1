"""What surrounds every answer: ids, headers, log lines."""

from __future__ import annotations

import logging

import pytest

from nearfar.service.answer.answers import HEADERS
from nearfar.service.http.envelope import SECURITY_HEADERS
from serving import until

PATHS = ["/", "/healthz", "/docs", "/docs/docs.js", "/openapi.json", "/v1/models", "/nothing"]


def _line(caplog, request_id: str) -> str:
    """The log line of a request; it is written just after the answer."""

    def found() -> list[str]:
        return [r.getMessage() for r in caplog.records if getattr(r, "request_id", "") == request_id]

    until(lambda: bool(found()))
    return found()[0]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_safe_in_a_browser(service, path) -> None:
    """The security headers are on pages, answers and errors alike."""
    headers = service.client.get(path).headers
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Server" not in headers


def test_the_policy_allows_nothing_inline_or_foreign() -> None:
    """Scripts and styles come from this server alone."""
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_client_s_request_id_comes_back(service) -> None:
    """A harmless id is kept, for tracing across services."""
    answer = service.client.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"})
    assert answer.headers["X-Request-Id"] == "abc-1.2_3"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a\tb"])
def test_a_doubtful_request_id_is_replaced(service, given) -> None:
    """What could break a log line or a page is not repeated."""
    answer = service.client.get("/healthz", headers={"X-Request-Id": given})
    assert len(answer.headers["X-Request-Id"]) == 16


def test_ids_differ(service) -> None:
    """Each request has its own id."""
    assert len({service.client.get("/healthz").headers["X-Request-Id"] for _ in range(20)}) == 20


def test_the_log_has_the_request_but_not_its_secrets(service, jpeg, caplog) -> None:
    """One line: method, path, status, bytes, time; no query, no file name, no picture."""
    with caplog.at_level(logging.INFO, "nearfar.access"):
        answer = service.client.post(
            "/v1/depth?format=npy",
            files={"image": ("secret-name.jpg", jpeg)},
            headers={"X-Request-Id": "line-1"},
        )
        line = _line(caplog, "line-1")  # written after the answer: the level must still hold
    assert line.startswith(f"POST /v1/depth 200 {len(answer.content)} B")
    assert "npy" not in line
    assert "secret" not in line


def test_the_log_cannot_be_forged_by_a_path(service, caplog) -> None:
    """Line breaks and control characters in an address do not reach the log."""
    with caplog.at_level(logging.INFO, "nearfar.access"):
        service.client.get("/a%0Ab%1b[31m", headers={"X-Request-Id": "line-2"})
        line = _line(caplog, "line-2")
    assert line.startswith("GET /a?b?[31m 404")


def test_other_origins_get_nothing_unless_set(service, jpeg) -> None:
    """Without the setting no page elsewhere may read an answer."""
    assert "Access-Control-Allow-Origin" not in service.upload(jpeg, Origin="https://a.example").headers


def test_a_set_origin_may_read_all_headers(start, jpeg) -> None:
    """A page at the named origin sees what the values mean; another one does not."""
    running = start(origins="https://a.example, https://b.example")
    headers = running.upload(jpeg, Origin="https://b.example").headers
    assert headers["Access-Control-Allow-Origin"] == "https://b.example"
    assert set(HEADERS) <= set(headers["Access-Control-Expose-Headers"].split(", "))
    assert "Access-Control-Allow-Origin" not in running.upload(jpeg, Origin="https://c.example").headers


def test_answers_are_not_kept_by_caches(service, jpeg) -> None:
    """A photo's depth is nobody else's, and errors pass."""
    assert service.upload(jpeg).headers["Cache-Control"] == "no-store"
    assert service.upload(b"").headers["Cache-Control"] == "no-store"


def test_pages_that_may_frame_it_are_a_setting(start) -> None:
    """None may by default; named origins may, and then no older header says otherwise."""
    headers = start(frame_ancestors="self, https://A.example/").client.get("/").headers
    assert "frame-ancestors 'self' https://a.example" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers
