"""Hostile inputs against a service that runs: no death, no 500, memory and time within their limits.

``make test`` sends 300, always the same. ``make fuzz`` sends 50,000, others each time; it prints its seed and
keeps what failed in build/fuzz. ``make fuzz SEED=5 ONE=123`` sends one again, ``ONE=build/fuzz/5/123.input``
a kept one, ``ONE=build/fuzz/5`` all that were kept; ``COUNT=1000`` sends fewer, ``MINUTES=10``
those that it comes to; ``ENGINE=fake`` without a network, ``MAX_PIXELS=2000000`` without large pictures.
"""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hostile import requests
from hostile.attack import Attack, Limits, Seen, inputs
from hostile.probe import Probe, Times
from hostile.service import PROC, Watched

if TYPE_CHECKING:
    from collections.abc import Iterable

REPOSITORY = Path(__file__).parents[2]
IS_LONG = "NEARFAR_LAB_FUZZ" in os.environ
SEED = int(os.environ.get("NEARFAR_LAB_SEED") or (secrets.randbelow(10**6) if IS_LONG else 1))
ONE = os.environ.get("NEARFAR_LAB_ONE", "")
COUNT = int(os.environ.get("NEARFAR_LAB_COUNT") or (50_000 if IS_LONG else 300))
MINUTES = int(os.environ.get("NEARFAR_LAB_MINUTES") or 24 * 60)
MEMORY = int(os.environ.get("NEARFAR_LAB_MEMORY") or 2 * 2**30)
FOLDER = REPOSITORY / "build" / "fuzz" / str(SEED)
pytestmark = pytest.mark.skipif(
    not (PROC / "self/smaps_rollup").exists(), reason="memory is read as Linux tells it"
)


def settings() -> dict[str, str]:
    """Of the service that is attacked: what the container has, and the fake network where time is short."""
    given = {"NEARFAR_REQUEST_TIMEOUT": "50", "NEARFAR_MODEL_DOWNLOADS": "off"}
    if IS_LONG:
        chosen = {
            f"NEARFAR_{name}": os.environ.get(f"NEARFAR_LAB_{name}", "") for name in ("ENGINE", "MAX_PIXELS")
        }
        share = 3 * (MEMORY - 200 * 2**20) // (4 * 2**20)  # as it is shared out within a limit
        given |= {"NEARFAR_WALL": "on", "NEARFAR_STREAMS": "2", "NEARFAR_MEMORY": str(share)}
        return given | {name: value for name, value in chosen.items() if value}
    return given | {"NEARFAR_ENGINE": "fake", "NEARFAR_MAX_PIXELS": "20000000"}


@pytest.mark.timeout(4 * 3600)
def test_nothing_hostile_is_more_than_one_answer(note_figure) -> None:
    """Each input gets an answer, in time; the service lives, in its memory; others are served meanwhile."""
    say(f"\nseed {SEED}")
    attack = Attack(settings(), Limits(MEMORY), FOLDER)
    with Watched(settings(), attack.look) as service:
        quiet = Probe(service.port)
        time.sleep(20 if IS_LONG else 1)
        before, beside = quiet.stop(), Probe(service.port)
        seen = attack.run(chosen(), service)
        times = beside.stop()
        told = service.log()
    report(seen)
    if IS_LONG and not ONE:
        tell(note_figure, attack, before, times)
    assert not seen.faults, f"seed {SEED}, kept in {FOLDER}: {seen.faults}\n{told}"
    assert service.deaths == 0
    assert times.failed == 0


def chosen() -> Iterable[requests.Hostile]:
    """The inputs that were asked for."""
    if not ONE:
        end = time.monotonic() + 60 * MINUTES
        return itertools.takewhile(lambda _: time.monotonic() < end, inputs(SEED, 0, COUNT))
    if ONE.isdigit():
        return [requests.made(SEED, int(ONE))]
    files = sorted(Path(ONE).glob("*.input")) if Path(ONE).is_dir() else [Path(ONE)]
    return [requests.read(file.read_bytes()) for file in files]


def say(line: str) -> None:
    """Tell whoever runs this with ``-s``, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(seen: Seen) -> None:
    """What is good to know beside the faults."""
    for took_s, number, what in seen.slowest:
        say(f"slow: {took_s:.1f} s for {number} {what}")
    for memory, names in seen.largest:
        say(f"large: {memory / 1e6:.0f} MB beside {names}")
    say(f"statuses: {dict(seen.statuses)}")


def tell(note_figure, attack: Attack, before: Times, times: Times) -> None:
    """The figures of a long run."""
    seen, limits, note = attack.seen, attack.limits, partial(note_figure, "fuzz")
    rows = ", ".join(f"{count:,} × {status}" for status, count in sorted(seen.statuses.items()))
    how = ", ".join(f"{name} {value}" for name, value in sorted(settings().items()))
    note(
        f"hostile inputs, seed {SEED} ({how.replace('NEARFAR_', '').lower()})",
        f"{seen.statuses.total():,}: {rows}",
        "50,000",
        seen.statuses.total() >= 50_000,
    )
    faults = len(seen.faults)
    note("of them 500, late, unanswered or beside too much memory", f"{faults}", "none", not faults)
    is_within = seen.peak < limits.memory_bytes
    limit = f"under {limits.memory_bytes / 1e6:.0f} MB"
    note("memory of all processes at most", f"{seen.peak / 1e6:.0f} MB", limit, is_within)
    slowest = seen.slowest[-1][0]
    note("slowest answer", f"{slowest:.1f} s", f"{limits.wall_s:.0f} s", slowest < limits.wall_s)
    late = Times.late(times.health_s)
    note("99 of 100 health answers within", f"{late * 1e3:.0f} ms", "50 ms", late < 0.05)
    usual, now = Times.late(before.photo_s), Times.late(times.photo_s)
    asked = len(times.photo_s) + times.refused
    row = f"{now:.2f} s; {usual:.2f} s in quiet; {times.refused} of {asked} refused"
    note("99 of 100 photos of an honest client within", row, "3 × its quiet time", now < 3 * usual)
    calm, bare = Times.late(before.health_s), Times.late(times.bare_s)
    note("the same of health in quiet, on the machine as it was", f"{calm * 1e3:.0f} ms")
    row = f"{bare * 1e3:.0f} ms; {Times.late(before.bare_s) * 1e3:.0f} ms in quiet"
    note("the same of a server beside it that does nothing else", row)
    middle = f"{Times.late(times.health_s, 0.5) * 1e3:.1f} ms; {Times.late(times.bare_s, 0.5) * 1e3:.1f} ms"
    note("half of the health answers within; of that server's", middle)


def test_an_input_is_the_same_each_time() -> None:
    """A number says all of it, and what was kept is what was sent."""
    for number in range(300):
        one = requests.made(7, number)
        assert one == requests.made(7, number)
        assert one == requests.read(one.saved())
    assert requests.made(7, 1) != requests.made(8, 1)
