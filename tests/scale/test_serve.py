"""The service behind Ray Serve answers as the plain one does, and outlives its replicas."""

from __future__ import annotations

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from threading import Event
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from nearfar.client import Client
from nearfar.errors import EngineError
from nearfar.scale.serve import NAME, serving
from nearfar.scale.serve_options import read_options
from pictures import draw, encoded
from serving import running, until
from serving_on_ray import arguments, behind_ray, free_port, processes, replicas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from serving import Running
    from serving_on_ray import Behind

pytest.importorskip("ray.serve", reason="Ray Serve is not installed")
pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.timeout(300)]
BODY = encoded(draw(160, 120), "JPEG")
OF_THE_REQUEST = {"date", "server", "server-timing", "x-request-id"}
"""Headers that differ from request to request; of problems, which name it, the length does too."""


@pytest.fixture(scope="module")
def behind(ray, tmp_path_factory) -> Iterator[Behind]:
    """One replica of the service, up to two of the network in the package."""
    with behind_ray(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def plain(behind) -> Iterator[Running]:
    """The plain service with the same settings and the same key."""
    chosen = read_options(arguments(behind.home)).settings
    with running(**asdict(chosen)) as found:
        found.client.headers["Authorization"] = f"Bearer {behind.key}"
        yield found


def kept(answer: httpx.Response) -> dict[str, str]:
    """Headers that do not differ from request to request."""
    but = OF_THE_REQUEST | ({"content-length"} if answer.is_error else set())
    return {name: value for name, value in answer.headers.items() if name not in but}


def unnamed(answer: httpx.Response) -> bytes:
    """The body without the id of the request."""
    return answer.content.replace(answer.headers["X-Request-Id"].encode(), b"")


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/effects", "/openapi.json", "/nothing"])
def test_pages_and_lists_are_those_of_the_plain_service(behind, plain, path) -> None:
    """The same bytes, status and headers; what is no address is the same problem."""
    ours, theirs = (service.client.get(path) for service in (behind, plain))
    assert (ours.status_code, unnamed(ours), kept(ours)) == (
        theirs.status_code,
        unnamed(theirs),
        kept(theirs),
    )


@pytest.mark.parametrize(
    "query",
    ["", "?format=npy", "?format=png16", "?size=128", "?fast=true", "?tiles=true", "?model=embedded-fine"],
)
def test_a_photo_gets_the_same_answer_to_the_byte(behind, plain, query) -> None:
    """Whatever is asked for, with the same model, hash, kind and range, also of a model without replicas."""
    ours = behind.depth(BODY, query)
    theirs = plain.post(BODY, query)
    assert ours.status_code == 200
    assert ours.content == theirs.content
    assert kept(ours) == kept(theirs)
    assert ours.headers["Nearfar-Weights-Sha256"]


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("", b"no photo", 415),
        ("?model=embeded", BODY, 422),
        ("?size=3", BODY, 422),
        ("", b"0" * 2_000_001, 413),
    ],
)
def test_what_is_wrong_is_the_same_problem(behind, plain, query, body, status) -> None:
    """No photo, no such model, a size that the network cannot take, too large a body."""
    ours = behind.depth(body, query)
    theirs = plain.post(body, query)
    assert ours.status_code == theirs.status_code == status
    assert ours.headers["Content-Type"] == "application/problem+json"
    assert unnamed(ours) == unnamed(theirs)


