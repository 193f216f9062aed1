"""HEAD wherever GET is."""

from __future__ import annotations

import asyncio

import pytest

from nearfar.service.http.head import Head

GETS = ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1/models", "/v1/effects"]


@pytest.mark.parametrize("path", GETS)
def test_head_is_get_without_its_body(service, path) -> None:
    """The same status and type, and no body."""
    got, head = service.client.get(path), service.client.request("HEAD", path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert head.headers.get("Content-Length") or "Content-Length" not in got.headers


def test_head_where_there_is_no_get(service) -> None:
    """A route of POST alone takes no HEAD; one of GET names HEAD among what it takes."""
    assert service.client.request("HEAD", "/v1/depth").status_code == 405
    assert service.client.request("HEAD", "/nothing/here").status_code == 404
    assert service.client.post("/v1/models").headers["Allow"] == "GET, HEAD"


def test_a_stream_without_end_stops() -> None:
    """Who asks for the head of a stream does not keep it running."""
    sent = []

    async def stream(scope, receive, send) -> None:
        assert scope["method"] == "GET"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(
        asyncio.wait_for(Head(stream)({"type": "http", "method": "HEAD", "headers": []}, receive, send), 5)
    )
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b""
