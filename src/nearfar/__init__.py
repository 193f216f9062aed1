"""nearfar tells near from far in any single photo.

    >>> import nearfar
    >>> depth = nearfar.estimate("photo.jpg")  # doctest: +SKIP
    >>> nearfar.heatmap(depth).save("heat.png")  # doctest: +SKIP

Importing this package loads neither numpy nor an engine: names are resolved when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from nearfar.api import (
        Estimated,
        EstimateOptions,
        Model,
        effect,
        estimate,
        export,
        fuse,
        heatmap,
        list_models,
        load,
        overlay,
        read,
    )
    from nearfar.calibration import Calibration, KnownPoint, calibrate
    from nearfar.cards import DepthKind, ModelCard
    from nearfar.comparison import compare
    from nearfar.decode.depth import read_depth
    from nearfar.decode.mesh import read_mesh
    from nearfar.decode.sensor import Sensor, read_sensor_depth
    from nearfar.errors import NearfarError
    from nearfar.recipes import Recipe, find_recipe, read_recipe
    from nearfar.robot.follow import GroundFollower
    from nearfar.robot.ground import Ground, find_ground
    from nearfar.robot.mount import Mount
    from nearfar.robot.sectors import ObstacleOptions, Obstacles, obstacles
    from nearfar.types import Camera, Clip, DepthMap, Frame, Frames, Photo, Picture
    from nearfar.video.depth_file import read_depth_video
    from nearfar.video.estimate import EstimatedFrame, VideoOptions, estimate_video
    from nearfar.video.read import open_video

_HOMES = {
    "Calibration": "calibration",
    "Camera": "types",
    "Clip": "types",
    "DepthKind": "cards",
    "DepthMap": "types",
    "EstimateOptions": "one_photo",
    "Estimated": "one_photo",
    "EstimatedFrame": "video.estimate",
    "Frame": "types",
    "Frames": "types",
    "Ground": "robot.ground",
    "GroundFollower": "robot.follow",
    "KnownPoint": "calibration",
    "Model": "api",
    "ModelCard": "cards",
    "Mount": "robot.mount",
    "NearfarError": "errors",
    "ObstacleOptions": "robot.sectors",
    "Obstacles": "robot.sectors",
    "Photo": "types",
    "Picture": "types",
    "Recipe": "recipes",
    "Sensor": "decode.sensor",
    "VideoOptions": "video.estimate",
    "calibrate": "calibration",
    "compare": "comparison",
    "effect": "api",
    "estimate": "api",
    "estimate_video": "video.estimate",
    "export": "api",
    "find_ground": "robot.ground",
    "find_recipe": "recipes",
    "fuse": "api",
    "heatmap": "api",
    "list_models": "api",
    "load": "api",
    "obstacles": "robot.sectors",
    "open_video": "video.read",
    "overlay": "api",
    "read": "api",
    "read_depth": "decode.depth",
    "read_depth_video": "video.depth_file",
    "read_mesh": "decode.mesh",
    "read_recipe": "recipes",
    "read_sensor_depth": "decode.sensor",
}

__all__ = [
    "Calibration",
    "Camera",
    "Clip",
    "DepthKind",
    "DepthMap",
    "EstimateOptions",
    "Estimated",
    "EstimatedFrame",
    "Frame",
    "Frames",
    "Ground",
    "GroundFollower",
    "KnownPoint",
    "Model",
    "ModelCard",
    "Mount",
    "NearfarError",
    "ObstacleOptions",
    "Obstacles",
    "Photo",
    "Picture",
    "Recipe",
    "Sensor",
    "VideoOptions",
    "__version__",
    "calibrate",
    "compare",
    "effect",
    "estimate",
    "estimate_video",
    "export",
    "find_ground",
    "find_recipe",
    "fuse",
    "heatmap",
    "list_models",
    "load",
    "obstacles",
    "open_video",
    "overlay",
    "read",
    "read_depth",
    "read_depth_video",
    "read_mesh",
    "read_recipe",
    "read_sensor_depth",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nearfar' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"nearfar.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *globals()])
