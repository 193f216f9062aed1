"""Streams of the clients, to a real service on a port."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from nearfar import errors as tree
from nearfar.cards import DepthKind
from nearfar.client import AsyncClient, Bounds, Client, KeyRefusedError, Retries, UnreachableError
from nearfar.keys import KeyFile
from pictures import draw, encoded
from serving import GatedSession, loader_of, running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


ONCE = Retries(attempts=1)


def frames(count: int) -> list[bytes]:
    """Photos that differ."""
    return [encoded(np.roll(draw(64, 48), 3 * place, 1), "JPEG") for place in range(count)]


def test_every_frame_of_a_list_is_answered_in_turn(client) -> None:
    """Heat maps as large as the frames, numbered; the header is typed."""
    with client.live(colormap="turbo") as stream:
        assert (stream.options["colormap"], stream.options["model"]) == ("turbo", "embedded")
        views = list(stream.follow(frames(5)))
    assert [view.number for view in views] == [1, 2, 3, 4, 5]
    view = views[0]
    assert view.picture().pixels.shape == (48, 64, 3)
    assert (view.media_type, view.kind, view.unit) == ("image/jpeg", DepthKind.RELATIVE_INVERSE, "1")
    assert view.range[0] < view.range[1]
    assert (view.is_cut, view.dropped, view.warnings) == (True, 0, ())
    assert view.timing_ms["total"] > 0


def test_distances_of_webxr_are_a_depth_map(client) -> None:
    """Relative depth stays without metres."""
    with client.live(format="webxr", smooth=0) as stream:
        view = stream.look(encoded(draw(64, 48)))
    assert "rawValueToMeters" not in view.webxr
    found = view.depth()
    assert found.kind is DepthKind.AFFINE_DEPTH
    assert found.value_range == pytest.approx((1, 10), abs=1e-3)


def test_16_bits_are_the_depth_of_a_request(client) -> None:
    """The same values as over HTTP but for the rounding, with model and hash."""
    photo = encoded(draw(64, 48))
    with client.live(format="png16", smooth=0) as stream:
        found = stream.look(photo).depth()
    expected = client.depth(photo)
    low, high = expected.value_range
    assert np.abs(found.values - expected.values).max() <= (high - low) / 65_000
    assert found.provenance.weights_sha256 == expected.provenance.weights_sha256


def test_options_change_on_the_way(client) -> None:
    """The answer after a change is of the new kind; a change that is wrong is told, and nothing changes."""
    photo = encoded(draw(64, 48))
    with client.live() as stream:
        with pytest.raises(tree.ParameterError, match="no depth"):
            stream.look(photo).depth()
        assert stream.change(format="png16", range=(0.0, 1.0))["range"] == [0, 1]
        view = stream.look(photo)
        assert view.range == (0, 1)
        assert view.depth().values.shape == (48, 64)
        with pytest.raises(tree.ParameterError, match="no heat map"):
            view.picture()
        with pytest.raises(tree.ParameterError):
            stream.change(colormap="pink")
        assert stream.options["colormap"] == "inferno"


def test_what_stands_in_the_way(client) -> None:
    """Told with each view where it is asked for, and not otherwise."""
    photo = encoded(draw(64, 48))
    with client.live(obstacles=True, height=0.4, pitch=-10.0, fov=62.0) as stream:
        found = stream.look(photo).obstacles
        assert found is not None
        assert len(found["distances"]) == 72
        assert stream.change(obstacles=False)["height"] == 0.4
        assert stream.look(photo).obstacles is None


@pytest.mark.parametrize("kind", ["path", "file", "array"])
def test_a_frame_in_any_form(client, tmp_path, kind) -> None:
    """What the client takes as a photo is a frame."""
    path = tmp_path / "frame.png"
    path.write_bytes(encoded(draw(40, 30)))
    sources = {"path": path, "file": io.BytesIO(path.read_bytes()), "array": draw(40, 30)}
    with client.live() as stream:
        assert stream.look(sources[kind]).width == 40


def test_a_bad_frame_is_an_error_and_the_stream_goes_on(client) -> None:
    """Raised as over HTTP, with the frame's number; or told, and the others are answered."""
    good, bad = encoded(draw(64, 48)), b"no picture"
    with client.live() as stream:
        with pytest.raises(tree.UnsupportedFormatError) as caught:
            stream.look(bad)
        assert "frame 1" in caught.value.__notes__
        assert stream.look(good).number == 2
        told: list[tuple[int, tree.NearfarError]] = []
        views = list(stream.follow([good, bad, good], lambda number, error: told.append((number, error))))
        assert [view.number for view in views] == [3, 5]
        assert [(number, type(error)) for number, error in told] == [(4, tree.UnsupportedFormatError)]
        with pytest.raises(tree.UnsupportedFormatError):
            list(stream.follow([bad]))
        with pytest.raises(tree.SourceError):
            stream.look("/nowhere/frame.jpg")


def test_a_frame_that_cannot_be_read_here_is_told(client, tmp_path) -> None:
    """Empty, or not there: it is not sent, and the stream goes on."""
    one, two = frames(2)
    told: list[tuple[int, type]] = []
    with client.live() as stream:
        given = [one, b"", tmp_path / "gone.jpg", two]
        views = list(stream.follow(given, lambda number, error: told.append((number, type(error)))))
        assert [view.number for view in views] == [1, 2]
        assert told == [(2, tree.EmptyInputError), (2, tree.SourceError)]
        with pytest.raises(tree.EmptyInputError):
            list(stream.follow([b""]))


