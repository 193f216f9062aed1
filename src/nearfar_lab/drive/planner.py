"""A small planner: from free space by direction to a turn and a way ahead. It sees nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nearfar.options import check, option

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.robot.sectors import Obstacles

    Floats = npt.NDArray[np.float64]

_DOUBT_MOST = 0.3
_HORIZON_M = 2.5
_TURN_COST_M = 0.01
_EDGE = 0.75  # of the field of view: ways nearer to its edge are not seen whole
_KEPT_M = 1.0
_TOUCHING_M = 0.01  # where a direction is unknown


@dataclass(frozen=True, slots=True)
class PlannerOptions:
    """How carefully it goes."""

    half_width_m: float = option(0.28, "Half the width of the way that must be free.", low=0.01)
    stop_m: float = option(0.55, "It turns on the spot where less than that is free ahead.", low=0.01)
    step_m: float = option(0.1, "It goes so far between two frames.", low=0.001)
    turn_deg: float = option(25.0, "It turns at most so far between two frames.", low=1, high=90)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Command:
    """Turn first (right is positive), then go straight ahead; as a wish, or as what wheels say was done."""

    turn_deg: float
    ahead_m: float


class Planner:
    """Keeps straight where it can, turns to the freest way where it cannot; unknown counts as occupied.

    Things within a metre that leave the field of view are kept in mind, moved as the wheels say.
    """

    def __init__(self, options: PlannerOptions | None = None) -> None:
        self._options = options or PlannerOptions()
        self._side = 1.0
        self._kept = np.zeros((0, 2))

    def command(self, found: Obstacles | None) -> Command:
        """What to do after a frame; None: nothing could be told of it, so it looks elsewhere."""
        options = self._options
        if found is None:
            return Command(self._side * options.turn_deg, 0.0)
        bearings = found.bearings_deg
        self._keep(found)
        free = self._free(found)
        inside = np.abs(bearings) <= _EDGE * abs(float(bearings[0]))
        score = np.where(inside, np.minimum(free, _HORIZON_M) - _TURN_COST_M * np.abs(bearings), -np.inf)
        best = int(score.argmax())
        if free[best] < options.stop_m:
            self._side = self._freer_side(found)
            return Command(self._side * options.turn_deg, 0.0)
        turn = float(np.clip(bearings[best], -options.turn_deg, options.turn_deg))
        if abs(turn) > found.increment_deg:
            self._side = float(np.sign(turn))
        heading = int(np.abs(bearings - turn).argmin())
        ahead = options.step_m if free[heading] >= options.stop_m else 0.0
        return Command(turn, ahead)

    def moved(self, done: Command) -> None:
        """What the wheels say was done since the frame."""
        turn = np.radians(done.turn_deg)
        right, ahead = self._kept[:, 0], self._kept[:, 1]
        self._kept = np.stack(
            [
                right * np.cos(turn) - ahead * np.sin(turn),
                right * np.sin(turn) + ahead * np.cos(turn) - done.ahead_m,
            ],
            axis=1,
        )

    def _keep(self, found: Obstacles) -> None:
        """Of what was kept, what is out of sight and near; and what is seen now."""
        bearings = np.degrees(np.arctan2(self._kept[:, 0], self._kept[:, 1]))
        is_hidden = np.abs(bearings) > abs(float(found.bearings_deg[0]))
        old = self._kept[is_hidden & (np.hypot(*self._kept.T) < _KEPT_M)]
        self._kept = np.concatenate([old, _points(found)])

    def _free(self, found: Obstacles) -> Floats:
        """(N,) metres that the robot's width can go in the direction of each sector."""
        headings = np.radians(found.bearings_deg)[:, None]
        right, ahead = self._kept[:, 0], self._kept[:, 1]
        aside = right * np.cos(headings) - ahead * np.sin(headings)
        along = right * np.sin(headings) + ahead * np.cos(headings)
        is_in_way = (np.abs(aside) <= self._options.half_width_m) & (along > 0)
        return np.asarray(np.where(is_in_way, along, np.inf).min(axis=1, initial=np.inf), np.float64)

    def _freer_side(self, found: Obstacles) -> float:
        """Where more is free; it stays with the side it turned to where that is nearly as free."""
        near = np.minimum(np.nan_to_num(np.asarray(found.distances, np.float64), nan=0.0), _HORIZON_M)
        left, right = near[: len(near) // 2].mean(), near[(len(near) + 1) // 2 :].mean()
        return float(np.sign(right - left)) if abs(right - left) > 0.5 * (right + left) else self._side


def _points(found: Obstacles) -> Floats:
    """(K, 2) metres to the right and ahead of what is seen, as much nearer as the frame's stated error."""
    doubt = min(_DOUBT_MOST, found.error or 0.0)
    distances = np.nan_to_num(np.asarray(found.distances, np.float64), nan=_TOUCHING_M, posinf=np.inf) * (
        1 - doubt
    )
    bearings = np.radians(found.bearings_deg)
    points = np.stack([distances * np.sin(bearings), distances * np.cos(bearings)], axis=1)
    return np.asarray(points[np.isfinite(distances)], np.float64)
