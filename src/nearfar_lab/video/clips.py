"""The procedural clips that steadiness is measured on: known cameras, moving things, cuts, changing light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nearfar.registry import named
from nearfar_lab.scenes.shots import Move, Mover, Shot, shoot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from nearfar_lab.scenes.shots import ShotFrame

SIZE = (240, 320)
"""Height and width of the rendered frames."""
_CUT_WORLDS = ("room", "street", "corridor", "garden", "hall", "objects", "square", "tabletop")
_CUT_SHOTS = 56
_WALK, _SIDE = Move(ahead_m=0.03, sway=0.5), Move(right_m=0.02, yaw_deg=0.15, sway=0.3)
_PASSER = Mover((-1.3, 0.2, 2.4), (0.07, 0.0, 0.0))
_COMER = Mover((0.8, 0.1, 4.0), (-0.02, 0.0, -0.05), (0.2, 0.4, 0.2))


@dataclass(frozen=True)
class Clip:
    """Shots one after the other."""

    name: str
    shots: tuple[Shot, ...]


@dataclass(frozen=True, eq=False)
class ClipFrame:
    """One frame of a clip.

    rgb (H, W, 3) uint8; inverse_m (H, W) float32 in 1/m, 0 for sky, NaN unknown; ``pose``: (3, 4), camera
    from world; ``focal_px`` of this size, principal point in the middle. ``is_cut``: first of a later shot;
    ``is_static``: nothing but noise differs between the frames of its shot.
    """

    rgb: NDArray[np.uint8]
    inverse_m: NDArray[np.float32]
    pose: NDArray[np.float64]
    focal_px: float
    is_cut: bool = False
    is_static: bool = False


def _cut_shots() -> tuple[Shot, ...]:
    """Short shots of many places in random light, with every kind of motion: what cuts are told from."""
    rng = np.random.default_rng(17)
    shots = []
    for number in range(_CUT_SHOTS):
        world = _CUT_WORLDS[int(rng.integers(len(_CUT_WORLDS)))]
        fast = float(rng.choice([0.2, 1.0, 3.0]))
        move = Move(
            ahead_m=float(rng.uniform(0, 0.03)),
            right_m=float(rng.uniform(-0.02, 0.02)),
            yaw_deg=fast * float(rng.uniform(-1, 1)),
            sway=float(rng.uniform(0, 0.6)),
        )
        movers = (_PASSER,) if number % 4 == 1 else (_COMER,) if number % 4 == 3 else ()
        light = str(rng.choice(["steady", "dimming", "flash", "switch"], p=[0.4, 0.2, 0.25, 0.15]))
        shots.append(
            Shot(
                world,
                300 + number,
                int(rng.integers(5, 14)),
                move,
                movers,
                light,
                float(rng.uniform(0, 0.015)),
            )
        )
        if number % 7 == 6:  # the same place from elsewhere: a cut within a room
            shots.append(replace(shots[-1], turned_deg=75.0, frames=6))
    return tuple(shots)


_CLIPS = (
    Clip("static", (Shot("room", 54, 40),)),
    Clip("static_noise", (Shot("room", 54, 40, noise=0.02),)),
    Clip("static_street_noise", (Shot("street", 1, 40, noise=0.01),)),
    Clip("static_dimming", (Shot("hall", 12, 40, light="dimming", noise=0.005),)),
    Clip("static_flash", (Shot("room", 21, 40, light="flash", noise=0.005),)),
    Clip("passer", (Shot("room", 33, 40, movers=(_PASSER,), noise=0.01),)),
    Clip("comer", (Shot("street", 8, 40, movers=(_COMER,), noise=0.01),)),
    Clip("walk_corridor", (Shot("corridor", 3, 48, _WALK, noise=0.005),)),
    Clip("walk_street", (Shot("street", 40, 48, Move(ahead_m=0.06, sway=0.6), (_PASSER,), noise=0.005),)),
    Clip("side_room", (Shot("room", 71, 48, _SIDE, noise=0.005),)),
    Clip("side_garden", (Shot("garden", 9, 48, Move(right_m=0.04, sway=0.4), noise=0.005),)),
    Clip("pan_square", (Shot("square", 6, 48, Move(yaw_deg=0.8, sway=0.3), (_COMER,), noise=0.005),)),
    Clip("pan_dimming", (Shot("hall", 30, 48, Move(yaw_deg=-0.6, ahead_m=0.01), (), "dimming", 0.005),)),
    Clip("hand_held", (Shot("room", 90, 48, Move(sway=1.2), (_PASSER,), noise=0.01),)),
    Clip("switch", (Shot("room", 61, 40, Move(right_m=0.01, sway=0.2), (), "switch", 0.005),)),
    Clip("cuts", _cut_shots()),
)
CLIPS = {clip.name: clip for clip in _CLIPS}


def frames_of(name: str, folder: Path | None = None) -> Iterator[ClipFrame]:
    """The frames of a clip, rendered, or read from ``folder`` where they were rendered before.

    Raises:
        UnknownNameError: there is no such clip.
    """
    clip = named("clip", CLIPS, name)
    for number, shot in enumerate(clip.shots):
        for place, frame in enumerate(_shots_frames(shot, folder)):
            yield _frame(frame, shot, is_cut=number > 0 and place == 0)


def _frame(frame: ShotFrame, shot: Shot, *, is_cut: bool) -> ClipFrame:
    axes = frame.camera.axes()
    pose = np.concatenate([axes, -(axes @ np.asarray(frame.camera.position_m))[:, None]], axis=1)
    focal_px = frame.camera.focal_px(frame.rgb.shape[1])
    inverse = np.asarray(1 / frame.depth_m, np.float32)
    is_static = shot.is_static and shot.light == "steady"
    return ClipFrame(frame.rgb, inverse, pose, focal_px, is_cut, is_static)


def _shots_frames(shot: Shot, folder: Path | None) -> list[ShotFrame]:
    """The frames of a shot; kept in the folder, if there is one, by what the shot is and how it is made."""
    if folder is None:
        return list(shoot(shot, SIZE))
    from nearfar_lab.video.kept import read, write

    found = read(folder, shot, SIZE)
    if found is None:
        found = list(shoot(shot, SIZE))
        write(folder, shot, SIZE, found)
    return found
