"""Free space as a picture."""

from __future__ import annotations

import numpy as np

from nearfar.robot.drawing import drawn
from nearfar.robot.sectors import obstacles
from robot.floors import CAMERA, MOUNT, metres, metric


def test_the_photo_and_the_fan_stand_side_by_side() -> None:
    """The floor turns greener, and the fan has something red or yellow where the box stands."""
    rgb = np.full((120, 160, 3), 128, np.uint8)
    pixels = drawn(rgb, obstacles(metric(metres(box_m=2.0)), CAMERA, MOUNT)).pixels
    assert pixels.shape == (120, 280, 3)
    assert pixels[110, 20, 1] > pixels[110, 20, 0]
    fan = pixels[:, 160:].astype(int)
    assert ((fan[..., 0] > 200) & (fan[..., 2] < 110)).any()
