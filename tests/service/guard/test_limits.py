"""Limits of one caller."""

from __future__ import annotations

import threading

import pytest

from nearfar.keys import KeyFile
from nearfar.service.errors import CrowdingError, RateError
from nearfar.service.guard.ledger import OwnLedger
from nearfar.service.guard.limits import Crowd, Rates
from serving import loader_of, until


class _Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_flow() -> None:
    """Three at once, then one a second at 60 a minute, however long it goes on."""
    clock = _Clock()
    rates = Rates(60, 3, clock=clock)
    assert [rates.take("a").remaining for _ in range(3)] == [2, 1, 0]
    for _ in range(50):
        with pytest.raises(RateError) as caught:
            rates.take("a")
        assert caught.value.headers["Retry-After"] == "1"
        clock.now += 1
        assert rates.take("a").remaining == 0


def test_what_is_refused_costs_nothing() -> None:
    """Whoever knocks all the time is let in as soon as one who waited."""
    clock = _Clock()
    rates = Rates(1, 1, clock=clock)
    rates.take("a")
    for _ in range(100):
        clock.now += 0.5
        with pytest.raises(RateError):
            rates.take("a")
    clock.now += 10
    assert rates.take("a").remaining == 0


def test_the_wait_that_is_told_is_enough() -> None:
    """After Retry-After seconds the next request passes; a second before it would not."""
    clock = _Clock()
    rates = Rates(4, 2, clock=clock)
    for _ in range(2):
        rates.take("a")
    with pytest.raises(RateError) as caught:
        rates.take("a")
    wait = int(caught.value.headers["Retry-After"])
    assert wait == 15
    clock.now += wait - 1
    with pytest.raises(RateError):
        rates.take("a")
    clock.now += 1
    rates.take("a")


def test_callers_do_not_share() -> None:
    """Each has its own, and its own rate where it is given one; 0 is no limit."""
    rates = Rates(60, 1, clock=_Clock())
    rates.take("a")
    rates.take("b")
    assert rates.take("c", 600).per_minute == 600
    for _ in range(10):
        assert rates.take("d", 0) is None
    with pytest.raises(RateError):
        rates.take("a")


def test_memory_is_bounded_and_the_longest_silent_goes() -> None:
    """A flood of addresses does not fill the memory, and does not free the one that is busy."""
    ledger = OwnLedger(100)
    rates = Rates(60, 2, ledger, _Clock())
    rates.take("busy")
    for number in range(1000):
        if number == 50:
            rates.take("busy")
        rates.take(f"other {number}") if number < 120 else None
    assert len(ledger) == 100
    with pytest.raises(RateError):
        rates.take("busy")


def test_a_crowd_lets_in_as_many_as_may() -> None:
    """A place is free again when its holder has left, also by an error; nobody is remembered then."""
    ledger = OwnLedger()
    crowd = Crowd(2, ledger)
    with crowd.place("a"), crowd.place("b"):
        with pytest.raises(KeyError), crowd.place("a"):
            raise KeyError
        with crowd.place("a"), pytest.raises(CrowdingError, match="2 requests"), crowd.place("a"):
            pass
    assert len(ledger) == 0


def test_answers_tell_what_is_left(start, jpeg) -> None:
    """The headers count down, then 429; health is never counted."""
    running = start(rate_per_minute=1, rate_burst=2)
    first, second, third = (running.upload(jpeg) for _ in range(3))
    assert first.headers["RateLimit-Policy"] == '"caller";q=1;w=60'
    assert first.headers["RateLimit"] == '"caller";r=1;t=60'
    assert second.headers["RateLimit"].startswith('"caller";r=0')
    assert (third.status_code, third.json()["type"]) == (429, "/docs#problem-rate-limit")
    assert 1 <= int(third.headers["Retry-After"]) <= 60
    assert third.headers["RateLimit"].startswith('"caller";r=0')
    assert {running.client.get("/healthz").status_code for _ in range(5)} == {200}
    assert "RateLimit" not in running.client.get("/healthz").headers


def test_a_key_has_its_own_rate(start, tmp_path) -> None:
    """Keys go before the address's limit; guessing counts for the address."""
    file = KeyFile(tmp_path / "keys.json")
    _, free = file.add("free", ["infer"], 0)
    _, slow = file.add("slow", ["infer"], 1)
    running = start(keys=str(file.path), rate_per_minute=1, rate_burst=1)

    def status(key: str) -> int:
        return running.client.get("/v1/models", headers={"X-API-Key": key}).status_code

    assert [status(free) for _ in range(4)] == [200] * 4
    assert [status(slow) for _ in range(2)] == [200, 429]
    assert [status("guess") for _ in range(2)] == [401, 429]
    assert status(free) == 200


def test_too_many_at_once(start, gate, jpeg) -> None:
    """A second request of one caller is refused while the first is under way, and taken afterwards."""
    running = start(loader=loader_of(gate), concurrency=1)
    found = []
    thread = threading.Thread(target=lambda: found.append(running.upload(jpeg).status_code))
    until(lambda: gate.entered >= 1)  # the probe that warms the service up holds a worker, not a place
    thread.start()
    crowd = running.app.state.service.guards.crowd
    until(lambda: crowd.count("address:127.0.0.1") == 1)
    refused = running.client.get("/v1/models")
    assert (refused.status_code, refused.json()["type"]) == (429, "/docs#problem-crowding")
    assert refused.headers["Retry-After"] == "1"
    assert running.client.get("/healthz").status_code == 200
    gate.open.set()
    thread.join()
    assert found == [200]
    until(lambda: crowd.count("address:127.0.0.1") == 0)
    assert running.client.get("/v1/models").status_code == 200
