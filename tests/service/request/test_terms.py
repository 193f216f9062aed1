"""What a request says beside its body: parameters, the time it has, who asks."""

from __future__ import annotations

import math

import pytest
from starlette.requests import Request

from nearfar.errors import ParameterError
from nearfar.service.request.query import single_values
from nearfar.service.request.terms import ANYBODY, Terms, terms_of, wished_wait_s


def _request(query: str = "", *prefer: str, caller: str = "") -> Request:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/depth",
        "query_string": query.encode(),
        "headers": [(b"prefer", value.encode()) for value in prefer],
    }
    if caller:
        scope["state"] = {"caller": caller}
    return Request(scope)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("model=midas-small", {"model": "midas-small"}),
        ("a=1&b=2&a2=3", {"a": "1", "b": "2", "a2": "3"}),
        ("range=0%2C1", {"range": "0,1"}),
        ("focus=", {"focus": ""}),
        ("colormap=a+b", {"colormap": "a b"}),
    ],
)
def test_parameters_are_given_by_name(query: str, expected: dict[str, str]) -> None:
    """Decoded; what is not a choice may be empty."""
    assert single_values(_request(query)) == expected


@pytest.mark.parametrize("query", ["a=1&a=2", "a=1&a=1", "model=x&format=png&model=x"])
def test_a_parameter_that_is_given_twice_is_refused(query: str) -> None:
    """Even where both say the same."""
    with pytest.raises(ParameterError, match="twice"):
        single_values(_request(query))


@pytest.mark.parametrize("name", ["model", "format"])
def test_a_choice_of_nothing_is_refused(name: str) -> None:
    """With the parameter's name, for the problem document."""
    with pytest.raises(ParameterError, match=f"{name} is empty") as told:
        single_values(_request(f"{name}="))
    assert told.value.parameter == name


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ((), None),
        (("wait=10",), 10),
        (("WAIT = 7",), 7),
        (('wait="12"',), 12),
        (("respond-async, wait=5",), 5),
        (("respond-async", "wait=6"), 6),
        (("wait=3; strict",), 3),
        (("wait=0",), 1),
        (("wait=999999",), 999_999),
    ],
)
def test_a_wait_is_read_as_the_standard_writes_it(prefer: tuple[str, ...], seconds: int | None) -> None:
    """RFC 7240: any case, quotes, beside other preferences, in several headers."""
    assert wished_wait_s(_request("", *prefer)) == seconds


@pytest.mark.parametrize(
    "prefer", ["wait", "wait=", "wait=soon", "wait=-3", "await=4", "wait=12345678", "wait=1.5"]
)
def test_what_is_no_wait_counts_as_none(prefer: str) -> None:
    """A preference may be ignored: it is never an error."""
    assert wished_wait_s(_request("", prefer)) is None


@pytest.mark.parametrize(("prefer", "seconds"), [((), 30.0), (("wait=5",), 5.0), (("wait=90",), 30.0)])
def test_nobody_gets_more_time_than_the_service_gives(prefer: tuple[str, ...], seconds: float) -> None:
    """Less, where less was wished for."""
    found = terms_of(_request("", *prefer, caller="key-1"), 30.0)
    assert found == Terms("key-1", seconds)
    assert not found.is_background


def test_who_asks_is_nobody_where_nobody_said() -> None:
    """As for work that no request waits for."""
    assert terms_of(_request(), 5.0).caller == ANYBODY.caller == ""
    assert ANYBODY.seconds == math.inf


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_work_needs_some_time(seconds: float) -> None:
    """None, and what is no number, are refused."""
    with pytest.raises(ParameterError, match="more than 0"):
        Terms("x", seconds)
