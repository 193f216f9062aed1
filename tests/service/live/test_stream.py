"""``WS /v1/live``: frames in, pictures out."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import SHUT_RDWR

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from websockets.sync.client import connect

from nearfar import settings
from nearfar.service import create_app
from serving import GatedSession, loader_of, until


@contextmanager
def client(loader=None, **changes):
    """A client of an application that runs."""
    chosen = replace(settings.load({"NEARFAR_ENGINE": "fake", "NEARFAR_HOSTS": "testserver"}), **changes)
    with TestClient(create_app(chosen, loader)) as made:
        yield made


@pytest.fixture(scope="module")
def plain():
    """An application with the usual settings."""
    with client() as made:
        yield made


def answer(socket) -> tuple[dict, bytes]:
    """The next answer: its header and its bytes."""
    header = socket.receive_json()
    assert header["type"] == "frame", header
    return header, socket.receive_bytes()


@pytest.mark.parametrize(
    ("form", "kind", "mode"), [("jpeg", "JPEG", "RGB"), ("png", "PNG", "RGB"), ("png16", "PNG", "I;16")]
)
def test_a_frame_comes_back_as_asked(plain, jpeg, form, kind, mode) -> None:
    """Heat map or 16-bit depth, as large as the frame, with its number and its times before it."""
    with plain.websocket_connect(f"/v1/live?format={form}") as socket:
        assert socket.receive_json()["options"]["format"] == form
        for number in (1, 2):
            socket.send_bytes(jpeg)
            header, body = answer(socket)
            image = Image.open(io.BytesIO(body))
            assert (image.format, image.mode, image.size) == (kind, mode, (128, 96))
            assert (header["seq"], header["dropped"]) == (number, 0)
            assert header["media_type"] == f"image/{kind.lower()}"
            assert {"queue", "decode", "engine", "encode", "total"} <= set(header["timing_ms"])


def test_16_bits_hold_the_values(plain, jpeg) -> None:
    """Number × scale + offset is what the same photo gives over HTTP."""
    with plain.websocket_connect("/v1/live?format=png16&smooth=0") as socket:
        socket.receive_json()
        socket.send_bytes(jpeg)
        header, body = answer(socket)
    live = np.asarray(Image.open(io.BytesIO(body))) * header["scale"] + header["offset"]
    whole = plain.post("/v1/depth?format=npy", content=jpeg, headers={"Content-Type": "image/jpeg"}).content
    assert np.abs(live - np.load(io.BytesIO(whole))).max() <= header["scale"]


def test_webxr_of_relative_depth_has_no_metres(plain, jpeg) -> None:
    """Distances in units, the nearest 1 and the farthest 10, ordered as the values are."""
    with plain.websocket_connect("/v1/live?format=webxr&smooth=0") as socket:
        socket.receive_json()
        socket.send_bytes(jpeg)
        header, body = answer(socket)
    told = header["webxr"]
    assert (header["format"], header["media_type"]) == ("webxr", "application/octet-stream")
    assert "rawValueToMeters" not in told
    assert told["isMetric"] is False
    assert (told["width"], told["height"], told["depthDataFormat"]) == (128, 96, "luminance-alpha")
    away = np.frombuffer(body, "<u2").reshape(96, 128) * told["rawValueToUnits"]
    assert (away.min(), away.max()) == (pytest.approx(1, abs=1e-3), pytest.approx(10, abs=1e-3))
    npy = plain.post("/v1/depth?format=npy", content=jpeg, headers={"Content-Type": "image/jpeg"}).content
    values = np.load(io.BytesIO(npy))
    assert np.unravel_index(values.argmax(), values.shape) == np.unravel_index(away.argmin(), away.shape)


def test_options_change_while_it_runs(plain, jpeg) -> None:
    """A text message changes what it names; what it gets wrong is told, and nothing changes."""
    with plain.websocket_connect("/v1/live?colormap=viridis") as socket:
        socket.receive_json()
        socket.send_text(json.dumps({"format": "png", "range": [0, 1]}))
        told = socket.receive_json()["options"]
        assert (told["format"], told["colormap"], told["range"]) == ("png", "viridis", [0, 1])
        for wrong in (
            '{"colormap": "pink"}',
            '{"smooth": 2}',
            "[]",
            "no json",
            '{"model": "nobody"}',
            "9" * 9999,
        ):
            socket.send_text(wrong)
            error = socket.receive_json()
            assert (error["type"], error["seq"]) == ("error", None)
            assert error["status"] == 422
        socket.send_bytes(jpeg)
        header, _ = answer(socket)
        assert header["media_type"] == "image/png"
        assert header["range"] == {"min": 0, "max": 1}


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"", "empty-image"), (b"hello", "not-an-image"), (b"\xff" * 5000, "too-large")],
)
def test_a_bad_frame_is_told_and_the_stream_goes_on(jpeg, data, problem) -> None:
    """One error message, with the frame's number; the next frame is answered."""
    with (
        client(live_max_bytes=4096) as made,
        made.websocket_connect("/v1/live") as socket,
    ):
        socket.receive_json()
        socket.send_bytes(data)
        error = socket.receive_json()
        assert (error["type"], error["seq"], error["problem"]) == ("error", 1, problem)
        socket.send_bytes(jpeg[: len(jpeg) // 2])
        assert socket.receive_json()["problem"] == "broken-image"
        socket.send_bytes(small_jpeg())
        assert answer(socket)[0]["seq"] == 3


def small_jpeg() -> bytes:
    """A picture of few bytes."""
    out = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(out, "JPEG")
    return out.getvalue()


def test_too_many_pixels_are_refused_before_they_are_decoded(jpeg) -> None:
    """The limit on pixels holds for frames."""
    with client(max_pixels=1000) as made, made.websocket_connect("/v1/live") as socket:
        socket.receive_json()
        socket.send_bytes(jpeg)
        assert socket.receive_json()["problem"] == "too-large"


def test_the_newest_frame_wins(jpeg) -> None:
    """While one frame is looked at, only the last of those that come is kept."""
    gate = GatedSession()
    with client(loader_of(gate)) as made, made.websocket_connect("/v1/live") as socket:
        socket.receive_json()
        service = made.app.state.service
        begun = gate.entered
        socket.send_bytes(jpeg)
        until(lambda: gate.entered > begun)
        for _ in range(5):
            socket.send_bytes(jpeg)
        until(lambda: service.live.dropped == 4)
        gate.open.set()
        assert [answer(socket)[0]["seq"] for _ in range(2)] == [1, 6]
        assert (service.live.answered, service.live.dropped) == (2, 4)


def test_streams_of_a_caller_are_bounded_and_counted() -> None:
    """One more than may be is refused before it is opened; a closed one leaves its place."""
    with client(live_connections=1) as made:
        live = made.app.state.service.live
        with made.websocket_connect("/v1/live") as socket:
            socket.receive_json()
            assert live.connections == 1
            with pytest.raises(WebSocketDenialResponse) as refused, made.websocket_connect("/v1/live"):
                pass
            assert refused.value.status_code == 429
        until(lambda: live.connections == 0)
        with made.websocket_connect("/v1/live") as socket:
            assert socket.receive_json()["type"] == "ready"


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("?colour=red", {}, 422),
        ("?model=nobody", {}, 422),
        ("?smooth=1&smooth=0", {}, 422),
        ("", {"Origin": "https://elsewhere.example"}, 403),
    ],
)
def test_what_cannot_be_opened_says_why(plain, query, headers, status) -> None:
    """A problem document instead of the handshake."""
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        plain.websocket_connect(f"/v1/live{query}", headers=headers),
    ):
        pass
    assert refused.value.status_code == status
    assert refused.value.json()["request_id"]


