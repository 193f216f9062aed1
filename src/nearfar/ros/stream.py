"""One camera's stream as a robot wants it: metres, points and free space, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nearfar.cards import DepthKind
from nearfar.errors import NoGroundError, ParameterError
from nearfar.options import check, option
from nearfar.robot.follow import GroundFollower
from nearfar.robot.look import LookOptions
from nearfar.robot.messages import laser_scan
from nearfar.robot.sectors import obstacles
from nearfar.ros.fields import ENCODINGS, Reach, depth_image, point_cloud
from nearfar.ros.pictures import camera_of
from nearfar.types import Camera, Provenance
from nearfar.video.live import LiveDepth

if TYPE_CHECKING:
    from nearfar import api
    from nearfar.robot.ground import Ground
    from nearfar.robot.mount import Mount
    from nearfar.types import DepthMap, Photo


@dataclass(frozen=True)
class RosOptions(LookOptions):
    """What a stream is turned into; parameters of the node and flags of ``nearfar rosbag``."""

    encoding: str = option(
        "32FC1", "Depth as 32FC1 (metres) or 16UC1 (millimetres, 0 is none).", choices=ENCODINGS
    )
    points: bool = option(True, "Also make a PointCloud2.")
    scan: bool = option(True, "Also make a LaserScan, where the camera's tilt is told.")
    thin: int = option(2, "Every Nth pixel across and down becomes a point.", low=1, high=64)
    low: float = option(0.1, "Metres: nearer is -Inf.", low=0)
    high: float = option(100.0, "Metres: farther is +Inf.", low=0.001)
    smooth: float = option(
        0.0, "Weight of the frames before; 0 takes each by its own floor.", low=0, high=0.99
    )
    rectified: bool = option(False, "The picture is rectified (image_rect): P of CameraInfo holds, not K.")

    def __post_init__(self) -> None:
        check(self)
        self.looks()
        if self.low >= self.high:
            raise ParameterError(
                f"low and high are {self.low:g} and {self.high:g} m: no distance lies between them.",
                "Give a high above the low.",
                parameter="low",
            )

    @property
    def has_tilt(self) -> bool:
        """Whether the camera's tilt is told."""
        return self.pitch is not None or self.horizon is not None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The fields of the messages of one frame, without headers; None where one was not asked for.

    ``error``: relative error of distances that is to be expected, None where a metric network told them.
    """

    image: dict[str, Any]
    points: dict[str, Any] | None
    scan: dict[str, Any] | None
    error: float | None


class RosDepth:
    """Turns the frames of one camera into messages. ``made_by``: the network of the newest frame.

    Raises:
        ParameterError: the network gives relative depth, and height and tilt of the camera are not told:
            there would be no metres.
    """

    def __init__(self, model: api.Model, options: RosOptions) -> None:
        self._model, self._options = model, options
        self._is_metric = model.card.kind is DepthKind.METRIC
        if model.card.kind is DepthKind.AFFINE_DEPTH:
            raise ParameterError(
                f"{model.card.name} gives affine depth, of which the floor tells no metres.",
                "Name a network of inverse or metric depth.",
                parameter="model",
            )
        if not self._is_metric:
            self._require_mount()
        elif options.has_tilt:
            options.check_tilt()
        self._live = LiveDepth(options.smooth, "image")
        self._follower: GroundFollower | None = None
        self._camera: Camera | None = None
        self.made_by = Provenance()

    def _require_mount(self) -> None:
        if self._options.height is None or not self._options.has_tilt:
            raise ParameterError(
                f"{self._model.card.name} gives relative depth, which is not metres.",
                "Give the camera's height and its pitch (or horizon), or name a metric network.",
                parameter="height",
            )
        self._options.check_tilt()

    @property
    def is_rectified(self) -> bool:
        """Whether pictures are said to be rectified."""
        return self._options.rectified

    def camera(self, photo: Photo, info: Any | None) -> Camera:
        """Out of the CameraInfo, or of the field of view.

        Raises:
            ParameterError: neither is there, or the camera is not calibrated.
        """
        if self._options.fov:
            return Camera.from_fov(self._options.fov, photo.width, photo.height)
        if info is None:
            raise ParameterError(
                "No CameraInfo came before the picture.", "Name its topic, or give fov.", parameter="fov"
            )
        return camera_of(info, photo, is_rectified=self._options.rectified)

    def make(self, photo: Photo, info: Any | None) -> Made:
        """The messages of the next frame.

        Raises:
            NoGroundError: relative depth, and no floor was seen yet: there are no metres.
            ParameterError: no camera is known.
        """
        options, camera = self._options, self.camera(photo, info)
        mount = options.mount(camera) if options.has_tilt else None
        depth, ground = self._metric(photo, camera, mount)
        reach = Reach(options.low, options.high)
        points = point_cloud(depth, photo.rgb8(), reach, options.thin) if options.points else None
        scan = None if mount is None or not options.scan else _scan(depth, mount, ground, options)
        error = None if ground is None else ground.error
        return Made(depth_image(depth, options.encoding, reach), points, scan, error)

    def _metric(self, photo: Photo, camera: Camera, mount: Mount | None) -> tuple[DepthMap, Ground | None]:
        """The frame's map in metres, and the floor that told them; None where the network did."""
        seen = self._model.estimate(photo)
        self.made_by = seen.provenance
        held = self._live.hold(photo, seen)
        depth = replace(held.depth, camera=camera)
        if self._is_metric or mount is None:
            return depth, None
        if self._follower is None or held.is_cut or camera != self._camera or not self._options.smooth:
            self._follower, self._camera = GroundFollower(mount, camera), camera
        ground = self._follower.update(depth)
        return replace(ground.calibration.apply(depth), camera=camera), ground


def _scan(depth: DepthMap, mount: Mount, ground: Ground | None, options: RosOptions) -> dict[str, Any] | None:
    """Free space from ``low`` to ``high``; None where metric depth shows no floor, and no height is told."""
    looks = options.looks()
    try:
        found = obstacles(depth, depth.camera, mount, looks, ground)
        if found.reach > options.high:
            found = obstacles(depth, depth.camera, mount, replace(looks, reach=options.high), ground)
    except NoGroundError:
        return None
    return laser_scan(found, range_min=options.low)
