"""Drives through many rooms, by several kinds of depth, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import nearfar
from nearfar.cards import DepthKind
from nearfar.errors import NearfarError, NoGroundError, ParameterError
from nearfar.robot.sectors import ObstacleOptions, obstacles
from nearfar.types import DepthMap
from nearfar_lab.drive.planner import Planner
from nearfar_lab.drive.robot import Robot
from nearfar_lab.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nearfar.robot.sectors import Obstacles

FIRST_SEED = 200
STEPS = 80
REACH_M = 5.0
Look = Callable[[Robot], DepthMap]


def true(robot: Robot) -> DepthMap:
    """The exact depth, in metres."""
    return DepthMap(robot.depth_m(), DepthKind.METRIC)


def ramp(robot: Robot) -> DepthMap:
    """A plain vertical gradient, nearer towards the bottom: what every photo of a floor looks like."""
    height, width = robot.body.size
    rows = np.linspace(0.0, 1.0, height, dtype=np.float32)
    return DepthMap(np.repeat(rows[:, None], width, axis=1), DepthKind.RELATIVE_INVERSE)


def network(name: str = "embedded") -> Look:
    """What a network sees in the robot's picture."""
    model = nearfar.load(name)
    return lambda robot: model.estimate(robot.picture())


def looks(names: Sequence[str]) -> dict[str, Look]:
    """By name: true, ramp, or a network's name.

    Raises:
        UnknownNameError: there is no such network.
    """
    known: dict[str, Look] = {"true": true, "ramp": ramp}
    return {name: known.get(name) or network(name) for name in names}


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive through one room. ``refused``: frames of which nothing could be told."""

    seed: int
    collisions: int
    driven_m: float
    frames: int
    refused: int


def seen_by(robot: Robot, look: Look) -> Obstacles | None:
    """What stands in the robot's way; None where no floor is found in its depth."""
    body = robot.body
    options = ObstacleOptions(step=body.step_over_m, top=body.height_m, reach=REACH_M)
    try:
        return obstacles(look(robot), body.camera, body.mount, options)
    except NoGroundError:
        return None


def frames(robot: Robot, look: Look, steps: int = STEPS) -> Iterator[Obstacles | None]:
    """Drive, and give what was seen before each step; the robot counts. It ends where there is no floor.

    Raises:
        ParameterError: fewer than one step.
    """
    if steps < 1:
        raise ParameterError(f"A drive of {steps} steps.", "Give 1 or more.", parameter="steps")
    planner = Planner()
    for _ in range(steps):
        found = seen_by(robot, look)
        yield found
        planner.moved(robot.move(planner.command(found)))
        if robot.has_bumped:
            planner.moved(robot.turn_away())
        if not robot.is_on_floor:
            return


def drive(seed: int, look: Look, steps: int = STEPS) -> Drive:
    """Through the room of a seed.

    Raises:
        ParameterError: the room has no place for the robot.
    """
    robot = Robot(seed)
    found = [one is None for one in frames(robot, look, steps)]
    return Drive(seed, robot.collisions, robot.driven_m, len(found), sum(found))


def rooms(count: int, first: int = FIRST_SEED) -> list[int]:
    """The seeds of the first ``count`` rooms, from ``first`` on, that have a place for the robot.

    Raises:
        ParameterError: no room, or a seed below 0.
    """
    if count < 1 or first < 0:
        raise ParameterError(
            f"A drive through {count} rooms from seed {first} on.", "Give 1 or more, and a seed from 0."
        )
    found: list[int] = []
    seed = first
    while len(found) < count:
        try:
            Robot(seed)
        except NearfarError:
            seed += 1
            continue
        found.append(seed)
        seed += 1
    return found


_SAID = {"true": "true depth", "ramp": "a vertical ramp"}


def figures(name: str, drives: Sequence[Drive]) -> Iterable[Figure]:
    """Rows of a table for the drives of one kind of depth."""
    said = _SAID.get(name, f"network {name}")
    hits, way = sum(one.collisions for one in drives), sum(one.driven_m for one in drives)
    clean = sum(not one.collisions for one in drives)
    refused = sum(one.refused for one in drives) / max(1, sum(one.frames for one in drives))
    yield Figure(
        f"{said}: collisions",
        f"{hits} in {len(drives)} rooms and {way:.0f} m: {10 * hits / max(way, 0.1):.2f} in 10 m",
    )
    yield Figure(f"{said}: rooms without any", f"{clean} of {len(drives)}")
    yield Figure(f"{said}: frames in which no floor was found", f"{refused:.0%}")
