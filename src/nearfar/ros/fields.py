"""Depth as ROS expects it: the fields of messages as plain values, without their headers.

Sources: REP 118 (depth images), REP 117 (distances: -Inf too near, NaN unknown, +Inf nothing there), REP 103
(axes), sensor_msgs/Image and PointCloud2. A LaserScan is :func:`nearfar.robot.messages.laser_scan`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.cards import DepthKind
from nearfar.errors import ParameterError
from nearfar.ops.unproject import unproject

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.types import Camera, DepthMap
    from nearfar.types.arrays import FloatMap, Pixels

ENCODINGS = ("32FC1", "16UC1")
_FLOAT32 = 7  # sensor_msgs/PointField
_MOST_MM = 0xFFFF
_POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4")])


@dataclass(frozen=True, slots=True)
class Reach:
    """Metres between which distances are told; nearer is -Inf, farther +Inf (REP 117)."""

    low_m: float = 0.1
    high_m: float = 100.0


def metres(depth: DepthMap, reach: Reach) -> FloatMap:
    """(H, W) float32 metres along the optical axis, with NaN, -Inf and +Inf by REP 117.

    Raises:
        ParameterError: the map is relative: its numbers are no metres.
    """
    if depth.kind is not DepthKind.METRIC:
        raise ParameterError(
            "Relative depth is not metres, and ROS takes depth in metres.",
            "Give the camera's height and pitch, or a metric network.",
        )
    found = depth.numpy()
    with np.errstate(invalid="ignore"):
        found = np.where(found < reach.low_m, -np.inf, found)
        found = np.where(found > reach.high_m, np.inf, found)
    return np.asarray(found, np.float32)


def depth_image(depth: DepthMap, encoding: str = "32FC1", reach: Reach | None = None) -> dict[str, Any]:
    """The fields of a sensor_msgs/Image: 32FC1 in metres, or 16UC1 in millimetres in which 0 is no distance.

    Raises:
        ParameterError: the map is relative, or the encoding is neither.
    """
    if encoding not in ENCODINGS:
        raise ParameterError(
            f"The encoding is '{encoding}'.", f"Give one of {', '.join(ENCODINGS)}.", parameter="encoding"
        )
    values: npt.NDArray[Any] = metres(depth, reach or Reach()).astype("<f4", copy=False)
    if encoding == "16UC1":
        values = _millimetres(values)
    return {
        "height": depth.height,
        "width": depth.width,
        "encoding": encoding,
        "is_bigendian": 0,
        "step": depth.width * values.itemsize,
        "data": np.ascontiguousarray(values).view(np.uint8).reshape(-1),
    }


def _millimetres(values: FloatMap) -> npt.NDArray[np.uint16]:
    """Rounded; what is no distance, or farther than the numbers reach, is 0."""
    with np.errstate(invalid="ignore"):
        rounded = np.rint(values * 1000.0)
        is_told = (rounded >= 1) & (rounded <= _MOST_MM)
    return np.where(is_told, rounded, 0).astype("<u2")


def point_cloud(depth: DepthMap, rgb: Pixels, reach: Reach | None = None, thin: int = 1) -> dict[str, Any]:
    """The fields of a sensor_msgs/PointCloud2 in the optical frame (x right, y down, z ahead), with colours.

    It is ordered as the picture is; points without a distance are NaN.

    Args:
        depth: (H, W), metric, with its camera.
        rgb: (H, W, 3) uint8.
        reach: what lies without has no point.
        thin: one pixel in so many, across and down.

    Raises:
        ParameterError: the map is relative, no camera is known, or the sizes differ.
    """
    if depth.camera is None or rgb.shape[:2] != depth.values.shape:
        raise ParameterError(
            f"Points need a camera, and colours for {depth.width}×{depth.height} pixels.",
            "Give the map its camera, and the photo it was made of.",
        )
    rows, columns = np.arange(thin // 2, depth.height, thin), np.arange(thin // 2, depth.width, thin)
    away = metres(depth, reach or Reach())
    away = np.where(np.isfinite(away), away, np.float32(np.nan))
    points = unproject(away, depth.camera, rows, columns)
    colours = rgb[np.ix_(rows, columns)].astype(np.uint32)
    packed = np.empty(points.shape[:2], _POINT)
    packed["x"], packed["y"], packed["z"] = points[..., 0], -points[..., 1], -points[..., 2]
    packed["rgb"] = colours[..., 0] << 16 | colours[..., 1] << 8 | colours[..., 2]
    height, width = len(rows), len(columns)
    return {
        "height": height,
        "width": width,
        "fields": [
            {"name": name, "offset": 4 * place, "datatype": _FLOAT32, "count": 1}
            for place, name in enumerate(_POINT.names or ())
        ],
        "is_bigendian": False,
        "point_step": _POINT.itemsize,
        "row_step": width * _POINT.itemsize,
        "data": packed.view(np.uint8).reshape(-1),
        "is_dense": bool(np.isfinite(away[np.ix_(rows, columns)]).all()),
    }


def scan_frame(optical: str) -> str:
    """The frame of a scan beside that of a picture: x ahead, y left; by REP 103 without ``_optical``."""
    return (
        optical.removesuffix("_optical_frame") + "_frame" if optical.endswith("_optical_frame") else optical
    )


def camera_info(camera: Camera, width: int, height: int) -> dict[str, Any]:
    """The fields of a sensor_msgs/CameraInfo of a lens that bends nothing; pixel centres at whole numbers."""
    fx, fy, cx, cy = camera.fx_px, camera.fy_px, camera.cx_px - 0.5, camera.cy_px - 0.5
    return {
        "height": height,
        "width": width,
        "distortion_model": "plumb_bob",
        "d": np.zeros(5),
        "k": np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1]),
        "r": np.eye(3).ravel(),
        "p": np.array([fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0]),
        "binning_x": 0,
        "binning_y": 0,
        "roi": dict.fromkeys(("x_offset", "y_offset", "height", "width"), 0) | {"do_rectify": False},
    }
