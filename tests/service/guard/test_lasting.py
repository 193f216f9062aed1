"""A key that is revoked ends what lasts."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from nearfar.keys import ADMIN, INFER, JOBS, KeyFile
from nearfar.service.guard.gate import Access
from nearfar.service.guard.keys_now import guards_of
from nearfar.service.guard.lasting import Lasting
from nearfar.settings import Settings
from serving import running

MOST_S = 2.0


def test_a_revoked_key_ends_its_websocket(tmp_path, jpeg) -> None:
    """Within two seconds, with the reason; another key's goes on."""
    file = KeyFile(tmp_path / "keys.json")
    _, mine = file.add("mine", [INFER])
    _, other = file.add("other", [INFER])
    with running(keys=str(file.path)) as service:
        address = service.url.replace("http", "ws") + "/v1/live"
        with (
            connect(address, additional_headers={"X-API-Key": mine}) as first,
            connect(address, additional_headers={"X-API-Key": other}) as second,
        ):
            first.recv(), second.recv()
            file.revoke("mine")
            began = time.monotonic()
            with pytest.raises(ConnectionClosed) as closed:
                first.recv(timeout=10)
            assert time.monotonic() - began < MOST_S + 1  # a machine under load wakes late
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the key was revoked")
            second.send(jpeg)
            assert '"type": "frame"' in second.recv(timeout=10)


def events_until_revoked(path: str, revoke) -> list[dict]:
    """What a client of a stream of events gets, whose key is revoked when the stream has begun."""
    sent: list[dict] = []

    async def app(scope, receive, send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while True:
            await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
            await asyncio.sleep(60)

    async def send(message) -> None:
        sent.append(message)
        if len(sent) == 2:
            revoke()

    file, text = revoke.file, revoke.text
    scope = {"type": "http", "method": "GET", "path": path, "client": ("h", 1)}
    scope["headers"] = [(b"x-api-key", text.encode())]
    guards = guards_of(Settings(keys=str(file.path)))
    asyncio.run(asyncio.wait_for(Access(app, guards)(scope, None, send), 10))
    return sent


class Revoke:
    """Takes the key away, or one of its scopes."""

    def __init__(self, folder, scopes) -> None:
        self.file = KeyFile(folder / "keys.json")
        self.text = self.file.add("mine", scopes)[1]

    def __call__(self) -> None:
        """Do it."""
        self.file.revoke("mine")


@pytest.mark.parametrize("path", ["/v1/jobs/a/events", "/v1/models/x/pull/events"])
def test_a_revoked_key_ends_its_events(tmp_path, path) -> None:
    """The answer ends, though its next event would be a minute away; its place is free again."""
    began = time.monotonic()
    sent = events_until_revoked(path, Revoke(tmp_path, [INFER, JOBS, ADMIN]))
    assert time.monotonic() - began < MOST_S + 1
    assert sent[-1] == {
        "type": "http.response.body",
        "body": b": the key was revoked\n\n",
        "more_body": False,
    }


def test_short_answers_are_not_watched() -> None:
    """Nobody looks at the keys for a picture."""
    asked = []

    async def allowed() -> bool:
        asked.append(True)
        return True

    async def app(scope, receive, send) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/png")]}
        )
        await asyncio.sleep(0.01)

    async def send(message) -> None:
        return

    asyncio.run(Lasting(app, allowed)({"type": "http"}, None, send))
    assert asked == []


def test_who_is_cancelled_by_others_stays_so() -> None:
    """The end of the service is no revoked key."""

    async def allowed() -> bool:
        return True

    async def app(scope, receive, send) -> None:
        await send({"type": "websocket.accept"})
        await asyncio.sleep(60)

    async def send(message) -> None:
        return

    async def cancelled() -> None:
        task = asyncio.create_task(Lasting(app, allowed)({"type": "websocket"}, None, send))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
