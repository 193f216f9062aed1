"""Who is next in the queue."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from starlette.requests import HTTPConnection

from nearfar.service.request.terms import Terms, terms_of
from nearfar.service.work.queue import BACKGROUND_TURN, Line, Turns


@dataclass(eq=False)
class Waiter:
    """What a line needs of a ticket."""

    terms: Terms


@pytest.fixture
def turns() -> Turns:
    """Four tickets of a greedy caller, then one each of two others."""
    made = Turns()
    for caller in ("greedy", "greedy", "greedy", "greedy", "b", "c"):
        made.add(Waiter(Terms(caller)))
    return made


def test_callers_take_turns(turns) -> None:
    """One caller's many requests do not hold up another's one."""
    order = [turns.pop().terms.caller for _ in range(len(turns))]
    assert order == ["greedy", "b", "c", "greedy", "greedy", "greedy"]


def test_a_caller_s_own_keep_their_order() -> None:
    """First in, first out, within one caller."""
    turns, made = Turns(), [Waiter(Terms("a")) for _ in range(3)]
    for one in made:
        turns.add(one)
    assert [turns.pop() for _ in made] == made


def test_who_is_ahead(turns) -> None:
    """A newcomer waits for one of each, the greedy caller for its own and one more of each."""
    assert turns.ahead_of("new") == 3
    assert turns.ahead_of("b") == 1 + 2 + 1
    assert turns.ahead_of("greedy") == 4 + 1 + 1


def test_the_greediest_gives_way_only_to_callers_with_fewer(turns) -> None:
    """Taking from whom has one more would only turn the two round."""
    assert turns.greediest("new") == "greedy"
    assert turns.greediest("greedy") is None
    turns.newest_of("greedy")
    turns.newest_of("greedy")
    assert (turns.greediest("b"), turns.greediest("new")) == (None, "greedy")
    assert len(turns) == 4


def test_removal(turns) -> None:
    """What is taken out is not served; what is not in there is not found."""
    first = turns.pop()
    assert not turns.remove(first)
    second = Waiter(Terms("b"))
    turns.add(second)
    assert turns.remove(second)
    assert (len(turns), turns.count_of("b")) == (5, 1)


def test_background_waits_but_moves_on() -> None:
    """Work that nobody waits for goes last, and still gets one turn in sixteen under constant load."""
    line = Line()
    for _ in range(2):
        line.back.add(Waiter(Terms(is_background=True)))
    for _ in range(2 * BACKGROUND_TURN):
        line.front.add(Waiter(Terms("a")))
    order = [line.pop().terms.is_background for _ in range(len(line))]
    assert [place for place, is_back in enumerate(order) if is_back] == [
        BACKGROUND_TURN - 1,
        2 * BACKGROUND_TURN - 1,
    ]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 60),
        ("wait=5", 5),
        ("respond-async, wait=10", 10),
        ('Wait="7";x=1', 7),
        ("wait=900", 60),
        ("wait=0", 1),
        ("wait=-3", 60),
        ("wait=ten", 60),
        ("await=3", 60),
    ],
)
def test_prefer_wait(header, seconds) -> None:
    """RFC 7240: what is not understood is passed over; the service's own limit stays one."""
    headers = [(b"prefer", header.encode())] if header else []
    scope = {"type": "http", "headers": headers, "state": {"caller": "key:a"}}
    assert terms_of(HTTPConnection(scope), 60) == Terms("key:a", seconds)
