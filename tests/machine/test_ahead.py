"""Things that are taken ahead of who needs them."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from nearfar.machine.ahead import ahead


def test_things_come_in_order() -> None:
    """All of them, once."""
    assert list(ahead(range(50), 3)) == list(range(50))


def test_no_more_than_a_few_are_taken_ahead() -> None:
    """Beside the one that was given and the one that waits for room."""
    taken = itertools.count()
    things = ahead(taken, 2)
    assert next(things) == 0
    time.sleep(0.3)
    assert next(taken) <= 5
    things.close()


def test_what_goes_wrong_is_told_in_its_place() -> None:
    """After the things before it."""

    def broken():
        yield 1
        raise ValueError("broken")

    things = ahead(broken(), 3)
    assert next(things) == 1
    with pytest.raises(ValueError, match="broken"):
        next(things)


def test_closing_ends_the_thread_and_the_source() -> None:
    """Whoever opened something for it closes it."""
    closed = threading.Event()

    def endless():
        try:
            yield from itertools.count()
        finally:
            closed.set()

    before = threading.active_count()
    things = ahead(endless(), 2)
    next(things)
    things.close()
    assert closed.is_set()
    assert threading.active_count() == before
