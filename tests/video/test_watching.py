"""A source as it happens: the newest frame, at the pace of the source, over a network too."""

from __future__ import annotations

import socket
import threading
import time

import av
import numpy as np
import pytest

from moving_pictures import Shape, picture, write_clip
from nearfar import api
from nearfar.types.moving import VideoFrame
from nearfar.video.read import open_video
from nearfar.video.steady import SteadyOptions
from nearfar.video.watching import Newest, paced, watched


def frames(count: int, wait_s: float = 0.0):
    """Small frames, one every so often."""
    for number in range(count):
        time.sleep(wait_s)
        yield VideoFrame.of(np.full((32, 48, 3), number, np.uint8), number)


def test_older_frames_are_dropped() -> None:
    """Whoever is slow sees the newest one, and the last one at the end."""
    newest = Newest(frames(30, 0.01))
    seen = []
    for frame, _ in newest:
        seen.append(frame.index)
        time.sleep(0.08)
    assert seen == sorted(seen)
    assert seen[-1] == 29
    assert len(seen) + newest.dropped == 30
    assert newest.dropped > 10


def test_an_error_of_the_source_is_told() -> None:
    """After what came before it."""

    def broken():
        yield from frames(1)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        list(Newest(broken()))


def test_a_file_comes_at_its_own_pace() -> None:
    """Each frame waits for its time."""
    now = [100.0]
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    assert len(list(paced(frames(4), lambda: now[0], wait))) == 4
    assert waits == pytest.approx([1 / 30] * 3)


def test_depth_of_what_is_seen_now(tmp_path) -> None:
    """Steady depth, with how long it took and how many were dropped."""
    model = api.load(engine="fake")
    with open_video(write_clip(tmp_path / "clip.mp4", Shape(frames=8))) as video:
        found = list(watched(paced(video.frames()), model, SteadyOptions()))
    assert found[-1].found.frame.index == 7
    assert all(one.seconds > 0 for one in found)
    assert found[-1].dropped + len(found) == 8


def test_a_stream_over_the_network() -> None:
    """MPEG-TS by UDP on this machine, as cameras and encoders send it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    is_over = threading.Event()
    sender = threading.Thread(target=_send, args=(port, is_over), daemon=True)
    sender.start()
    try:
        with open_video(f"udp://127.0.0.1:{port}?timeout=10000000") as video:
            assert video.source.is_live
            assert (video.info.width, video.info.height) == (160, 96)
            found = watched(video.frames(), api.load(engine="fake"), SteadyOptions())
            seen = [next(found).found.frame.index for _ in range(3)]
            found.close()
    finally:
        is_over.set()
        sender.join(10)
    assert seen == sorted(seen)


def _send(port: int, is_over: threading.Event) -> None:
    """A stream that never ends."""
    shape = Shape()
    with av.open(f"udp://127.0.0.1:{port}?pkt_size=1316", "w", format="mpegts") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = shape.width, shape.height, "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "5"}
        number = 0
        while not is_over.wait(0.02):
            frame = av.VideoFrame.from_ndarray(picture(shape, number), format="rgb24")
            out.mux(stream.encode(frame))
            number += 1
