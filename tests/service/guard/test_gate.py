"""Who asks, and what an address needs."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nearfar.keys import ADMIN, INFER, JOBS, SCOPES, KeyFile
from nearfar.service.guard.gate import Access
from nearfar.service.guard.keys_now import LOOK_EVERY_S, Guards, Keys, guards_of
from nearfar.service.http.envelope import SECURITY_HEADERS
from nearfar.service.request.access import OPEN, address_caller, scope_needed
from nearfar.settings import Settings


def _guards(file: KeyFile) -> Guards:
    """Those of a key file, without limits."""
    return guards_of(Settings(keys=str(file.path)))


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/", OPEN),
        ("/healthz", OPEN),
        ("/readyz", OPEN),
        ("/docs", OPEN),
        ("/openapi.json", OPEN),
        ("/v1/depth", INFER),
        ("/v1/live", INFER),
        ("/v1/jobsmith", INFER),
        ("/v1/jobs", JOBS),
        ("/v1/jobs/a/events", JOBS),
        ("/metrics", ADMIN),
        ("/v1/models", INFER),
        ("/v1/models/dpt-large", INFER),
        ("/v1/models/dpt-large/pull", ADMIN),
        ("/v1/models/dpt-large/pull/events", INFER),
    ],
)
def test_what_an_address_needs(path, needed) -> None:
    """Health, pages and documents are open; work needs its scope."""
    assert scope_needed(path) == needed


@pytest.mark.parametrize(
    ("client", "caller"),
    [
        (("192.0.2.7", 1), "address:192.0.2.7"),
        (("::ffff:192.0.2.7", 1), "address:192.0.2.7"),
        (("2001:db8:1:2:3::4", 1), "address:2001:db8:1:2::/64"),
        (("testclient", 1), "address:testclient"),
        (None, "address:local"),
    ],
)
def test_callers_without_a_key_are_their_address(client, caller) -> None:
    """One machine is one caller, however many addresses its network gives it."""
    assert address_caller(client) == caller


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_requests_and_websockets_carry_their_caller(kind, tmp_path) -> None:
    """What stands behind the layer finds who asks and what they may."""
    seen = {}

    async def app(scope, receive, send) -> None:
        seen.update(scope["state"])

    scope = {"type": kind, "path": "/v1/live", "headers": [], "client": ("192.0.2.7", 5)}
    asyncio.run(Access(app, _guards(KeyFile(tmp_path / "none")))(scope, None, None))
    assert seen == {"caller": "address:192.0.2.7", "scopes": frozenset(SCOPES)}


def test_every_operation_of_the_service_needs_a_scope(service) -> None:
    """Whatever is documented is health, or lies where a key is asked for."""
    paths = service.client.get("/openapi.json").json()["paths"]
    assert {path for path in paths if scope_needed(path) == OPEN} == {"/healthz", "/readyz"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> KeyFile:
    """A file with two keys: one for depth and jobs, one to watch."""
    return KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def worker(keys) -> str:
    """The key for depth and jobs."""
    return keys.add("worker", ["infer", "jobs"])[1]


@pytest.fixture(scope="module")
def locked(keys, worker, start):
    """A service that needs a key."""
    return start(keys=str(keys.path))


def test_without_a_key_it_says_how(locked, jpeg) -> None:
    """401 as a problem, with the scheme and the way to a key."""
    answer = locked.upload(jpeg)
    assert (answer.status_code, answer.json()["type"]) == (401, "/docs#problem-key-needed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert "nearfar keys add" in answer.json()["hint"]


def test_health_pages_and_documents_need_none(locked) -> None:
    """Probes and people come in; the page then asks for a key."""
    for path in ("/healthz", "/readyz", "/", "/docs", "/openapi.json"):
        assert locked.client.get(path).status_code == 200


def test_both_headers_open(locked, worker, jpeg) -> None:
    """Authorization: Bearer and X-API-Key."""
    assert locked.upload(jpeg, Authorization=f"bearer {worker}").status_code == 200
    assert locked.upload(jpeg, **{"X-API-Key": worker}).status_code == 200
    both = {"X-API-Key": worker, "Authorization": "Basic cHJveHk6cGFzcw=="}
    assert locked.upload(jpeg, **both).status_code == 200


@pytest.mark.parametrize("change", [str.upper, lambda key: key[:-1], lambda key: key + " x", lambda _: "é"])
def test_a_wrong_key_is_not_repeated(locked, worker, jpeg, change) -> None:
    """401 again, and nothing of what was sent stands in the answer."""
    wrong = change(worker)
    answer = locked.upload(jpeg, Authorization=f"Bearer {wrong}".encode("latin-1"))
    assert answer.status_code == 401
    assert wrong not in answer.text


def test_two_keys_that_differ_are_none(locked, worker, jpeg) -> None:
    """Which one is meant is not guessed."""
    headers = {"X-API-Key": worker, "Authorization": "Bearer other"}
    assert locked.upload(jpeg, **headers).status_code == 401


def test_a_key_in_the_query_opens_nothing(locked, worker) -> None:
    """Addresses end up in histories and logs."""
    assert locked.client.get(f"/v1/models?key={worker}").status_code == 401


def test_a_scope_that_is_missing_is_named(locked, worker) -> None:
    """403 tells which one, also to programs."""
    answer = locked.client.get("/metrics", headers={"X-API-Key": worker})
    assert (answer.status_code, answer.json()["scope"]) == (403, "admin")
    assert 'scope="admin"' in answer.headers["WWW-Authenticate"]


def test_the_key_does_not_reach_what_stands_behind(keys, worker) -> None:
    """Neither routes nor what they log can tell it."""
    seen = {}

    async def app(scope, receive, send) -> None:
        seen.update(scope)

    header = (b"authorization", f"Bearer {worker}".encode())
    scope = {"type": "http", "path": "/v1/depth", "headers": [header, (b"a", b"b")], "client": None}
    asyncio.run(Access(app, _guards(keys))(scope, None, None))
    assert seen["headers"] == [(b"a", b"b")]
    assert seen["state"]["caller"] == f"key:{keys.read().named('worker').id}"
    assert seen["state"]["scopes"] == {"infer", "jobs"}


def test_a_websocket_carries_its_key_as_a_subprotocol(keys, worker) -> None:
    """A browser cannot set a header there; the key is not offered on, and the other word is chosen."""
    sent = []

    async def app(scope, receive, send) -> None:
        assert scope["subprotocols"] == ["nearfar"]
        await send({"type": "websocket.accept"})

    async def send(message) -> None:
        sent.append(message)

    words = ["nearfar", f"nearfar-key.{worker}"]
    scope = {"type": "websocket", "path": "/v1/live", "headers": [], "client": None, "subprotocols": words}
    asyncio.run(Access(app, _guards(keys))(scope, None, send))
    assert sent == [{"type": "websocket.accept", "subprotocol": "nearfar"}]


def test_a_websocket_without_a_key_is_refused(keys, worker) -> None:
    """Before it is accepted, with the same document."""
    sent = []

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/v1/live", "headers": [], "client": None}
    asyncio.run(Access(None, _guards(keys))(scope, None, send))
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 401)


def test_keys_come_and_go_while_it_runs(start, tmp_path) -> None:
    """The first key closes the service, a revoked one opens nothing; an emptied or lost file stays closed."""
    file = KeyFile(tmp_path / "keys.json")
    running = start(keys=str(file.path))
    keys = running.app.state.service.guards.keys

    def status(key: str = "") -> int:
        keys.refresh(now=True)
        return running.client.get("/v1/models", headers={"X-API-Key": key}).status_code

    assert status() == 200
    _, key = file.add("a", ["infer"])
    assert (status(), status(key)) == (401, 200)
    file.revoke("a")
    assert (status(), status(key)) == (401, 401)
    file.path.unlink()
    assert (status(), status(key)) == (401, 401)


def test_a_change_is_seen_without_being_told(tmp_path) -> None:
    """The file is looked at again after a second, and not before."""
    file = KeyFile(tmp_path / "keys.json")
    keys = Keys(file)
    _, key = file.add("a", ["infer"])
    keys.refresh()
    assert not keys.is_on
    keys._looked_at -= LOOK_EVERY_S
    keys.refresh()
    assert keys.find(key).name == "a"


def test_a_file_that_breaks_leaves_the_keys_as_they_were(tmp_path, caplog) -> None:
    """An editor's mistake locks nobody out, and the log says what is wrong, without a key."""
    file = KeyFile(tmp_path / "keys.json")
    _, key = file.add("a", ["infer"])
    keys = Keys(file)
    file.path.write_text("{")
    keys.refresh(now=True)
    assert keys.find(key).name == "a"
    assert "does not hold the keys" in caplog.text
    assert key not in caplog.text


