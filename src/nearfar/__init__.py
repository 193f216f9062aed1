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
    from nearfar.errors import NearfarError
    from nearfar.types import Camera, Clip, DepthMap, Frame, Frames, Photo, Picture

_HOMES = {
    "Calibration": "calibration",
    "Camera": "types",
    "Clip": "types",
    "DepthKind": "cards",
    "DepthMap": "types",
    "EstimateOptions": "one_photo",
    "Estimated": "one_photo",
    "Frame": "types",
    "Frames": "types",
    "KnownPoint": "calibration",
    "Model": "api",
    "ModelCard": "cards",
    "NearfarError": "errors",
    "Photo": "types",
    "Picture": "types",
    "calibrate": "calibration",
    "compare": "comparison",
    "effect": "api",
    "estimate": "api",
    "export": "api",
    "fuse": "api",
    "heatmap": "api",
    "list_models": "api",
    "load": "api",
    "overlay": "api",
    "read": "api",
    "read_depth": "decode.depth",
}

__all__ = [
    "Calibration",
    "Camera",
    "Clip",
    "DepthKind",
    "DepthMap",
    "EstimateOptions",
    "Estimated",
    "Frame",
    "Frames",
    "KnownPoint",
    "Model",
    "ModelCard",
    "NearfarError",
    "Photo",
    "Picture",
    "__version__",
    "calibrate",
    "compare",
    "effect",
    "estimate",
    "export",
    "fuse",
    "heatmap",
    "list_models",
    "load",
    "overlay",
    "read",
    "read_depth",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nearfar' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"nearfar.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *globals()])
