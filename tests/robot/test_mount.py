"""How a camera is mounted."""

from __future__ import annotations

import numpy as np
import pytest

from nearfar.errors import ParameterError
from nearfar.robot.mount import Mount, slopes
from nearfar.types import Camera
from nearfar_lab.scenes.scene import Camera as SceneCamera


def test_axes_are_those_of_the_scenes() -> None:
    """Pitch and roll mean the same as in the scene generator: its axes, seen from the camera."""
    mount, scene = Mount(1.0, -12.0, 7.0), SceneCamera(pitch_deg=-12.0, roll_deg=7.0)
    right_down_ahead = np.array([[1.0, 0, 0], [0, -1.0, 0], [0, 0, 1.0]]) @ scene.axes().T
    assert mount.axes() == pytest.approx(right_down_ahead)


def test_the_horizon_tells_the_pitch() -> None:
    """Where the ray at the principal column is level, the horizon is; there and back."""
    camera = Camera.from_fov(60, 320, 240)
    mount = Mount.of_horizon(80.0, camera, 1.0, roll_deg=5.0)
    assert mount.pitch_deg < 0
    level = slopes(camera, np.array([80.0]), np.array([camera.cx_px]), mount.axes()[1])
    assert level[0, 0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "given", [(0.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (1.0, 85.0, 0.0), (1.0, float("nan"), 0.0)]
)
def test_impossible_mounts_are_refused(given: tuple[float, float, float]) -> None:
    """Heights are above 0, and nobody looks straight down."""
    with pytest.raises(ParameterError):
        Mount(*given)


def test_a_panorama_is_refused() -> None:
    """It has no picture plane."""
    camera = Camera.equirectangular(64, 32)
    with pytest.raises(ParameterError, match="panorama"):
        slopes(camera, np.array([1.0]), np.array([1.0]), (0, 1, 0))
