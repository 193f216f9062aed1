"""Memory is handed out before work begins: in turn, bounded, and never more than there is."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from nearfar.errors import BusyError, TooLargeError
from nearfar.service.errors import ClientLeftError, DeadlineError
from nearfar.service.request.terms import Terms
from nearfar.service.work.budget import LARGE, MOST_PASSES, MemoryBudget
from nearfar.service.work.ticket import Ticket
from serving import until

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20


def ticket(caller: str = "", seconds: float = 30.0, *, is_background: bool = False) -> Ticket:
    """A piece of work of a caller."""
    loop = asyncio.new_event_loop()
    try:
        return Ticket(lambda _: None, loop, loop.create_future(), Terms(caller, seconds, is_background))
    finally:
        loop.close()


class Holder(threading.Thread):
    """Holds memory from when it gets it until it is let go; writes down when that is."""

    def __init__(self, budget: MemoryBudget, need: int, given: Ticket, told: list[str]) -> None:
        super().__init__(daemon=True)
        self.budget, self.need, self.ticket, self.told = budget, need, given, told
        self.end = threading.Event()
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Hold it."""
        try:
            with self.budget.hold(self.need, self.ticket):
                self.told.append(self.ticket.terms.caller)
                assert self.end.wait(30)
        except Exception as exc:
            self.error = exc


def waits(budget: MemoryBudget, count: int) -> None:
    """Until so many wait."""
    until(lambda: budget.waiting == count)


def test_what_can_never_fit_is_told_with_the_numbers() -> None:
    """413, what it would take and what there is."""
    with pytest.raises(TooLargeError, match=r"about 300 MiB.*may take 200 MiB"):
        MemoryBudget(200 * MIB).check(300 * MIB)


def test_there_is_never_more_taken_than_there_is() -> None:
    """What does not fit now waits, and goes on when others are done."""
    budget, told = MemoryBudget(100), []
    first = Holder(budget, 60, ticket("a"), told)
    until(lambda: told == ["a"])
    second = Holder(budget, 60, ticket("b"), told)
    waits(budget, 1)
    assert budget.used == 60
    first.end.set()
    until(lambda: told == ["a", "b"])
    second.end.set()
    until(lambda: budget.used == 0)


def test_callers_take_turns() -> None:
    """One caller's many do not hold up another's one; background work goes behind."""
    budget, told = MemoryBudget(100), []
    first = Holder(budget, 100, ticket("greedy"), told)
    until(lambda: told == ["greedy"])
    rest = [Holder(budget, 100, ticket("job", is_background=True), told)]
    waits(budget, 1)
    rest += [Holder(budget, 100, ticket("greedy"), told)]
    waits(budget, 2)
    rest += [Holder(budget, 100, ticket("honest"), told)]
    waits(budget, 3)
    for place, expected in enumerate(["honest", "greedy", "job"], 2):
        first.end.set()
        until(lambda place=place: len(told) == place)
        assert told[-1] == expected
        first = next(one for one in rest if one.ticket.terms.caller == expected)
    first.end.set()


def test_a_smaller_one_passes_but_not_for_ever() -> None:
    """A large one that waits is passed at most sixteen times."""
    budget, told = MemoryBudget(100), []
    Holder(budget, 50, ticket("holds"), told)
    until(lambda: told == ["holds"])
    large = Holder(budget, 100, ticket("large"), told)
    waits(budget, 1)
    for number in range(MOST_PASSES):
        small = Holder(budget, 10, ticket(f"small {number}"), told)
        small.end.set()
        small.join(10)
    assert len(told) == 1 + MOST_PASSES
    late = Holder(budget, 10, ticket("late"), told)
    waits(budget, 2)
    assert "late" not in told
    large.ticket.is_wanted = False
    until(lambda: "late" in told)
    late.end.set()


def test_the_deadline_is_a_busy_service_s() -> None:
    """503 with Retry-After, where 504 is for work that was begun; the place is free again."""
    budget = MemoryBudget(100)
    with budget.hold(100, ticket()):
        late = ticket(seconds=0.2)
        with pytest.raises(BusyError, match="no room in memory"), budget.hold(10, late):
            pass
    assert (budget.used, budget.waiting) == (0, 0)
    with pytest.raises(DeadlineError):
        late.check()


def test_who_leaves_does_not_wait() -> None:
    """The client's place is given up."""
    budget = MemoryBudget(100)
    with budget.hold(100, ticket()):
        gone = ticket()
        gone.is_wanted = False
        with pytest.raises(ClientLeftError), budget.hold(10, gone):
            pass
    assert (budget.used, budget.waiting) == (0, 0)


def test_waiting_gives_the_thread_s_place_away() -> None:
    """What surrounds waiting surrounds nothing else."""
    seen = []

    @contextmanager
    def aside() -> Iterator[None]:
        seen.append("in")
        yield
        seen.append("out")

    budget = MemoryBudget(100, aside)
    with budget.hold(100, ticket()):
        assert seen == []
        with pytest.raises(BusyError), budget.hold(10, ticket(seconds=0.1)):
            pass
    assert seen[0] == "in"


def test_many_at_once_leave_nothing_taken() -> None:
    """Threads that come and go, some of which give up."""
    budget, most = MemoryBudget(100), []

    def work(number: int) -> None:
        for _ in range(20):
            try:
                with budget.hold(10 + number * 7, ticket(str(number), 0.05 if number % 2 else 30)):
                    most.append(budget.used)
            except BusyError:
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (budget.used, budget.waiting) == (0, 0)
    assert 0 < max(most) <= 100


class _Circle:
    """What an error and its frames are: each holds the other."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize(("need", "is_gone"), [(LARGE, True), (LARGE - 1, False)])
def test_what_a_large_request_left_in_a_circle_goes(need: int, is_gone: bool) -> None:
    """Its pictures go back to the system, also where its error came late; not after small ones."""
    budget = MemoryBudget(LARGE)
    gc.collect()
    gc.disable()
    try:
        with budget.hold(need, ticket()):
            pass
        budget.tidy()
        left = weakref.ref(_Circle())  # it comes after the first look
        budget.tidy()
        assert (left() is None) == is_gone
    finally:
        gc.enable()
