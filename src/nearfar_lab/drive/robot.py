"""A robot in a rendered room: what it sees, how it moves, what it touches. Distances are exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nearfar.errors import ParameterError
from nearfar.robot.mount import Mount
from nearfar.types import Camera as Pinhole
from nearfar_lab.drive.planner import Command
from nearfar_lab.scenes import optics, tree
from nearfar_lab.scenes.compiled import cpu
from nearfar_lab.scenes.pictures import scene_of
from nearfar_lab.scenes.scene import Camera, Scene, raw, view_row
from nearfar_lab.scenes.shapes import MISS

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_FEELERS = 40  # rays each way in each of the four pictures that feel around the robot
_TRIES = 60
_PIECES = 2  # of a step; it is felt after each
_NOISE = 0.01
_SKY_M = 1000.0


@dataclass(frozen=True, slots=True)
class Body:
    """A round robot with a camera on its axis; metres and degrees."""

    radius_m: float = 0.2
    height_m: float = 0.45
    step_over_m: float = 0.05
    camera_m: float = 0.4
    pitch_deg: float = -15.0
    fov_deg: float = 75.0
    size: tuple[int, int] = (144, 192)

    @property
    def mount(self) -> Mount:
        """How the camera is mounted."""
        return Mount(self.camera_m, self.pitch_deg)

    @property
    def camera(self) -> Pinhole:
        """Its intrinsics."""
        return Pinhole.from_fov(self.fov_deg, self.size[1], self.size[0])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the robot stands, metres, and where it looks."""

    x: float
    z: float
    yaw_deg: float

    def moved(self, ahead_m: float) -> Place:
        """Straight ahead."""
        yaw = np.radians(self.yaw_deg)
        return Place(
            self.x + ahead_m * float(np.sin(yaw)), self.z + ahead_m * float(np.cos(yaw)), self.yaw_deg
        )


class Robot:
    """Starts at the freest of some places of the room of a seed, looking where most is free."""

    def __init__(self, seed: int, body: Body | None = None) -> None:
        """Raises ParameterError where the room has no place for it."""
        self.body = body or Body()
        self._scene = scene_of(seed, self.body.size, "room")
        self._world = tree.build(self._scene.prims, np.asarray(self._scene.camera.position_m))
        self._gain = 0.0
        self._rng = np.random.default_rng([seed, 7])
        self.place = self._start()
        self.collisions = 0
        self.is_on_floor = True
        self.has_bumped = False
        self.driven_m = 0.0
        self.path = [self.place]

    def _start(self) -> Place:
        """Of random places near the middle of the room the one with most room around it."""
        best, most = None, 2 * self.body.radius_m
        for x, z in self._rng.uniform(-2.2, 2.2, size=(_TRIES, 2)):
            place = Place(float(x), float(z), 0.0)
            if self.has_floor(place) and (free := self.clearance_m(place)) > most:
                best, most = place, free
        if best is None:
            raise ParameterError("The room has no place for the robot.", "Take another seed.")
        yaws = [float(yaw) for yaw in range(0, 360, 30)]
        return replace(best, yaw_deg=max(yaws, key=lambda yaw: self._ahead_m(replace(best, yaw_deg=yaw))))

    def _ahead_m(self, place: Place) -> float:
        """How far it could go straight ahead, roughly: up to 2 m."""
        for step in range(1, 9):
            if self.clearance_m(place.moved(0.25 * step)) < self.body.radius_m:
                return 0.25 * (step - 1)
        return 2.0

    @property
    def scene(self) -> Scene:
        """The room from where the robot stands."""
        position = (self.place.x, self.body.camera_m, self.place.z)
        camera = Camera(position, self.place.yaw_deg, self.body.pitch_deg, fov_deg=self.body.fov_deg)
        return replace(self._scene, camera=camera)

    def depth_m(self) -> npt.NDArray[np.float32]:
        """What the camera sees, exactly: (H, W) metres along its axis; of the sky 1 km."""
        return np.minimum(self._hits(self.scene.camera, *self.body.size), _SKY_M).astype(np.float32)

    def picture(self, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
        """What the camera sees, (H, W, 3) uint8 sRGB, with the exposure of the first picture."""
        taken = raw(self.scene, size or self.body.size)
        level = optics.exposure(taken.radiance)
        self._gain = self._gain or level
        # As cameras do it: half of the way to each frame's own exposure.
        how = optics.Develop(stops=0.5 * float(np.log2(self._gain / level)), noise=_NOISE)
        return optics.developed(taken.radiance, taken.depth_m, how, self._rng)

    def _hits(self, camera: Camera, height: int, width: int) -> Floats:
        depth, _ = cpu().first_hits(self._world, view_row(camera, height, width), height, width)
        return np.asarray(depth, np.float64)

    def clearance_m(self, place: Place) -> float:
        """From the robot's axis to the nearest thing between its wheels' reach and its top, horizontally."""
        eye = (self.body.step_over_m + self.body.height_m) / 2
        slope = (np.arange(_FEELERS) + 0.5) / (_FEELERS / 2) - 1
        away = np.hypot(1.0, slope)[None, :]
        nearest = np.inf
        for yaw in (0.0, 90.0, 180.0, 270.0):
            depth = self._hits(Camera((place.x, eye, place.z), yaw, fov_deg=90.0), _FEELERS, _FEELERS)
            above = eye - depth * slope[:, None]
            touched = (above > self.body.step_over_m) & (above < self.body.height_m) & (depth < MISS)
            nearest = min(nearest, float(np.where(touched, depth * away, np.inf).min()))
        return nearest

    def has_floor(self, place: Place) -> bool:
        """Whether the room's floor, or something flat on it, is below the robot's axis."""
        eye = self.body.height_m
        down = Camera((place.x, eye, place.z), pitch_deg=-90.0, fov_deg=10.0)
        return bool(abs(self._hits(down, 3, 3)[1, 1] - eye) <= self.body.step_over_m)

    def move(self, command: Command) -> Command:
        """Turn and go, as far as nothing is touched and there is floor; gives what its wheels say of it.

        A collision is counted, and the robot stays before what it touched.
        """
        self.place, way = replace(self.place, yaw_deg=(self.place.yaw_deg + command.turn_deg) % 360), 0.0
        self.has_bumped = False
        for piece in range(_PIECES if command.ahead_m else 0):
            ahead = self.place.moved(command.ahead_m * (piece + 1) / _PIECES)
            if self.clearance_m(ahead) < self.body.radius_m:
                self.collisions += 1
                self.has_bumped = True
                break
            way = command.ahead_m * (piece + 1) / _PIECES
            if not self.has_floor(ahead):
                self.is_on_floor = False
                break
        self.place = self.place.moved(way)
        self.driven_m += way
        self.path.append(self.place)
        return Command(command.turn_deg, way)

    def turn_away(self) -> Command:
        """Turn by chance, from 90° to 270°, as robots with a bumper do; gives what its wheels say of it."""
        return self.move(Command(float(self._rng.uniform(90, 270)), 0.0))
