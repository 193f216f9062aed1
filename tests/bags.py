"""Small bags of a robot's camera, and messages of their definitions: ``from bags import ...``."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.ros.bag import IMAGE, INFO, built
from nearfar.ros.fields import camera_info
from nearfar.types import Camera

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 64, 48
CAMERA = Camera.from_fov(70, WIDTH, HEIGHT)
FRAME = "camera_color_optical_frame"
FIRST_S = 100


def store() -> Any:
    """The definitions of ROS 2."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_HUMBLE)


def stamp(number: int) -> Any:
    """The time of a frame: a tenth of a second apart."""
    return SimpleNamespace(sec=FIRST_S, nanosec=number * 100_000_000)


def image(number: int = 0, grey: int = 90, **changes: Any) -> Any:
    """A grey picture as sensor_msgs/Image; the fake network sees a ramp in it: a floor."""
    fields = {
        "height": HEIGHT,
        "width": WIDTH,
        "encoding": "rgb8",
        "is_bigendian": 0,
        "step": 3 * WIDTH,
        "data": np.full(3 * WIDTH * HEIGHT, grey, np.uint8),
    }
    return built(store(), IMAGE, stamp(number), FRAME, fields | changes)


def info(number: int = 0, **changes: Any) -> Any:
    """The CameraInfo of such pictures."""
    return built(store(), INFO, stamp(number), FRAME, camera_info(CAMERA, WIDTH, HEIGHT) | changes)


def write_bag(path: Path, messages: list[tuple[str, str, int, Any]]) -> Path:
    """A bag (.mcap) of topic, type, nanoseconds and message."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    known, folder = store(), path.with_suffix("")
    with Writer(folder, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        connections: dict[str, Any] = {}
        for topic, kind, time_ns, message in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=known)
            writer.write(connections[topic], time_ns, known.serialize_cdr(message, kind))
    return (folder / f"{folder.name}.mcap").rename(path)


def camera_bag(path: Path, frames: int = 3) -> Path:
    """A camera's pictures and its CameraInfo, which comes after the first picture."""
    rows = []
    for number in range(frames):
        time_ns = FIRST_S * 10**9 + number * 10**8
        rows.append(("/camera/image_raw", IMAGE, time_ns, image(number)))
        rows.append(("/camera/camera_info", INFO, time_ns + 1, info(number)))
    return write_bag(path, rows)


def read_bag(path: Path) -> list[tuple[str, int, Any]]:
    """Topic, nanoseconds and message of everything in a bag."""
    from rosbags.highlevel import AnyReader

    with AnyReader([path]) as reader:
        return [
            (c.topic, time_ns, reader.deserialize(raw, c.msgtype)) for c, time_ns, raw in reader.messages()
        ]
