"""Work in threads, results in order, few of them at a time."""

from __future__ import annotations

import threading
import time

import pytest

from nearfar.machine.in_order import in_order


@pytest.mark.parametrize("workers", [1, 3])
def test_the_order_stays(workers: int) -> None:
    """Whichever thread is done first, results come in the order of the things."""

    def slow_when_even(number: int) -> int:
        time.sleep(0.01 if number % 2 == 0 else 0)
        return number

    assert list(in_order(slow_when_even, range(12), workers)) == list(range(12))


@pytest.mark.parametrize("workers", [1, 3])
def test_things_are_taken_as_there_is_room(workers: int) -> None:
    """An endless row of things is no problem: at most ``workers`` are taken beyond those that were given."""
    taken: list[int] = []

    def endless():
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    stream = in_order(lambda number: number, endless(), workers)
    assert [next(stream) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(taken) <= 5 + workers
    stream.close()


def test_several_threads_work_at_once() -> None:
    """Two things that wait for each other are both done."""
    meeting = threading.Barrier(2, timeout=10)
    assert len(list(in_order(lambda _: meeting.wait(), range(2), 2))) == 2


def test_closing_ends_the_work() -> None:
    """What has not begun never begins."""
    done: list[int] = []
    gate = threading.Event()

    def work(number: int) -> int:
        if number:
            gate.wait(10)
        done.append(number)
        return number

    stream = in_order(work, range(100), 2)
    assert next(stream) == 0
    gate.set()
    stream.close()
    assert len(done) <= 4


def test_an_error_comes_in_its_place() -> None:
    """Results before it are given first."""
    stream = in_order(lambda number: 1 // (2 - number), range(9), 3)
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_no_thread_waits_for_the_caller() -> None:
    """The next thing is begun before a result is given; with some ahead, behind a slow one too."""
    begun = [threading.Event() for _ in range(6)]
    slow = threading.Event()

    def work(number: int) -> int:
        begun[number].set()
        if number == 1:
            slow.wait(10)
        return number

    stream = in_order(work, range(6), 2, ahead=2)
    assert next(stream) == 0
    assert all(event.wait(10) for event in begun[:5])
    assert not begun[5].is_set()
    slow.set()
    assert list(stream) == [1, 2, 3, 4, 5]
