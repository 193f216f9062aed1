"""The public surface of the package."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import nearfar

PUBLIC = {
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
}


def test_public_names_are_these() -> None:
    """A name comes or goes on purpose only."""
    assert set(nearfar.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_resolves(name: str) -> None:
    """Each promised name is there and listed."""
    assert getattr(nearfar, name) is not None
    assert name in dir(nearfar)


def test_public_names_survive_the_modules_behind_them() -> None:
    """A public name must not be the name of a submodule: importing that would take its place."""
    assert not [name for name in PUBLIC if importlib.util.find_spec(f"nearfar.{name}")]


def test_unknown_name_is_an_attribute_error() -> None:
    """A wrong name fails as with any module."""
    with pytest.raises(AttributeError, match="no attribute 'estimat'"):
        _ = nearfar.estimat


def test_import_loads_nothing_heavy() -> None:
    """Importing the package loads neither numpy nor an engine nor a decoder."""
    heavy = {"numpy", "onnxruntime", "cv2", "PIL", "fastapi"}
    code = f"import sys, nearfar; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