@pytest.mark.parametrize("key", ["", "nf-00000000-" + "0" * 48])
def test_without_a_good_key_nothing_is_done(behind, key) -> None:
    """A wrong key and none are a problem document."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = httpx.post(f"{behind.url}/v1/depth", content=BODY, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"].startswith("/docs#problem-")
    assert "WWW-Authenticate" in answer.headers


def test_the_id_of_a_request_stands_once(behind) -> None:
    """Ray Serve's, or the client's own where it names one."""
    assert len(behind.client.get("/healthz").headers.get_list("X-Request-Id")) == 1
    named = behind.client.get("/healthz", headers={"X-Request-Id": "mine"})
    assert named.headers.get_list("X-Request-Id") == ["mine"]


def test_live_streams_come_through(behind) -> None:
    """Frames over a websocket, each answered by the network in its replica."""
    with Client(behind.url, behind.key) as client, client.live(format="png16") as stream:
        views = list(stream.follow([BODY, BODY]))
    assert [view.number for view in views] == [1, 2]


def test_jobs_are_done(behind) -> None:
    """By the replica that took them, with the same networks."""
    files = [("images", ("a.jpg", BODY, "image/jpeg"))] * 2
    job = behind.client.post("/v1/jobs", files=files).json()
    until(lambda: behind.client.get(f"/v1/jobs/{job['id']}").json()["state"] == "done", 60)


def test_a_killed_replica_takes_no_request_along(behind) -> None:
    """Kill -9 amid requests: those under way are asked anew, those that follow are answered too."""
    (victim,) = processes("embedded")[:1]
    with ThreadPoolExecutor(4) as pool:
        first = [pool.submit(behind.depth, BODY, "?tiles=true&tiles_length=512") for _ in range(4)]
        os.kill(victim, signal.SIGKILL)
        then = [pool.submit(behind.depth, BODY) for _ in range(4)]
        assert [answer.result().status_code for answer in (*first, *then)] == [200] * 8
    assert victim not in processes("embedded")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_twenty_killed_replicas_take_no_request_along(behind) -> None:
    """Kill -9 of one after the other under load: every answer comes, and is the same to the byte."""
    right = behind.depth(BODY).content
    ended = Event()

    def ask() -> list[bytes]:
        found = []
        while not ended.is_set():
            answer = behind.depth(BODY)
            found.append(answer.content if answer.is_success else answer.text.encode())
        return found

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        try:
            for _ in range(20):
                until(lambda: bool(processes("embedded")), 60)
                victim = processes("embedded")[0]
                os.kill(victim, signal.SIGKILL)
                until(lambda gone=victim: gone not in processes("embedded"), 60)
                behind.depth(BODY)
        finally:
            ended.set()
        answers = Counter(body for one in asking for body in one.result())
    assert set(answers) == {right}
    assert answers.total() > 20


def test_a_killed_service_keeps_its_jobs(behind) -> None:
    """Kill -9 of its only replica: it comes back, knows the jobs it took, and does them."""
    (victim,) = processes("service")
    files = [("images", ("a.jpg", encoded(draw(800, 600), "JPEG"), "image/jpeg"))] * 8
    job = behind.client.post("/v1/jobs", files=files).json()["id"]
    os.kill(victim, signal.SIGKILL)

    def is_done() -> bool:
        with suppress(httpx.TransportError):
            answer = behind.client.get(f"/v1/jobs/{job}")
            return answer.is_success and answer.json()["state"] == "done"
        return False

    until(is_done, 120)
    assert victim not in processes("service")
    assert behind.depth(BODY).status_code == 200


def test_a_second_start_in_a_cluster_is_refused(behind) -> None:
    """Its port and its other applications are not ours to change."""
    with (
        pytest.raises(EngineError, match="already"),
        serving(read_options(arguments(behind.home)), free_port()),
    ):
        pass


def test_autoscaling_is_in_effect(behind) -> None:
    """Ray Serve holds the limits and the target that were asked for."""
    from ray import serve

    status = serve.status().applications[NAME]
    assert status.status == "RUNNING"
    assert 1 <= replicas("embedded") <= 2
    deployed = _details()["embedded"]["deployment_config"]["autoscaling_config"]
    assert (deployed["min_replicas"], deployed["max_replicas"]) == (1, 2)
    assert deployed["target_ongoing_requests"] == 2.0


def _details() -> dict[str, Any]:
    from ray.serve.context import _get_global_client

    return _get_global_client().get_serve_details()["applications"][NAME]["deployments"]