def test_own_and_named_origins_may(plain) -> None:
    """The page itself, and pages of the origins that the settings name."""
    with plain.websocket_connect("/v1/live", headers={"Origin": "http://testserver"}) as socket:
        assert socket.receive_json()["type"] == "ready"
    with (
        client(origins="https://friend.example") as made,
        made.websocket_connect("/v1/live", headers={"Origin": "https://friend.example"}) as socket,
    ):
        assert socket.receive_json()["type"] == "ready"


def test_a_silent_stream_is_closed() -> None:
    """Nothing for too long: the place is given to others."""
    with client(live_idle=1) as made, made.websocket_connect("/v1/live") as socket:
        socket.receive_json()
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1001


def test_a_full_queue_is_told_and_the_stream_goes_on(jpeg) -> None:
    """A frame that finds no place is an error with the time to wait."""
    gate = GatedSession()
    with client(loader_of(gate), streams=1, queue=1) as made:
        pool = made.app.state.service.pool
        until(lambda: gate.entered == 1)  # the probe
        thread = threading.Thread(target=_post, args=(made, jpeg))
        thread.start()
        until(lambda: pool.waiting == 1)
        with made.websocket_connect("/v1/live") as socket:
            socket.receive_json()
            socket.send_bytes(jpeg)
            error = socket.receive_json()
            assert (error["problem"], error["status"]) == ("busy", 503)
            assert error["retry_after_s"] >= 1
            gate.open.set()
            thread.join()
            socket.send_bytes(jpeg)
            assert answer(socket)[0]["seq"] == 2


