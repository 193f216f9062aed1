"""When a client asks again, how long it waits, and when it gives up."""

from __future__ import annotations

import math

import pytest

from nearfar.client.retries import AGAIN, Retries, seconds_of
from nearfar.errors import ParameterError


@pytest.mark.parametrize(
    ("header", "expected"),
    [("5", 5.0), ("0", 0.0), (None, None), ("", None), ("-3", None), ("1.5", None)],
)
def test_seconds_of_a_header(header: str | None, expected: float | None) -> None:
    """Whole seconds; what is none says nothing."""
    assert seconds_of(header) == expected


def test_a_date_says_nothing() -> None:
    """RFC 9110 allows one, nearfar sends none."""
    assert seconds_of("Fri, 27 Nov 2026 04:00:00 GMT") is None


@pytest.mark.parametrize("told", [0.5, 4.0, 30.0])
def test_what_the_service_says_is_waited_for_and_a_little_more(told: float) -> None:
    """Up to a quarter, by chance, so that clients which were refused together come back apart."""
    waits = [Retries().wait_s(1, told) for _ in range(50)]
    assert all(wait is not None and told <= wait <= 1.25 * told for wait in waits)
    assert len(set(waits)) > 40


def test_without_a_word_waits_double() -> None:
    """From half a second on."""
    for attempt in (1, 2, 3):
        wait = Retries(attempts=9).wait_s(attempt, None)
        assert wait is not None
        assert 0.25 * 2**attempt <= wait <= 1.25 * 0.25 * 2**attempt


def test_attempts_are_counted_from_one() -> None:
    """The last one is not followed by a wait."""
    rule = Retries(attempts=3)
    assert [rule.wait_s(attempt, 1.0) is None for attempt in (1, 2, 3, 4)] == [False, False, True, True]
    assert Retries(attempts=1).wait_s(1, 0.0) is None


def test_a_wait_that_is_too_long_is_given_up() -> None:
    """What the service says, not what chance adds to it."""
    rule = Retries(longest_wait_s=10.0)
    assert rule.wait_s(1, 10.0) is not None
    assert rule.wait_s(1, 10.5) is None
    assert Retries(longest_wait_s=0.0).wait_s(1, 0.0) == 0.0


@pytest.mark.parametrize(("attempts", "longest"), [(0, 1.0), (-1, 1.0), (1, -0.1), (2, math.nan)])
def test_rules_without_sense_are_refused(attempts: int, longest: float) -> None:
    """With both numbers in the message."""
    with pytest.raises(ParameterError, match=f"attempts is {attempts}"):
        Retries(attempts, longest)


def test_only_what_passes_is_asked_again() -> None:
    """Never a refusal of the photo or the key, which would be refused again."""
    assert {429, 502, 503} == AGAIN
