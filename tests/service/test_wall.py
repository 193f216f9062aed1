"""The service behind its wall: the same answers, and a lost worker costs one request."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.errors import SettingsError
from nearfar.service.answer import walls
from nearfar.settings import Settings
from nearfar.wall import HERE, Wall
from pictures import draw, encoded, taken
from serving import Running, loader_of, running, until
from solids import a_glb

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is made of Linux")

FAR = "0.0.0.0"  # noqa: S104 - listened on by nobody here


@pytest.fixture(scope="module")
def walled() -> Iterator[Running]:
    """A service with a wall."""
    with running(wall="on", streams=1) as service:
        yield service


def wall_of(service: Running) -> Wall:
    """Its wall."""
    found = service.app.state.service.tools.wall
    assert isinstance(found, Wall)
    return found


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), False),
        (Settings(host="::1"), False),
        (Settings(host=FAR), True),
        (Settings(host="photos.example"), True),
        (Settings(wall="on"), True),
        (Settings(host=FAR, wall="off"), False),
    ],
)
def test_it_stands_where_strangers_come(settings: Settings, expected: bool) -> None:
    """By itself only where more than the own machine reaches the service; as it is set otherwise."""
    assert walls.has_wall(settings) is expected
    assert (walls.wall_of(settings) is HERE) is not expected


def test_it_is_asked_for_where_it_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """On another system the setting on is an error, auto is none."""
    monkeypatch.setattr(walls.sys, "platform", "darwin")
    with pytest.raises(SettingsError, match="Linux"):
        walls.has_wall(Settings(wall="on"))
    assert not walls.has_wall(Settings(host=FAR))


@pytest.mark.parametrize(
    "address",
    [
        *("/v1/depth?format=png", "/v1/depth?format=npy", "/v1/depth?format=png&overlay=0.5&max_side=64"),
        *("/v1/effects/bokeh", "/v1/effects/cutout?background=blur", "/v1/effects/relight?format=jpeg"),
        *("/v1/exports/ply", "/v1/exports/exr", "/v1/exports/tiff", "/v1/exports/gdepth"),
    ],
)
def test_answers_are_the_same_bytes(service: Running, walled: Running, address: str) -> None:
    """As those of a service without a wall, with their headers."""
    photo = taken()
    found = [one.client.post(address, files={"image": ("a.jpg", photo)}) for one in (service, walled)]
    assert [answer.status_code for answer in found] == [200, 200]
    assert found[0].content == found[1].content
    told = [{k: v for k, v in answer.headers.items() if k.startswith("nearfar-")} for answer in found]
    assert told[0] == told[1]


def test_a_mask_is_read_behind_the_wall(service: Running, walled: Running) -> None:
    """Files beside the photo too."""
    mask = encoded((draw(128, 96)[..., 0] > 100).astype(np.uint8) * 255)
    files = {"image": ("a.jpg", encoded(draw(128, 96), "JPEG")), "mask": ("m.png", mask)}
    found = [one.client.post("/v1/effects/cutout", files=files) for one in (service, walled)]
    assert [answer.status_code for answer in found] == [200, 200]
    assert found[0].content == found[1].content


def test_a_mesh_and_words_are_drawn_behind_the_wall(service: Running, walled: Running) -> None:
    """Texture, light and letters are those of a service without a wall."""
    photo, mesh = encoded(draw(128, 96), "JPEG"), a_glb(texture=encoded(draw(16, 16)))
    for files in ({"glb": ("a.glb", mesh)}, {}):
        all_files = {"image": ("a.jpg", photo), **files}
        found = [one.client.post("/v1/effects/occlude?text=Hi", files=all_files) for one in (service, walled)]
        assert [answer.status_code for answer in found] == [200, 200], found[1].text
        assert found[0].content == found[1].content


@pytest.mark.parametrize(
    "body", [b"", b"hello", encoded(draw(64, 48), "JPEG")[:300], encoded(draw(64, 48))[:90]]
)
def test_what_is_wrong_is_told_the_same(service: Running, walled: Running, body: bytes) -> None:
    """Status, problem, detail and hint."""
    found = [one.post(body) for one in (service, walled)]
    rows = [
        {key: value for key, value in answer.json().items() if key not in {"instance", "request_id"}}
        for answer in found
    ]
    assert rows[0] == rows[1]
    assert found[0].status_code in {400, 415}


def test_a_worker_killed_in_the_middle_costs_one_request(gate, jpeg: bytes) -> None:
    """Kill -9 while the network looks: 503 that says to come again; the next request is served."""
    with running(loader_of(gate), wall="on", streams=1) as service:
        wall = wall_of(service)
        gate.open.set()
        assert service.post(jpeg).status_code == 200
        gate.open.clear()
        (victim,), entered, found = wall.idle, gate.entered, []
        asking = threading.Thread(target=lambda: found.append(service.post(jpeg)))
        asking.start()
        until(lambda: gate.entered > entered)
        os.kill(victim, signal.SIGKILL)
        gate.open.set()
        asking.join(30)
        assert (found[0].status_code, found[0].json()["type"]) == (503, "/docs#problem-worker-lost")
        assert "retry-after" in found[0].headers
        assert service.post(jpeg).status_code == 200
        assert wall.idle != (victim,)


def test_work_that_takes_too_long_ends_its_worker(jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog of decoding, effect and encoding: 422, and the next request is served."""
    with running(wall="on", streams=1, work_timeout=1) as service:
        assert service.post(jpeg).status_code == 200
        big = encoded(draw(2400, 1800), "JPEG")
        wall = wall_of(service)
        wall.options = replace(wall.options, seconds=0.05)
        slow = service.client.post("/v1/effects/bokeh", files={"image": ("a.jpg", big)})
        assert (slow.status_code, slow.json()["type"]) == (422, "/docs#problem-too-slow")
        wall.options = replace(wall.options, seconds=60.0)
        assert service.post(jpeg).status_code == 200


def test_workers_end_with_the_service(jpeg: bytes) -> None:
    """None is left behind."""
    with running(wall="on", streams=1) as service:
        assert service.post(jpeg).status_code == 200
        (worker,) = wall_of(service).idle
    until(lambda: not os.path.exists(f"/proc/{worker}"))  # noqa: PTH110 - no file of ours