def test_a_frame_ahead_keeps_the_network_busy() -> None:
    """With one ahead a second frame is sent while the first is looked at; the camera is not read further."""
    session, taken = GatedSession(), []
    opener = threading.Timer(0.2, session.open.set)

    def camera() -> Iterator[bytes]:
        for frame in frames(4):
            taken.append(session.open.is_set())
            if len(taken) == 2:
                opener.start()
            yield frame

    with running(loader_of(session)) as service, Client(service.url) as client, client.live() as stream:
        numbers = [view.number for view in stream.follow(camera(), ahead=1)]
        opener.join()
    assert taken == [False, False, True, True]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 4


def test_a_follower_may_stop_early(client) -> None:
    """A loop that is left leaves a stream that can be used."""
    with client.live() as stream:
        for view in stream.follow(frames(9)):
            if view.number == 2:
                break
        assert stream.look(frames(1)[0]).number == 3


@pytest.mark.parametrize(
    ("options", "parameter"),
    [({"format": "gif"}, "format"), ({"smooth": 2}, "smooth"), ({"model": "nothing"}, None)],
)
def test_a_refused_stream_is_the_librarys_error(client, options, parameter) -> None:
    """What HTTP would refuse is refused at the door, in the same words."""
    with (
        pytest.raises(tree.ParameterError if parameter else tree.UnknownNameError) as caught,
        client.live(**options),
    ):
        pass
    assert getattr(caught.value, "parameter", None) in {parameter, ""}
    assert "HTTP status 422" in caught.value.__notes__[0]


def test_a_key_opens_the_stream(tmp_path) -> None:
    """Without it the error says so."""
    file = KeyFile(tmp_path / "keys.json")
    key = file.add("robot", ["infer"])[1]
    with running(keys=str(file.path)) as service:
        with (
            Client(service.url) as nobody,
            pytest.raises(KeyRefusedError, match="nearfar keys"),
            nobody.live(),
        ):
            pass
        with Client(service.url, key) as robot, robot.live() as stream:
            assert stream.look(frames(1)[0]).number == 1


def test_too_many_streams_are_busy_and_waited_for() -> None:
    """One stream too many is a BusyError; with patience it opens when another closes."""
    with running(live_connections=1) as service, Client(service.url, retries=ONCE) as client:
        with client.live(), pytest.raises(tree.BusyError), client.live():
            pass
        until(lambda: service.app.state.service.live.connections == 0)
        with client.live() as stream:
            assert stream.look(frames(1)[0]).number == 1


def test_nobody_there_and_nobody_left() -> None:
    """No service, a service that ends, a network that hangs: one clear error each."""
    with (
        Client("http://127.0.0.1:1", retries=ONCE) as client,
        pytest.raises(UnreachableError, match="nearfar serve"),
    ):
        client.live().__enter__()
    elsewhere = Client("http://127.0.0.1:1", transport=httpx.MockTransport(lambda _: httpx.Response(200)))
    with elsewhere, pytest.raises(tree.ParameterError, match="transport"):
        elsewhere.live()
    session = GatedSession()
    with running(loader_of(session)) as service:
        try:
            with (
                Client(service.url, timeout=2) as client,
                client.live() as stream,
                pytest.raises(UnreachableError, match="in time"),
            ):
                stream.look(frames(1)[0])
        finally:
            session.open.set()
    with running(live_idle=1) as service, Client(service.url) as client, client.live() as stream:
        time.sleep(1.5)
        with pytest.raises(UnreachableError, match="nothing came for 1"):
            stream.look(frames(1)[0])


def test_bounds_hold_for_frames(service) -> None:
    """A frame of more bytes than the client may send stays here."""
    with (
        Client(service.url, bounds=Bounds(photo_bytes=100)) as client,
        client.live() as stream,
        pytest.raises(tree.TooLargeError),
    ):
        stream.look(frames(1)[0])


def test_the_asynchronous_stream_does_the_same(service) -> None:
    """Look, follow, change, errors: awaited."""

    async def source(*of: bytes) -> AsyncIterator[bytes]:
        for frame in of:
            yield frame

    async def ask() -> None:
        good = frames(2)
        async with AsyncClient(service.url, retries=ONCE) as client, client.live(format="png16") as stream:
            assert (await stream.look(good[0])).depth().values.shape == (48, 64)
            assert [view.number async for view in stream.follow(source(*good))] == [2, 3]
            assert (await stream.change(format="png"))["format"] == "png"
            assert (await stream.look(good[0])).picture().pixels.shape == (48, 64, 3)
            told = []
            views = stream.follow(source(b"x", good[0]), lambda number, _: told.append(number))
            assert [view.number async for view in views] == [6]
            assert told == [5]
            with pytest.raises(tree.UnsupportedFormatError):
                await stream.look(b"no picture")
        async with AsyncClient("http://127.0.0.1:1", retries=ONCE) as nobody:
            with pytest.raises(UnreachableError):
                await nobody.live().__aenter__()

    asyncio.run(ask())


def test_without_websockets_the_error_names_the_extra() -> None:
    """Importing the client where it is absent says what to install."""
    script = (
        "import sys; sys.modules['websockets'] = None\n"
        "from nearfar.errors import MissingExtraError\n"
        "try:\n    import nearfar.client\n"
        "except MissingExtraError as exc:\n    print(exc)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "nearfar[client]" in done.stdout


def test_the_client_of_the_guide_runs(service, tmp_path) -> None:
    """What docs/how-to/stream-live.md shows first works, and passes over what is no picture."""
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "stream-live.md"
    code = re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    (tmp_path / "a.jpg").write_bytes(frames(1)[0])
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    command = [sys.executable, "-c", code, service.url, "a.jpg", "b.jpg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"frame 1: nearest at \d+,\d+, \d+ ms", first)
    assert second.startswith("frame 2: ")
