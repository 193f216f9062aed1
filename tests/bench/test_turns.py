"""Works timed in turn: what counts, and when there is enough of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from nearfar.bench.turns import LEAST_RUNS, MOST_RUNS, WAKE_S, in_turn

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """A clock that only works move."""

    now = 0.0

    def work(self, *seconds: float) -> Callable[[], None]:
        """A work that takes so long each time, the last of them for ever."""
        left = list(seconds)

        def run() -> None:
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Instead of the machine's."""
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: made.now)
    return made


def test_the_first_runs_of_a_turn_do_not_count(clock: Clock) -> None:
    """A work is slow while the one before it keeps the processor: that is over when it counts."""
    slow = WAKE_S / 2
    first = clock.work(slow, slow, slow, 1.0)
    found = in_turn({"first": first, "second": clock.work(2.0)}, seconds=3.0)
    assert found["first"][0] == pytest.approx(1.0)
    assert found["second"][0] == pytest.approx(2.0)


def test_slow_works_run_three_times_and_fast_ones_sixty(clock: Clock) -> None:
    """Whatever the seconds: every work of one call runs as often as the one that needs most."""
    assert len(in_turn({"slow": clock.work(100.0)}, seconds=1.0)["slow"]) == LEAST_RUNS
    assert len(in_turn({"fast": clock.work(0.01)}, seconds=100.0)["fast"]) == MOST_RUNS
