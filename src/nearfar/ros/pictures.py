"""What messages of cameras hold: sensor_msgs/Image and CompressedImage to photos, CameraInfo to a camera.

Messages are anything with the fields of the definition: of rclpy, of ``rosbags``, of ROS 1 or 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from nearfar import api
from nearfar.errors import BrokenImageError, ParameterError, UnsupportedFormatError, did_you_mean
from nearfar.types import Camera, Photo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Pixels = npt.NDArray[Any]

_MOST_PIXELS = 1 << 28


def _as_it_is(pixels: Pixels) -> Pixels:
    return pixels[..., :3]


def _turned(pixels: Pixels) -> Pixels:
    return pixels[..., 2::-1] if pixels.shape[2] == 3 else pixels[..., [2, 1, 0]]


def _grey(pixels: Pixels) -> Pixels:
    return np.repeat(pixels[..., :1], 3, axis=2)


def _by_opencv(code: int) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), code))


_ENCODINGS: dict[str, tuple[int, int, Callable[[Pixels], Pixels]]] = {
    "rgb8": (1, 3, _as_it_is),
    "rgba8": (1, 4, _as_it_is),
    "bgr8": (1, 3, _turned),
    "bgra8": (1, 4, _turned),
    "8UC3": (1, 3, _turned),
    "8UC4": (1, 4, _turned),
    "mono8": (1, 1, _grey),
    "8UC1": (1, 1, _grey),
    "rgb16": (2, 3, _as_it_is),
    "rgba16": (2, 4, _as_it_is),
    "bgr16": (2, 3, _turned),
    "bgra16": (2, 4, _turned),
    "mono16": (2, 1, _grey),
    "16UC1": (2, 1, _grey),
    "bayer_rggb8": (1, 1, _by_opencv(cv2.COLOR_BayerRGGB2RGB)),
    "bayer_bggr8": (1, 1, _by_opencv(cv2.COLOR_BayerBGGR2RGB)),
    "bayer_gbrg8": (1, 1, _by_opencv(cv2.COLOR_BayerGBRG2RGB)),
    "bayer_grbg8": (1, 1, _by_opencv(cv2.COLOR_BayerGRBG2RGB)),
    "yuv422": (1, 2, _by_opencv(cv2.COLOR_YUV2RGB_UYVY)),
    "uyvy": (1, 2, _by_opencv(cv2.COLOR_YUV2RGB_UYVY)),
    "yuv422_yuy2": (1, 2, _by_opencv(cv2.COLOR_YUV2RGB_YUYV)),
    "yuyv": (1, 2, _by_opencv(cv2.COLOR_YUV2RGB_YUYV)),
}
"""Bytes of a number, numbers of a pixel, and how these become red, green, blue."""


def photo_of(message: Any, name: str = "the frame") -> Photo:
    """The photo in a sensor_msgs/Image or CompressedImage.

    Raises:
        UnsupportedFormatError: an encoding that holds no colours or greys, or is not known.
        BrokenImageError: fewer bytes than the fields say.
        nearfar.errors.InputError: a compressed picture that cannot be read.
    """
    if hasattr(message, "format"):
        if "compresseddepth" in message.format.lower():
            raise UnsupportedFormatError(f"{name} holds depth already.", "Give the topic of the colours.")
        return api.read(_bytes(message.data))
    try:
        size, channels, to_rgb = _ENCODINGS[message.encoding]
    except KeyError as exc:
        raise UnsupportedFormatError(
            f"{name} is encoded as '{message.encoding}', which holds no colours that are known.",
            did_you_mean(message.encoding, _ENCODINGS),
        ) from exc
    kind = np.dtype(np.uint8 if size == 1 else ">u2" if message.is_bigendian else "<u2")
    rows = _rows(message, channels * size, name)
    pixels = rows.view(kind).reshape(message.height, message.width, channels)
    rgb = to_rgb(pixels[..., 0] if message.encoding.startswith("bayer") else pixels)
    return Photo(np.ascontiguousarray(rgb.astype(kind.newbyteorder("="))), name=name)


def _rows(message: Any, pixel: int, name: str) -> npt.NDArray[np.uint8]:
    """(H, W·pixel) bytes, without what fills the rows up."""
    height, width, step = int(message.height), int(message.width), int(message.step)
    data = np.frombuffer(_bytes(message.data), np.uint8)
    if not (0 < height * width <= _MOST_PIXELS and step >= width * pixel and data.size >= height * step):
        raise BrokenImageError(
            f"{name} holds {data.size} bytes for {width}×{height} pixels in rows of {step}.",
            "Was the message recorded whole?",
        )
    return np.ascontiguousarray(data[: height * step].reshape(height, step)[:, : width * pixel])


def _bytes(data: Any) -> bytes:
    """Of bytes, an array of either kind, or a list of numbers."""
    return data.tobytes() if hasattr(data, "tobytes") else bytes(data)


def camera_of(info: Any, photo: Photo, *, is_rectified: bool = False) -> Camera:
    """The camera of a photo out of its sensor_msgs/CameraInfo; pixel centres lie at one half here.

    Args:
        info: the message; binning and region of interest are heeded.
        photo: of the same camera.
        is_rectified: the photo is of the topic image_rect: the projection matrix P holds for it.

    Raises:
        ParameterError: the camera was not calibrated, or the sizes do not belong together.
    """
    matrix = [float(n) for n in (_field(info, "p") if is_rectified else _field(info, "k"))]
    fx, fy, cx, cy = (matrix[n] for n in ((0, 5, 2, 6) if is_rectified else (0, 4, 2, 5)))
    if not (fx > 0 and fy > 0 and all(math.isfinite(n) for n in (fx, fy, cx, cy))):
        raise ParameterError(
            "The CameraInfo has no focal length: the camera was not calibrated.",
            "Calibrate it (camera_calibration), or give fov in degrees.",
            parameter="fov",
        )
    x, y, width, height = _seen(info)
    camera = Camera(fx, fy, cx + 0.5 - x, cy + 0.5 - y, "camera_info")
    across, down = photo.width / width, photo.height / height
    if abs(across / down - 1) > 0.02:
        raise ParameterError(
            f"The CameraInfo is of {width}×{height} pixels, the picture has {photo.width}×{photo.height}.",
            "Give the CameraInfo that belongs to the picture's topic.",
        )
    return camera.scaled(across, down)


def own_info(info: Any) -> dict[str, Any]:
    """The fields of a CameraInfo of ROS 1 or 2, as ROS 2 names them, without the header."""
    matrices = {name: np.asarray(_field(info, name), np.float64) for name in ("d", "k", "r", "p")}
    plain = ("height", "width", "distortion_model", "binning_x", "binning_y")
    area = ("x_offset", "y_offset", "height", "width", "do_rectify")
    roi = {name: getattr(info.roi, name) for name in area}
    return {name: getattr(info, name) for name in plain} | matrices | {"roi": roi}


def is_distorted(info: Any) -> bool:
    """Whether the lens bends lines: the picture is then better taken from the topic image_rect."""
    return any(abs(float(n)) > 1e-9 for n in _field(info, "d"))


def _seen(info: Any) -> tuple[int, int, int, int]:
    """Left, top, width, height of what is read out, in unbinned pixels."""
    roi = info.roi
    if roi.width and roi.height:
        return int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)
    if not (info.width and info.height):
        raise ParameterError("The CameraInfo has no size.", "Fill in its width and height.")
    return 0, 0, int(info.width), int(info.height)


def _field(info: Any, name: str) -> Any:
    """ROS 2 writes them small, ROS 1 in capitals."""
    return getattr(info, name) if hasattr(info, name) else getattr(info, name.upper())
