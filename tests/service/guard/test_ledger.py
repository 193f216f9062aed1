"""What workers remember together of each caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest

from nearfar.service.errors import CrowdingError, RateError
from nearfar.service.guard import ledger
from nearfar.service.guard.ledger import SharedLedger, SharedPlace
from nearfar.service.guard.limits import Crowd, Rates

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there are workers on POSIX systems alone")
SECRET = b"s" * 16


@pytest.fixture
def views(tmp_path):
    """The views of two workers."""
    place = SharedPlace(tmp_path / "callers", 2, SECRET)
    both = SharedLedger(place, 0), SharedLedger(place, 1)
    yield both
    for view in both:
        view.close()


def test_a_burst_is_spent_wherever_it_is_asked(views) -> None:
    """Three at once are three over both workers; another caller has its own three."""
    first, second = (Rates(60, 3, view, lambda: 1000.0) for view in views)
    assert [rates.take("a").remaining for rates in (first, second, first)] == [2, 1, 0]
    for rates in (first, second):
        with pytest.raises(RateError):
            rates.take("a")
        assert rates.take("b").remaining >= 1


def test_places_are_counted_over_both(views) -> None:
    """Two at once, one in each; what a dead worker held is struck out, the other's stays."""
    first, second = (Crowd(2, view) for view in views)
    with ExitStack() as stack:
        stack.enter_context(first.place("a"))
        stack.enter_context(second.place("a"))
        for crowd in (first, second):
            assert crowd.count("a") == 2
            with pytest.raises(CrowdingError), crowd.place("a"):
                pass
        views[1].strike_out(0)
        assert first.count("a") == 1
        with second.place("a"):
            assert second.count("a") == 2
    assert (first.count("a"), second.count("a")) == (0, 0)


def test_who_was_silent_longest_is_forgotten_but_nobody_who_is_there(tmp_path, monkeypatch) -> None:
    """A table of four places: new callers take those of idle ones."""
    monkeypatch.setattr(ledger, "_GROUPS", 1)
    monkeypatch.setattr(ledger, "_PLACES", 4)
    view = SharedLedger(SharedPlace(tmp_path / "callers", 1, SECRET), 0)
    crowd, now = Crowd(5, view), [1000.0]
    rates = Rates(60, 1, view, lambda: now[0])
    with crowd.place("there"):
        for name in "abcdefgh":
            now[0] += 0.01
            rates.take(name)
        assert crowd.count("there") == 1
        with pytest.raises(RateError):
            rates.take("h")
        rates.take("a")  # long forgotten
    view.close()


HOLDER = """
import os, sys
from pathlib import Path
from nearfar.service.guard.ledger import SharedLedger, SharedPlace

with SharedLedger(SharedPlace(Path(sys.argv[1]), 2, b"s" * 16), 0).account("a") as account:
    account.here = 1
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_a_worker_that_dies_within_does_not_keep_the_others_out(views, tmp_path) -> None:
    """Killed while it holds the table: the system gives the lock back."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "callers")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "holds\n"
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    with views[1].account("a") as account:
        account.here += 1
    assert Crowd(2, views[1]).count("a") == 1


def test_the_table_is_its_owners_alone(views, tmp_path) -> None:
    """Nobody else can read or write it, and it does not tell who called."""
    with views[0].account("address:192.0.2.7") as account:
        account.full_at = 1.0
    file = tmp_path / "callers"
    assert file.stat().st_mode & 0o077 == 0
    assert b"192.0.2.7" not in file.read_bytes()
