"""A shot: one scene, a camera that moves as told, things and light that change, and exact depth."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from nearfar.errors import ParameterError
from nearfar_lab.scenes import optics, shapes
from nearfar_lab.scenes.pictures import scene_of
from nearfar_lab.scenes.scene import Camera, Floats, Scene, Vector, raw

VERSION = 1
"""Of how a shot becomes frames: another one makes others of the same numbers."""
_FLASH_STOPS = 1.6
_SWAY_STEPS = np.array([0.31, 0.47, 0.23])  # radians a frame: right, up, ahead never repeat together
_LIGHTS = ("steady", "dimming", "flash", "switch")


@dataclass(frozen=True)
class Move:
    """How a camera moves a frame: metres along its own first axes, degrees, and unsteady hands."""

    right_m: float = 0.0
    up_m: float = 0.0
    ahead_m: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    sway: float = 0.0
    """Of a hand-held camera: degrees, and centimetres, that it swings."""

    def camera(self, first: Camera, number: int) -> Camera:
        """The camera of frame ``number``, from 0."""
        right, down, ahead = first.axes()
        swing = self.sway * (np.sin(_SWAY_STEPS * number) if number else np.zeros(3))
        place = (
            np.asarray(first.position_m, np.float64)
            + (number * self.right_m + 0.01 * swing[0]) * right
            - (number * self.up_m + 0.01 * swing[1]) * down
            + (number * self.ahead_m + 0.01 * swing[2]) * ahead
        )
        return replace(
            first,
            position_m=(float(place[0]), float(place[1]), float(place[2])),
            yaw_deg=first.yaw_deg + number * self.yaw_deg + float(swing[1]),
            pitch_deg=first.pitch_deg + number * self.pitch_deg + float(swing[0]),
        )


@dataclass(frozen=True)
class Mover:
    """A ball-like thing that crosses a shot: place, step a frame, half axes; metres, camera's first axes."""

    place_m: Vector
    step_m: Vector
    half_m: Vector = (0.25, 0.5, 0.25)

    def row(self, like: Floats, first: Camera, number: int) -> Floats:
        """The primitive at frame ``number``, of the material of ``like``."""
        at = np.asarray(self.place_m) + number * np.asarray(self.step_m)
        axes = first.axes()
        row = np.zeros(shapes.ROW)
        row[shapes.KIND] = shapes.ELLIPSOID
        row[1:4] = np.asarray(first.position_m) + at @ axes
        row[4:13] = axes.ravel()
        row[13:16] = self.half_m
        row[shapes.MATERIAL], row[shapes.MASK] = like[shapes.MATERIAL], shapes.FULL
        row[shapes.CASTS] = 1.0
        return row


@dataclass(frozen=True)
class Shot:
    """What one shot shows.

    ``light``: steady, dimming, flash or switch; ``noise``: of the sensor, as in `optics.Develop`;
    ``turned_deg``: how far the camera looks aside of where the scene's own does.
    """

    world: str
    seed: int
    frames: int
    move: Move = field(default_factory=Move)
    movers: tuple[Mover, ...] = ()
    light: str = "steady"
    noise: float = 0.0
    turned_deg: float = 0.0

    def __post_init__(self) -> None:
        if self.light not in _LIGHTS or self.frames < 1:
            raise ParameterError(
                f"A shot of {self.frames} frames in light '{self.light}'.",
                f"Give at least one frame, and a light of {', '.join(_LIGHTS)}.",
            )

    @property
    def is_static(self) -> bool:
        """Whether every frame shows the same, but for light and noise."""
        return self.move == Move() and not self.movers


@dataclass(frozen=True)
class ShotFrame:
    """rgb (H, W, 3) uint8 sRGB; depth_m (H, W) float32 along the axis, inf for sky; its camera."""

    rgb: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    camera: Camera


def shoot(shot: Shot, size: tuple[int, int] = (192, 256)) -> Iterator[ShotFrame]:
    """The frames of a shot, one after the other; size is (height, width)."""
    scene = _scene(shot, size)
    first, taken, gain = scene.camera, None, 0.0
    for number in range(shot.frames):
        camera = shot.move.camera(first, number)
        if taken is None or not shot.is_static or shot.light == "switch":
            taken = raw(_at(scene, shot, first, number), size)
        gain = gain or optics.exposure(taken.radiance)
        how = optics.Develop(stops=_stops(shot, number), noise=shot.noise)
        rng = np.random.default_rng([shot.seed, 5, number])
        level = gain / optics.exposure(taken.radiance)  # a camera whose exposure is locked
        rgb = optics.developed(
            taken.radiance, taken.depth_m, replace(how, stops=how.stops + np.log2(level)), rng
        )
        yield ShotFrame(rgb, taken.depth_m, camera)


def first_camera(shot: Shot, size: tuple[int, int]) -> Camera:
    """The camera of a shot's first frame."""
    return _scene(shot, size).camera


def _scene(shot: Shot, size: tuple[int, int]) -> Scene:
    scene = scene_of(shot.seed, size, shot.world)
    yaw_deg = scene.camera.yaw_deg + shot.turned_deg
    return replace(scene, camera=replace(scene.camera, distortion=0.0, yaw_deg=yaw_deg))


def _at(scene: Scene, shot: Shot, first: Camera, number: int) -> Scene:
    """The scene of frame ``number``."""
    rows = [
        mover.row(scene.prims[7 * k % len(scene.prims)], first, number) for k, mover in enumerate(shot.movers)
    ]
    prims = np.concatenate([scene.prims, np.array(rows)]) if rows else scene.prims
    lit = scene.light
    if shot.light == "switch" and number >= shot.frames // 2:
        red, green, blue = lit.sun_colour
        lamps = lit.lamps.copy()
        lamps[:, 9:12] *= 0.35
        lit = replace(lit, sun_colour=(0.3 * red, 0.3 * green, 0.3 * blue), lamps=lamps)
    return replace(scene, prims=prims, light=lit, camera=shot.move.camera(first, number))


def _stops(shot: Shot, number: int) -> float:
    """By how many stops the light of frame ``number`` differs."""
    if shot.light == "dimming":
        return float(0.8 * np.sin(0.25 * number))
    is_flash = shot.light == "flash" and number % 9 == 5
    return _FLASH_STOPS if is_flash else 0.0
