"""Ratios that are taken in pairs, and refused where the machine did not hold still while they were."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nearfar.bench.turns import apart

deadline = float("inf")
"""On the clock of ``time.perf_counter``: after it pairs are few."""
MOST_APART = 0.10
"""Two halves of a run may differ by so much; a table of others is not to be believed."""

FEWEST = 2
Cost = Callable[[], float]


@dataclass(frozen=True)
class Ratio:
    """Ours to theirs, in pairs. ``goal`` at most, or at least where ``is_gain``; None: told, not wanted."""

    what: str
    pairs: tuple[tuple[float, float], ...]
    goal: float | None = None
    is_gain: bool = False
    unit: str = "ms of processor"

    @property
    def values(self) -> list[float]:
        """Of each pair; of gains theirs to ours."""
        return [theirs / ours if self.is_gain else ours / theirs for ours, theirs in self.pairs]

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def is_steady(self) -> bool:
        """Whether both halves of the run agree."""
        return apart(self.values) <= MOST_APART

    @property
    def verdict(self) -> str:
        """Reached, missed, or refused."""
        if not self.is_steady:
            return f"refused: halves {apart(self.values):.0%} apart"
        if self.goal is None:
            return ""
        return "yes" if (self.value >= self.goal if self.is_gain else self.value <= self.goal) else "no"

    def row(self) -> tuple[str, ...]:
        """Of the table; what was disturbed has no figure in it."""
        ours, theirs = (statistics.median(side) for side in zip(*self.pairs, strict=True))
        goal = "" if self.goal is None else f"{'≥' if self.is_gain else '≤'} {self.goal:g}"
        times = f"{ours * 1e3:.1f} : {theirs * 1e3:.1f} {self.unit}"
        found = f"{self.value:.2f}" if self.is_steady else "–"
        return self.what, found, goal, self.verdict, times, str(len(self.pairs))


HEADS = ("ratio", "found", "goal", "reached", "ours : theirs", "pairs")


def in_pairs(what: str, ours: Cost, theirs: Cost, count: int, **more: object) -> Ratio:
    """Both in turn, each first every other time, after one of each that is not counted."""
    ours(), theirs()
    pairs = []
    for number in range(count):
        if number >= FEWEST and time.perf_counter() > deadline:
            break
        if number % 2:
            second = theirs()
            pairs.append((ours(), second))
        else:
            pairs.append((ours(), theirs()))
    return Ratio(what, tuple(pairs), **more)  # type: ignore[arg-type]


def refusal(values: Mapping[str, Sequence[float]]) -> str:
    """Why a table of these is refused: what differs too much between the halves of its run; else nothing."""
    torn = {name: apart(found) for name, found in values.items() if apart(found) > MOST_APART}
    told = ", ".join(f"{name} by {share:.0%}" for name, share in torn.items())
    return f"refused: two halves of the run differ in {told}; measure again when it is quiet" if torn else ""


def conditions(facts: Mapping[str, object]) -> str:
    """Under what a table was measured: load of the machine, and what else is told."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return "; ".join([f"load {load} (1, 5, 15 minutes)", *(f"{key} {value}" for key, value in facts.items())])
