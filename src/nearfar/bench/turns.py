"""Works timed in turn, so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WAKE_S = 0.1
"""Before each run that counts, a work runs so long uncounted: the threads of the runtime before it go on
turning for about 0.05 s, and its own are slow to wake."""
LEAST_RUNS, MOST_RUNS = 3, 60

Name = TypeVar("Name")


def in_turn(works: Mapping[Name, Callable[[], object]], seconds: float) -> dict[Name, list[float]]:
    """Seconds of the runs of each work: each in turn, again and again, until each had its seconds.

    A fast work has at most 60 runs, a slow one at least 3.
    """
    spent: dict[Name, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    while any(_is_short(times, seconds) for times in spent.values()):
        for name, work in works.items():
            spent[name].append(_awake(work))
    return spent


def _awake(work: Callable[[], object]) -> float:
    """Seconds of one run, with uncounted ones before it."""
    begin = start = time.perf_counter()
    while start - begin < WAKE_S:
        work()
        start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _is_short(times: list[float], seconds: float) -> bool:
    """More runs are wanted: enough of them tell the median even of a fast network."""
    return len(times) < LEAST_RUNS or (sum(times) < seconds and len(times) < MOST_RUNS)


def apart(values: Sequence[float]) -> float:
    """By how much the medians of the first and the second half of a run differ, of the smaller one."""
    middle = len(values) // 2
    if not middle:
        return 0.0
    first, second = statistics.median(values[:middle]), statistics.median(values[-middle:])
    return abs(first - second) / min(first, second)
