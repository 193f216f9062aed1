"""Stages of a request: written down as they end, also where they fail."""

from __future__ import annotations

import pytest

from nearfar.service.request.ids import request_id_of, timing_of
from nearfar.service.request.timing import STAGES, Timing


def test_a_stage_is_timed_from_its_begin_to_its_end() -> None:
    """Seconds by name; what has not ended is not there yet."""
    timing = Timing()
    with timing.stage("decode"):
        assert timing.seconds() == {}
    begin, seconds = timing.rows["decode"]
    assert begin > 0
    assert timing.seconds() == {"decode": seconds}
    assert 0 <= seconds < 60


def test_a_stage_that_fails_is_timed_too() -> None:
    """And its error goes on."""
    timing = Timing()
    with pytest.raises(ZeroDivisionError), timing.stage("engine"):
        raise ZeroDivisionError
    assert set(timing.seconds()) == {"engine"}


def test_what_is_told_is_a_copy() -> None:
    """Another stage does not show in it."""
    timing = Timing()
    timing.note("queue", 1.0, 0.25)
    told = timing.seconds()
    timing.note("queue", 2.0, 0.5)
    timing.note("encode", 3.0, 0.125)
    assert told == {"queue": 0.25}
    assert timing.seconds() == {"queue": 0.5, "encode": 0.125}


def test_a_request_has_one_timing() -> None:
    """Made when it is first asked for; requests do not share."""
    scope: dict[str, object] = {}
    timing_of(scope).note("upload", 0.0, 1.0)
    assert timing_of(scope).seconds() == {"upload": 1.0}
    assert timing_of({}).seconds() == {}


def test_a_request_that_did_not_come_in_through_the_front_has_no_id() -> None:
    """An empty text, for the log."""
    assert request_id_of({}) == ""
    assert request_id_of({"nearfar.request_id": "abc"}) == "abc"


def test_stages_stand_in_the_order_of_a_request() -> None:
    """From the body to the answer, each said in words."""
    names = list(STAGES)
    assert names.index("upload") < names.index("queue") < names.index("decode")
    assert names.index("decode") < names.index("engine") < names.index("encode")
    assert all(STAGES.values())
