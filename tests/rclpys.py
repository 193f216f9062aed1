"""A stand-in for rclpy and its messages, as strict as they are: ``from rclpys import installed``.

Messages have the fields of the definitions in ``rosbags``, and take the types that rclpy's own take.
"""

from __future__ import annotations

import array
import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES = (
    "sensor_msgs/msg/CameraInfo",
    "sensor_msgs/msg/CompressedImage",
    "sensor_msgs/msg/Image",
    "sensor_msgs/msg/LaserScan",
    "sensor_msgs/msg/PointCloud2",
    "sensor_msgs/msg/PointField",
    "sensor_msgs/msg/RegionOfInterest",
    "std_msgs/msg/Header",
)
_PRIMITIVE, _ARRAY, _SEQUENCE = 1, 3, 4  # kinds of field in rosbags' definitions


class Logger:
    """Keeps warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str, **_: Any) -> None:
        """As rclpy's, with ``throttle_duration_sec``."""
        self.warnings.append(text)


class Node:
    """Keeps what is declared, subscribed and published. ``given``: values of parameters."""

    given: ClassVar[dict[str, Any]] = {}

    def __init__(self, name: str) -> None:
        self.name = name
        self.logger = Logger()
        self.declared: dict[str, Any] = {}
        self.subscribed: dict[str, tuple[type, Any]] = {}
        self.published: dict[str, list[Any]] = {}
        self.is_destroyed = False

    def declare_parameter(self, name: str, value: Any) -> SimpleNamespace:
        """The given value, which must be of the default's type: rclpy's parameters have one."""
        found = self.given.get(name, value)
        assert type(found) is type(value), name
        assert name not in self.declared
        self.declared[name] = value
        return SimpleNamespace(value=found)

    def create_publisher(self, kind: type, topic: str, _: Any) -> SimpleNamespace:
        """Messages of another type are refused."""
        sent = self.published.setdefault(topic, [])

        def publish(message: Any) -> None:
            assert type(message) is kind
            sent.append(message)

        return SimpleNamespace(publish=publish)

    def create_subscription(self, kind: type, topic: str, callback: Any, _: Any) -> None:
        """Keep who listens."""
        self.subscribed[topic] = (kind, callback)

    def get_logger(self) -> Logger:
        """The node's."""
        return self.logger

    def destroy_node(self) -> None:
        """Note it."""
        self.is_destroyed = True


def _message(store: Any, kind: str) -> type:
    """A class with the fields of a definition, and no others."""
    fields = dict(store.fielddefs[kind][1])

    def init(self: Any, **given: Any) -> None:
        for name, value in given.items():
            setattr(self, name, value)

    def put(self: Any, name: str, value: Any) -> None:
        assert name in fields, f"{kind} has no {name}"
        _check(f"{kind}.{name}", fields[name], value)
        object.__setattr__(self, name, value)

    return type(kind.rpartition("/")[2], (), {"__init__": init, "__setattr__": put})


def _check(name: str, definition: Any, value: Any) -> None:
    """What rclpy's setters ask of a value."""
    kind, inner = int(definition[0]), definition[1]
    if kind == _PRIMITIVE:
        base = inner[0]
        expected = float if "float" in base else bool if base == "bool" else str if base == "string" else int
        assert type(value) is expected, (name, type(value))
        return
    if kind not in {_ARRAY, _SEQUENCE} or inner[0][0] != _PRIMITIVE:
        return
    base = inner[0][1][0]
    if kind == _ARRAY:
        assert isinstance(value, np.ndarray), name
        assert (value.dtype, value.size) == (np.dtype(base), inner[1]), name
        return
    codes = {"uint8": "B", "float32": "f", "float64": "d"}
    assert isinstance(value, array.array), name
    assert value.typecode == codes[base], name


class Rclpy(ModuleType):
    """What of rclpy a node uses; spinning ends at once."""

    def __init__(self) -> None:
        super().__init__("rclpy")
        self.calls: list[str] = []
        self.node: Any = None

    def init(self, args: Any = None) -> None:  # noqa: ARG002 - its signature
        """Begin."""
        self.calls.append("init")

    def spin(self, node: Any) -> None:
        """As if somebody pressed Ctrl+C."""
        self.calls.append("spin")
        self.node = node
        raise KeyboardInterrupt

    def try_shutdown(self) -> None:
        """End."""
        self.calls.append("shutdown")


@contextmanager
def installed(store: Any) -> Iterator[Rclpy]:
    """rclpy, sensor_msgs and std_msgs as modules, while it lasts."""
    rclpy = Rclpy()
    modules: dict[str, ModuleType] = {"rclpy": rclpy}
    modules["rclpy.node"] = ModuleType("rclpy.node")
    modules["rclpy.node"].Node = Node  # type: ignore[attr-defined]
    qos = modules["rclpy.qos"] = ModuleType("rclpy.qos")
    qos.QoSProfile = SimpleNamespace  # type: ignore[attr-defined]
    qos.HistoryPolicy = SimpleNamespace(KEEP_LAST=1)  # type: ignore[attr-defined]
    qos.ReliabilityPolicy = SimpleNamespace(BEST_EFFORT=2)  # type: ignore[attr-defined]
    for kind in MESSAGES:
        package, _, name = kind.split("/")
        for path in (package, f"{package}.msg"):
            modules.setdefault(path, ModuleType(path))
        setattr(modules[f"{package}.msg"], name, _message(store, kind))
    before = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    try:
        yield rclpy
    finally:
        for name, module in before.items():
            sys.modules.pop(name) if module is None else sys.modules.update({name: module})
