"""A drive as a short moving picture: what the robot sees, what it makes of it, and its way from above."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from nearfar.errors import ParameterError
from nearfar.machine.files import write_whole
from nearfar.robot.drawing import drawn
from nearfar.types import DepthMap
from nearfar_lab.drive.robot import Robot
from nearfar_lab.drive.run import frames
from nearfar_lab.scenes import tree
from nearfar_lab.scenes.scene import Camera, glance

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from nearfar.robot.sectors import Obstacles
    from nearfar_lab.drive.run import Look

    Pixels = npt.NDArray[np.uint8]

_SCALE = 2
_FRAME_MS = 160
_QUALITY = 50
_MOST_BYTES = 1_000_000
_DARK, _LIGHT, _RED, _GREEN = (28, 30, 36), (235, 235, 235), (230, 70, 50), (90, 200, 130)
_FLOOR, _THING = (96, 104, 112), (196, 150, 70)
_PLAN_M, _UP_M = 8.5, 60.0


def check_clip(path: Path | None) -> None:
    """ParameterError where a clip is to be a file of another kind."""
    if path is not None and path.suffix.lower() != ".webp":
        raise ParameterError(f"The clip is to be {path.name}.", "Give a file that ends in .webp.")


def save_clip(path: Path, seed: int, look: Look, steps: int = 60) -> Path:
    """Drive through the room of a seed and write an animated WebP below 1 MB.

    Raises:
        ParameterError: the file would be another kind, or larger.
    """
    check_clip(path)
    robot = Robot(seed)
    pictures: list[Image.Image] = []
    seen: list[Pixels] = []

    def kept(one: Robot) -> DepthMap:
        seen.append(one.picture())
        return look(one)

    plan = _plan(_SCALE * robot.body.size[0], robot)
    for found in frames(robot, kept, steps):
        shown = np.hstack([_seen(seen[-1], found), _way(plan, robot)])
        pictures.append(Image.fromarray(shown))
    data = io.BytesIO()
    how = {"save_all": True, "append_images": pictures[1:], "duration": _FRAME_MS, "loop": 0}
    pictures[0].save(data, "WEBP", quality=_QUALITY, method=6, **how)
    if data.tell() > _MOST_BYTES:
        raise ParameterError(f"The clip has {data.tell()} bytes.", "Give fewer steps.", parameter="steps")
    write_whole(path, data.getvalue())
    return path


def _seen(rgb: Pixels, found: Obstacles | None) -> Pixels:
    """The picture with what was found in it, and the fan; dark where nothing was told."""
    large = np.asarray(cv2.resize(rgb, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC), np.uint8)
    if found is None:
        side = large.shape[0]
        return np.hstack([large, np.full((side, side, 3), _DARK, np.uint8)])
    return np.asarray(drawn(large, found).pixels, np.uint8)


def _way(plan: Pixels, robot: Robot) -> Pixels:
    """The plan with the robot's way and the robot, red where it bumps."""
    pixels = plan.copy()
    side = len(plan)
    scale = side / _PLAN_M

    def at(x: float, z: float) -> tuple[int, int]:
        return round(side / 2 + scale * x), round(side / 2 - scale * z)

    points = [at(one.x, one.z) for one in robot.path]
    cv2.polylines(pixels, [np.array(points, np.int32)], isClosed=False, color=_LIGHT, thickness=1)
    colour = _RED if robot.has_bumped else _GREEN
    cv2.circle(pixels, points[-1], max(3, round(scale * robot.body.radius_m)), colour, -1, cv2.LINE_AA)
    ahead = robot.path[-1].moved(2 * robot.body.radius_m)
    cv2.line(pixels, points[-1], at(ahead.x, ahead.z), _LIGHT, 1, cv2.LINE_AA)
    return pixels


def _plan(side: int, robot: Robot) -> Pixels:
    """(side, side, 3): the room from above, without what begins above the robot; floor is lighter."""
    low, body = tree.boxes(robot.scene.prims)[:, 1], robot.body
    kept = robot.scene.prims[low < body.height_m]
    fov = 2 * math.degrees(math.atan(_PLAN_M / 2 / _UP_M))
    above = Camera((0.0, _UP_M, 0.0), pitch_deg=-90.0, fov_deg=fov)
    depth, _ = glance(replace(robot.scene, prims=kept, camera=above), (side, side))
    height = (_UP_M - depth)[..., None]
    is_floor = np.abs(height) <= body.step_over_m
    return np.where(is_floor, _FLOOR, np.where(height > 0, _THING, _DARK)).astype(np.uint8)
