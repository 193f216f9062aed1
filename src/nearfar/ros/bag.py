"""Bag in, bag out: the messages that the node would send, for a recording; by the package ``rosbags``."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import (
    BrokenImageError,
    NoGroundError,
    OutputError,
    OutputExistsError,
    ParameterError,
    SourceError,
    UnsupportedFormatError,
    as_broken,
)
from nearfar.registry import require_libraries
from nearfar.ros.fields import camera_info, scan_frame
from nearfar.ros.pictures import is_distorted, own_info, photo_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from nearfar.ros.stream import RosDepth

    Tell = Callable[[int, int], object]

IMAGE, COMPRESSED, INFO = (f"sensor_msgs/msg/{name}" for name in ("Image", "CompressedImage", "CameraInfo"))
POINTS, SCAN = "sensor_msgs/msg/PointCloud2", "sensor_msgs/msg/LaserScan"
TOPICS = {
    "image": "/nearfar/depth/image",
    "info": "/nearfar/depth/camera_info",
    "points": "/nearfar/points",
    "scan": "/nearfar/scan",
}
"""Where the node sends, and the bag holds, what was made."""
_EXTRA = "ros"


@dataclass(frozen=True, slots=True)
class BagPlan:
    """What of a bag is looked at, and where the result goes.

    ``image``, ``info``: topics; found where they are empty. ``keep``: the bag's own messages are copied too.
    ``every``: one frame in so many.
    """

    source: Path
    target: Path
    image: str = ""
    info: str = ""
    keep: bool = False
    every: int = 1
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.target.suffix not in {"", ".mcap"}:
            raise ParameterError(
                f"The result is to be {self.target.name}.", "Give FILE.mcap, or a folder.", parameter="output"
            )
        if self.every < 1:
            raise ParameterError(f"Every {self.every} frames.", "Give 1 for all of them.", parameter="every")

    def check(self) -> None:
        """Raise before any work: without the extra, without the bag, where the result is there already."""
        require_libraries("Reading bags of ROS", ("rosbags",), _EXTRA)
        if not self.source.exists():
            raise SourceError(f"{self.source} is not there.", "Give a bag: a file, or its folder.")
        if self.target.exists() and self.target.resolve() == self.source.resolve():
            raise ParameterError("The bag would replace itself.", "Choose another name.", parameter="output")
        if self.target.exists() and (not self.overwrite or self.target.is_dir()):
            hint = (
                "Choose another name."
                if self.target.is_dir()
                else "Pass --overwrite, or choose another name."
            )
            raise OutputExistsError(f"{self.target} exists already.", hint)


@dataclass(slots=True)
class BagReport:
    """What came out: frames done, frames refused and why (each reason once), topics that were written.

    ``errors``: of each frame done the relative error to be expected; none where a metric network told metres.
    """

    image: str
    info: str
    frames: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def refuse(self, reason: str) -> None:
        """One frame more of which nothing was made."""
        self.refused += 1
        if reason not in self.reasons:
            self.reasons.append(reason)


def convert(plan: BagPlan, maker: RosDepth, tell: Tell | None = None) -> BagReport:
    """Read a bag, and write one with the depth of its frames under their own times.

    Args:
        plan: what is read and written.
        maker: looks at the frames.
        tell: told after each frame how many are done, of how many.

    Raises:
        MissingExtraError: ``rosbags`` is not installed.
        SourceError: there is no such bag.
        BrokenImageError: it cannot be read.
        ParameterError: the topic is not in it, or several could be meant.
        OutputExistsError: the result is there already.
    """
    plan.check()
    from rosbags.highlevel import AnyReader

    with ExitStack() as stack:
        with _as_bag(plan.source):
            reader = stack.enter_context(AnyReader([plan.source], default_typestore=_store()))
        work = _Work(_Reading(reader, plan.source), plan, maker, tell)
        _write_whole(plan, work.write)
        return work.report


def _as_bag(source: Path) -> AbstractContextManager[None]:
    """Whatever the library raises over a damaged bag within becomes BrokenImageError."""
    hint = "mcap recover keeps what is whole of one that was cut off." if source.suffix == ".mcap" else ""
    return as_broken(f"{source} cannot be read as a bag", hint)


class _Reading:
    """A reader of ``rosbags`` whose errors are ours."""

    def __init__(self, reader: Any, source: Path) -> None:
        self._reader, self._source = reader, source
        self.connections, self.is2, self.typestore = reader.connections, reader.is2, reader.typestore

    def messages(self, connections: Sequence[Any]) -> Iterator[tuple[Any, int, bytes]]:
        """Connection, nanoseconds and bytes of each message."""
        found = self._reader.messages(connections)
        while True:
            with _as_bag(self._source):
                one = next(found, None)
            if one is None:
                return
            yield one

    def deserialize(self, raw: bytes, kind: str) -> Any:
        """The message."""
        with _as_bag(self._source):
            return self._reader.deserialize(raw, kind)


def _store() -> Any:
    """The definitions of messages that are written."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_HUMBLE)


