"""Warnings that do not flutter: raised at once, taken back late."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.options import check, option

if TYPE_CHECKING:
    import numpy.typing as npt

    from nearfar.robot.sectors import Obstacles

    Floats = npt.NDArray[np.float64]


class Level(IntEnum):
    """How urgent it is."""

    CLEAR = 0
    CAUTION = 1
    STOP = 2


@dataclass(frozen=True, slots=True)
class WarnOptions:
    """When is warned. Lengths: metres, or camera heights where no height is known."""

    half_width: float = option(0.5, "Half the width of the way ahead that is to be free.", low=1e-3)
    caution: float = option(2.0, "Distance below which caution is called for.", low=0)
    stop: float = option(0.7, "Distance below which it says stop.", low=0)
    caution_s: float = option(3.0, "Seconds to contact below which caution is called for.", low=0)
    stop_s: float = option(1.2, "Seconds to contact below which it says stop.", low=0)
    release: float = option(1.25, "How many times a limit must be passed before a warning ends.", low=1)
    hold: int = option(3, "Frames in a row that must be better before a warning ends.", low=1)
    is_blind_caution: bool = option(True, "Caution where most of the way ahead is not known.")

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Alert:
    """What is said of a frame. ``distance``, ``seconds``: of the worst in the way; infinite where none is."""

    level: Level
    distance: float
    seconds: float
    is_blind: bool = False

    def describe(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "level": self.level.name.lower(),
            "distance": round(self.distance, 4) if math.isfinite(self.distance) else None,
            "seconds": round(self.seconds, 3) if math.isfinite(self.seconds) else None,
            "is_blind": self.is_blind,
        }


class Warner:
    """Warns of what stands in the way ahead, frame by frame.

    A level is raised by the first frame that asks for it. It falls only after ``hold`` frames in a row that
    stay below it with every limit ``release`` times as far.
    """

    def __init__(self, options: WarnOptions | None = None) -> None:
        self._options = options or WarnOptions()
        self._level = Level.CLEAR
        self._better: list[Level] = []

    def push(self, found: Obstacles, contact_s: Floats | None = None) -> Alert:
        """What is said of the next frame; ``contact_s``: (N,) seconds to contact of its directions."""
        way = _way(found, self._options.half_width)
        distance = _least(found.distances, way)
        seconds = math.inf if contact_s is None else _least(contact_s, way)
        ahead = np.abs(found.bearings_deg) <= _AHEAD_DEG
        is_blind = bool(np.isnan(found.distances[ahead]).mean() > 0.5) if ahead.any() else True
        asked = self._asked(distance, seconds, 1.0, is_blind=is_blind)
        kept = self._asked(distance, seconds, self._options.release, is_blind=is_blind)
        self._move(asked, kept)
        return Alert(self._level, distance, seconds, is_blind)

    def _asked(self, distance: float, seconds: float, times: float, *, is_blind: bool) -> Level:
        limits = self._options
        if distance < times * limits.stop or seconds < times * limits.stop_s:
            return Level.STOP
        is_near = distance < times * limits.caution or seconds < times * limits.caution_s
        return Level.CAUTION if is_near or (is_blind and limits.is_blind_caution) else Level.CLEAR

    def _move(self, asked: Level, kept: Level) -> None:
        """Up at once; down to the worst of the last frames once all of them were better."""
        if asked >= self._level or kept >= self._level:
            self._level, self._better = max(asked, self._level), []
            return
        self._better.append(kept)
        if len(self._better) >= self._options.hold:
            self._level, self._better = max(self._better), []


_AHEAD_DEG = 15.0


def _way(found: Obstacles, half_width: float) -> npt.NDArray[np.bool_]:
    """(N,): whether the thing in a direction stands within the way ahead."""
    bearings = np.radians(found.bearings_deg)
    with np.errstate(invalid="ignore"):
        aside = np.abs(found.distances * np.sin(bearings))
    return np.asarray(np.isfinite(found.distances) & (aside <= half_width) & (np.cos(bearings) > 0))


def _least(numbers: npt.NDArray[Any], where: npt.NDArray[np.bool_]) -> float:
    chosen = numbers[where]
    chosen = chosen[~np.isnan(chosen)]
    return float(chosen.min()) if chosen.size else math.inf
