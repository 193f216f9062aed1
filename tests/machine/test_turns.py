"""Short turns of the processor for the thread that answers."""

from __future__ import annotations

import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nearfar.machine import turns

_SCHED = Path("/proc/thread-self/sched")
_FROM = (6, 12)


def slice_ns() -> int:
    """The turn of this thread, as Linux tells it."""
    rows = dict(line.split(":", 1) for line in _SCHED.read_text("ascii").splitlines() if ":" in line)
    return int({name.strip(): value for name, value in rows.items()}["se.slice"])


def in_a_thread(work):
    """What it returns, from a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def knows_turns() -> bool:
    """Whether this system has them."""
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit())
    return platform.system() == "Linux" and release >= _FROM and _SCHED.exists()


@pytest.mark.skipif(not knows_turns(), reason="short turns need Linux 6.12")
def test_a_thread_gets_short_turns_and_usual_ones_back() -> None:
    """Linux counts the thread's turn shorter, and as before when it is undone."""

    def asked() -> tuple[int, int, int]:
        usual = slice_ns()
        assert turns.take_short_turns()
        short = slice_ns()
        turns.take_usual_turns()
        return usual, short, slice_ns()

    usual, short, after = in_a_thread(asked)
    assert short == turns.SHORT_NS < usual
    assert after == usual


def test_other_threads_keep_theirs() -> None:
    """One that was there before is not touched, and nothing fails where there are no turns to ask for."""
    ready, over, seen = threading.Event(), threading.Event(), []

    def wait() -> None:
        ready.set()
        over.wait(10)
        seen.append(slice_ns() if knows_turns() else 0)

    thread = threading.Thread(target=wait)
    thread.start()
    ready.wait(10)
    in_a_thread(turns.take_short_turns)
    over.set()
    thread.join()
    assert seen[0] != turns.SHORT_NS


@pytest.mark.parametrize(("name", "value"), [("machine", "riscv64"), ("system", "win32")])
def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A processor or a system of which nothing is known: False, no call."""
    monkeypatch.setattr(turns.ctypes, "CDLL", lambda _: pytest.fail("a call was made"))
    if name == "machine":
        monkeypatch.setattr(turns.platform, "machine", lambda: value)
    else:
        monkeypatch.setattr(turns.sys, "platform", value)
    assert not turns.take_short_turns()