def _post(made, jpeg) -> None:
    made.post("/v1/depth", content=jpeg, headers={"Content-Type": "image/jpeg"})


def test_a_real_server_and_a_real_client(start, jpeg) -> None:
    """Over a socket, with a library that others wrote: answers in pairs, and an end without a trace."""
    running = start()
    service, threads = running.app.state.service, threading.active_count()
    with connect(running.url.replace("http", "ws") + "/v1/live?format=png", open_timeout=30) as socket:
        assert json.loads(socket.recv(30))["type"] == "ready"
        for number in range(1, 21):
            socket.send(jpeg)
            header, body = json.loads(socket.recv(30)), socket.recv(30)
            assert header["seq"] == number
            assert body.startswith(b"\x89PNG")
        socket.ping().wait(30)
    until(lambda: service.live.connections == 0)
    until(lambda: service.pool.running == 0)
    until(lambda: threading.active_count() <= threads)


def test_a_client_that_vanishes_leaves_nothing(start, jpeg, gate) -> None:
    """The frame that is under way is given up after its stage; the stream's place is free."""
    running = start(loader=loader_of(gate), streams=1)
    service = running.app.state.service
    gate.open.set()
    until(lambda: running.client.get("/readyz").status_code == 200)
    gate.open.clear()
    begun = gate.entered
    with connect(running.url.replace("http", "ws") + "/v1/live", open_timeout=30) as socket:
        socket.recv(30)
        socket.send(jpeg)
        until(lambda: gate.entered == begun + 1)
        socket.socket.shutdown(SHUT_RDWR)
        until(lambda: service.live.connections == 0)
    gate.open.set()
    until(lambda: service.pool.running == 0)