def test_keys_can_be_required_before_there_is_one(start) -> None:
    """Then everything but health and pages is refused, not open."""
    running = start(require_keys=True)
    assert running.client.get("/v1/models").status_code == 401
    assert running.client.get("/healthz").status_code == 200


def test_a_page_elsewhere_may_send_its_key(start, keys, worker) -> None:
    """The preflight of a named origin passes without a key and allows the header."""
    running = start(keys=str(keys.path), origins="https://a.example")
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = running.client.options("/v1/depth", headers=asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    refused = running.client.get("/v1/models", headers={"Origin": "https://a.example"})
    assert refused.headers["Access-Control-Allow-Origin"] == "https://a.example"


def test_a_stream_needs_a_key_like_everything(locked, worker) -> None:
    """Over a real connection: refused with all headers, let in by header or by subprotocol."""
    address = locked.url.replace("http://", "ws://") + "/v1/live"
    with pytest.raises(InvalidStatus) as refused, connect(address):
        pass
    answer = refused.value.response
    assert (answer.status_code, json.loads(answer.body)["type"]) == (401, "/docs#problem-key-needed")
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["X-Request-Id"] == json.loads(answer.body)["request_id"]
    with connect(address, additional_headers={"X-API-Key": worker}) as stream:
        assert json.loads(stream.recv(30))["type"] == "ready"
        assert stream.subprotocol is None
    with connect(address, subprotocols=["nearfar", f"nearfar-key.{worker}"]) as stream:
        assert json.loads(stream.recv(30))["type"] == "ready"
        assert stream.subprotocol == "nearfar"


def test_a_page_elsewhere_opens_no_stream(service) -> None:
    """Also where no key is needed."""
    address = service.url.replace("http://", "ws://") + "/v1/live"
    with pytest.raises(InvalidStatus) as refused, connect(address, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with connect(address, origin=service.url) as stream:
        assert json.loads(stream.recv(30))["type"] == "ready"
