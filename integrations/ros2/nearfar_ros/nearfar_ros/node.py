"""The node: pictures of one camera in; depth in metres, points and free space out.

What is done with them stands in ``nearfar.ros``; here is only what needs rclpy.
"""

from __future__ import annotations

import array
from typing import Any

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import (
    CameraInfo,
    CompressedImage,
    Image,
    LaserScan,
    PointCloud2,
    PointField,
    RegionOfInterest,
)
from std_msgs.msg import Header

from nearfar import load
from nearfar.errors import NearfarError
from nearfar.ros.fields import camera_info, scan_frame
from nearfar.ros.parameters import defaults, options_of
from nearfar.ros.pictures import is_distorted, photo_of
from nearfar.ros.stream import RosDepth

_NEWEST = QoSProfile(depth=1, history=HistoryPolicy.KEEP_LAST, reliability=ReliabilityPolicy.BEST_EFFORT)
_EVERY_S = 5.0  # the same warning at most so often
_FIXED = ("k", "r", "p")  # arrays of a fixed length: of NumPy in rclpy, the others of array


class NearfarNode(Node):
    """Listens to ``image`` (or ``image/compressed``) and ``camera_info``; of frames that wait the newest."""

    def __init__(self) -> None:
        super().__init__("nearfar")
        values = {name: self._declared(name, value) for name, value in defaults().items()}
        model = self._declared("model", "")
        is_compressed = self._declared("compressed", False)
        self._maker = RosDepth(load(model or None), options_of(values))
        self._info: CameraInfo | None = None
        self._image = self.create_publisher(Image, "~/depth/image", 1)
        self._camera = self.create_publisher(CameraInfo, "~/depth/camera_info", 1)
        self._points = self.create_publisher(PointCloud2, "~/points", 1)
        self._scan = self.create_publisher(LaserScan, "~/scan", 1)
        kind, topic = (CompressedImage, "image/compressed") if is_compressed else (Image, "image")
        self.create_subscription(CameraInfo, "camera_info", self.on_info, _NEWEST)
        self.create_subscription(kind, topic, self.on_image, _NEWEST)

    def _declared(self, name: str, value: Any) -> Any:
        return self.declare_parameter(name, value).value

    def on_info(self, message: CameraInfo) -> None:
        """Keep the camera; say once that a rectified picture would measure better."""
        if self._info is None and is_distorted(message) and not self._maker.is_rectified:
            self.get_logger().warning("The lens bends lines: remap image to image_rect, and set rectified.")
        self._info = message

    def on_image(self, message: Image | CompressedImage) -> None:
        """Look at a picture and publish what was made, under its own time; or say why there is nothing."""
        try:
            photo = photo_of(message, "the picture")
            made = self._maker.make(photo, self._info)
            camera = self._maker.camera(photo, self._info)
        except NearfarError as exc:
            self.get_logger().warning(str(exc), throttle_duration_sec=_EVERY_S)
            return
        stamp, frame = message.header.stamp, message.header.frame_id
        header = Header(stamp=stamp, frame_id=frame)
        self._image.publish(filled(Image(), header, made.image))
        info = self._info or filled(CameraInfo(), header, camera_info(camera, photo.width, photo.height))
        info.header = header
        self._camera.publish(info)
        if made.points is not None:
            self._points.publish(filled(PointCloud2(), header, made.points))
        if made.scan is not None:
            beside = Header(stamp=stamp, frame_id=scan_frame(frame))
            self._scan.publish(filled(LaserScan(), beside, made.scan))


def filled(message: Any, header: Header, fields: dict[str, Any]) -> Any:
    """The message with its header and fields, in the types that rclpy takes without a copy a number."""
    message.header = header
    for name, value in fields.items():
        setattr(message, name, _as_rclpy(name, value))
    return message


def _as_rclpy(name: str, value: Any) -> Any:
    if name == "fields":
        return [PointField(**one) for one in value]
    if name == "roi":
        return RegionOfInterest(**value)
    if name in {"ranges", "intensities"}:
        return array.array("f", value)
    if isinstance(value, np.ndarray) and name not in _FIXED:
        return array.array("B" if value.dtype == np.uint8 else "d", value.tobytes())
    return value


def main(args: list[str] | None = None) -> None:
    """Run until the node is stopped; what is wrong with the parameters ends it with one line."""
    rclpy.init(args=args)
    try:
        node = NearfarNode()
    except NearfarError as exc:
        rclpy.try_shutdown()
        raise SystemExit(f"nearfar-ros: {exc}") from exc
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