def test_the_client_of_the_guide_works(start, jpeg, tmp_path) -> None:
    """The guide's second client runs as it stands there."""
    guide = Path(__file__).parents[3] / "docs" / "how-to" / "stream-live.md"
    code = re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)[2]
    (tmp_path / "a.jpg").write_bytes(jpeg)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    address = start().url.replace("http", "ws")
    command = [sys.executable, "-c", code, address, "a.jpg", "b.jpg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"a.jpg: nearest at \d+,\d+, \d+ ms", first)
    assert second.startswith("b.jpg: The body is not an image")


@pytest.mark.skipif(sys.platform != "linux", reason="open files are counted in /proc")
def test_streams_that_come_and_go_leave_no_file_and_no_thread(start, jpeg) -> None:
    """Thirty streams, some ended in the middle of a frame: what they opened is closed."""
    running = start()
    url = running.url.replace("http", "ws") + "/v1/live"

    def use(number: int) -> None:
        with connect(url, open_timeout=60) as socket:
            socket.recv(60)
            socket.send(jpeg)
            if number % 3:
                assert json.loads(socket.recv(60))["type"] == "frame"
                socket.recv(60)

    def opened() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    live, pool = running.app.state.service.live, running.app.state.service.pool
    use(1)
    until(lambda: live.connections == 0 and pool.running == 0)
    files, threads = opened()
    for number in range(30):
        use(number)
    until(lambda: live.connections == 0 and pool.running == 0 and pool.waiting == 0)
    until(lambda: opened()[0] <= files + 1 and opened()[1] <= threads, 30)


HOSTILE = (
    '{"model": 5}',
    '{"model": "\\ud800"}',
    '{"range": {"a": 1}}',
    '{"range": 5}',
    '{"colormap": ["\\udfff"]}',
    '{"smooth": NaN}',
    '{"size": [[1]]}',
    "[" * 4000,
    '{"a":' * 800,
    '{"' + "x" * 4000 + '": 1}',
    "\u202e\ud7ff" * 1000,
)


def test_hostile_messages_are_told_and_the_stream_goes_on(plain, jpeg) -> None:
    """Numbers for names, halves of characters, objects, depth: an error each; then a frame is answered."""
    with plain.websocket_connect("/v1/live") as socket:
        socket.receive_json()
        for text in HOSTILE:
            socket.send_text(text)
            told = socket.receive_json()
            assert (told["type"], told["status"]) == ("error", 422), (text, told)
            assert told["detail"]
            assert len(told["detail"]) < 2500
        socket.send_bytes(jpeg)
        assert answer(socket)[0]["seq"] == 1


class _Floor(GatedSession):
    """A level floor, as a network would see it; from ``wall_row`` upwards a wall."""

    wall_row: int | None = None

    def run(self, batch):
        """(N, H, W): nearness rises from the horizon in the middle to the bottom."""
        count, _, height, width = batch.shape
        rows = np.clip(np.linspace(-1, 1, height, dtype=np.float32), 0, None)
        if self.wall_row is not None:
            rows = np.maximum(rows, rows[self.wall_row * height // 96])
        return np.broadcast_to(rows[None, :, None], (count, height, width)).copy()


MOUNTED = "obstacles=1&height=0.4&pitch=0&fov=62"


def test_what_stands_in_the_way_comes_with_the_frame(jpeg) -> None:
    """72 directions in metres, times and an alert; of a wall its distance."""
    session = _Floor()
    with client(loader_of(session)) as made, made.websocket_connect(f"/v1/live?{MOUNTED}&smooth=0") as socket:
        assert socket.receive_json()["options"]["obstacles"] is True
        socket.send_bytes(jpeg)
        free = answer(socket)[0]["obstacles"]
        session.wall_row = 72
        socket.send_bytes(jpeg)
        wall = answer(socket)[0]["obstacles"]
    assert (free["unit"], len(free["distances"]), len(free["contact_s"])) == ("m", 72, 72)
    assert free["alert"]["level"] == "clear"
    # The floor of row 72 of 96 is as far away as the camera's height by the slope of its ray.
    focal = 64 / np.tan(np.radians(31))
    assert wall["nearest"]["distance"] == pytest.approx(0.4 * focal / 24, rel=0.06)
    assert wall["alert"]["level"] == "caution"


def test_obstacles_come_and_go_by_a_message(plain, jpeg) -> None:
    """Asked for on the way, in camera heights without a height; what is lacking is told."""
    with plain.websocket_connect("/v1/live") as socket:
        socket.receive_json()
        socket.send_bytes(jpeg)
        assert "obstacles" not in answer(socket)[0]
        socket.send_json({"obstacles": True, "fov": 62})
        assert "tilt" in socket.receive_json()["detail"]
        socket.send_json({"obstacles": True, "fov": 62, "horizon": 5})
        assert socket.receive_json()["options"]["horizon"] == 5
        socket.send_bytes(jpeg)
        row = answer(socket)[0]["obstacles"]
        assert row["unit"] == "camera heights"


@pytest.mark.parametrize("query", ["obstacles=1&fov=62", "obstacles=1&pitch=-5", f"{MOUNTED}&horizon=9"])
def test_a_mount_that_cannot_be_is_refused_at_once(plain, query) -> None:
    """Instead of the handshake, as every wrong option."""
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        plain.websocket_connect(f"/v1/live?{query}"),
    ):
        pass
    assert refused.value.status_code == 422