def _write_whole(plan: BagPlan, write: Callable[[Any], None]) -> None:
    """Write beside the target first: a run that was cut off leaves nothing behind."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    parent = plan.target.resolve().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".nearfar-", dir=parent) as folder:
            made = Path(folder) / plan.target.stem
            with Writer(made, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
                write(writer)
            if plan.target.suffix:
                (made / f"{made.name}.mcap").replace(plan.target)
            else:
                shutil.move(made, plan.target)
    except OSError as exc:
        raise OutputError(f"{plan.target} cannot be written: {exc.strerror or exc}.") from exc


class _Work:
    """One bag's way through the maker."""

    def __init__(self, reader: Any, plan: BagPlan, maker: RosDepth, tell: Tell | None) -> None:
        self._reader, self._plan, self._maker, self._tell = reader, plan, maker, tell
        self._image = self._topic(plan.image, {IMAGE, COMPRESSED}, "pictures", "image")
        self._info = self._info_topic()
        self._store = _store()
        self.report = BagReport(self._image, self._info)
        self._out: dict[str, Any] = {}

    def _topic(self, wanted: str, kinds: set[str], what: str, parameter: str) -> str:
        """The topic that is named, or the only one of its kind that is no depth."""
        found: list[str] = sorted({one.topic for one in self._reader.connections if one.msgtype in kinds})
        if wanted in found:
            return wanted
        likely = [topic for topic in found if "depth" not in topic.lower()]
        if not wanted and len(likely) == 1:
            return likely[0]
        raise ParameterError(
            f"The bag has {what} on {', '.join(found) or 'no topic'}"
            + (f", but not on {wanted}." if wanted else "."),
            f"Name one of them with --{parameter}." if found else "Give a bag of a camera.",
            parameter=parameter,
        )

    def _info_topic(self) -> str:
        """The topic that is named, or ``camera_info`` beside the pictures; "" where there is none."""
        if self._plan.info:
            return self._topic(self._plan.info, {INFO}, "cameras", "info")
        found: set[str] = {one.topic for one in self._reader.connections if one.msgtype == INFO}
        place = self._image
        while place := place.rpartition("/")[0]:
            if f"{place}/camera_info" in found:
                return f"{place}/camera_info"
        return next(iter(found)) if len(found) == 1 else ""

    def write(self, writer: Any) -> None:
        """Everything that the bag says of depth, and its own messages where they are kept."""
        kept = self._kept(writer)
        wanted = {self._image, self._info} - {""}
        connections = [one for one in self._reader.connections if one.topic in wanted or one.id in kept]
        total = sum(one.msgcount for one in connections if one.topic == self._image)
        info, number = self._first_info(), 0
        for connection, time_ns, raw in self._reader.messages(connections):
            if connection.id in kept:
                writer.write(kept[connection.id], time_ns, raw)
            if connection.topic == self._info:
                info = self._reader.deserialize(raw, connection.msgtype)
            if connection.topic != self._image:
                continue
            number += 1
            if (number - 1) % self._plan.every == 0:
                self._frame(writer, time_ns, self._reader.deserialize(raw, connection.msgtype), info)
            if self._tell is not None:
                self._tell(number, total)

    def _kept(self, writer: Any) -> dict[int, Any]:
        """For each connection of the bag its own in the result, where messages are kept."""
        if not self._plan.keep:
            return {}
        if not self._reader.is2:
            raise ParameterError(
                "Messages of a bag of ROS 1 cannot be kept in one of ROS 2.",
                "Leave out --keep, or convert the bag first (rosbags-convert).",
                parameter="keep",
            )
        store = self._reader.typestore
        return {
            one.id: writer.add_connection(
                one.topic, one.msgtype, typestore=store, offered_qos_profiles=one.ext.offered_qos_profiles
            )
            for one in self._reader.connections
            if one.topic not in TOPICS.values()
        }

    def _first_info(self) -> Any | None:
        """The first CameraInfo, which may stand behind the first picture."""
        connections = [one for one in self._reader.connections if one.topic == self._info]
        for connection, _, raw in self._reader.messages(connections) if connections else ():
            return self._reader.deserialize(raw, connection.msgtype)
        return None

    def _frame(self, writer: Any, time_ns: int, message: Any, info: Any | None) -> None:
        """The messages of a picture under its own time; or why there are none."""
        try:
            with _as_bag(self._plan.source):  # a damaged definition lacks what a picture or a camera has
                photo = photo_of(message, f"a picture of {self._image}")
                camera = self._maker.camera(photo, info)
                own = camera_info(camera, photo.width, photo.height) if info is None else own_info(info)
                is_bent = info is not None and not self._maker.is_rectified and is_distorted(info)
                stamp, frame = message.header.stamp, str(message.header.frame_id)
            made = self._maker.make(photo, info)
        except (NoGroundError, BrokenImageError, UnsupportedFormatError) as exc:
            self.report.refuse(str(exc))
            return
        if is_bent and not self.report.notes:
            self.report.notes.append("The lens bends lines; a rectified picture would measure better.")
        self._send(writer, time_ns, "image", IMAGE, (stamp, frame, made.image))
        self._send(writer, time_ns, "info", INFO, (stamp, frame, own))
        if made.points is not None:
            self._send(writer, time_ns, "points", POINTS, (stamp, frame, made.points))
        if made.scan is not None:
            self._send(writer, time_ns, "scan", SCAN, (stamp, scan_frame(frame), made.scan))
        self.report.frames += 1
        self.report.errors += [] if made.error is None else [made.error]

    def _send(
        self, writer: Any, time_ns: int, topic: str, kind: str, said: tuple[Any, str, dict[str, Any]]
    ) -> None:
        name = TOPICS[topic]
        if name not in self._out:
            self._out[name] = writer.add_connection(name, kind, typestore=self._store)
            self.report.topics.append(name)
        message = built(self._store, kind, *said)
        writer.write(self._out[name], time_ns, self._store.serialize_cdr(message, kind))


def built(store: Any, kind: str, stamp: Any, frame: str, fields: dict[str, Any]) -> Any:
    """A message of the definitions in a typestore of ``rosbags``, with its header."""
    types = store.types
    nanoseconds = stamp.nanosec if hasattr(stamp, "nanosec") else stamp.nsec
    time = types["builtin_interfaces/msg/Time"](sec=int(stamp.sec), nanosec=int(nanoseconds))
    values = {"header": types["std_msgs/msg/Header"](stamp=time, frame_id=frame), **fields}
    if kind == POINTS:
        field_type = types["sensor_msgs/msg/PointField"]
        values["fields"] = [field_type(**one) for one in fields["fields"]]
    elif kind == SCAN:
        values |= {name: np.asarray(fields[name], np.float32) for name in ("ranges", "intensities")}
    elif kind == INFO:
        area = types["sensor_msgs/msg/RegionOfInterest"]
        values["roi"] = area(**fields["roi"])
    return types[kind](**values)
