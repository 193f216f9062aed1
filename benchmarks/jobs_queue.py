"""How long a claim takes where many pictures wait, and one caller has thousands of jobs.

python benchmarks/jobs_queue.py [--folder FOLDER] [--check]

Fills a store on the disk of FOLDER (the system's folder for temporary files where it is absent), claims and
gives back pictures one after the other as a worker does, and tells the median, the 99th of 100 and the
slowest. The time is that of whole claims, with whatever else the machine does. --check: status 1 where a goal
is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nearfar.jobs.claims import Claims
from nearfar.jobs.owner import Owner
from nearfar.jobs.records import Draft, Slot
from nearfar.jobs.spool import Spool
from nearfar.jobs.store import JobStore, StoreLimits

if TYPE_CHECKING:
    from nearfar.jobs.records import Claim

GOAL_MS = 5.0
CLAIMS = 1000
LIMITS = StoreLimits(2**50, 86_400, 1_000_000)


@dataclass(frozen=True)
class Queue:
    """What waits: ``jobs`` with so many ``pictures`` each, of so many ``callers``."""

    jobs: int
    pictures: int
    callers: int = 1

    @property
    def name(self) -> str:
        """For the table."""
        return f"{self.jobs * self.pictures:,} pictures in {self.jobs:,} jobs of {self.callers:,} callers"


QUEUES = (Queue(1, 1), Queue(8_000, 1), Queue(10, 10_000), Queue(1_000, 100, 100), Queue(20, 10_000))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    is_met = True
    print(f"{'waiting':52}{'median':>10}{'99 of 100':>12}{'slowest':>10}{'finished':>11}   (ms)")
    for queue in QUEUES:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            claims, ends = measured(Path(folder), queue)
        middle, most = np.percentile(claims, 50), np.percentile(claims, 99)
        print(f"{queue.name:52}{middle:10.2f}{most:12.2f}{max(claims):10.2f}{np.percentile(ends, 50):11.2f}")
        is_met &= bool(middle < GOAL_MS)
    print(f"\na claim within {GOAL_MS:g} ms (median): {'yes' if is_met else 'MISSED'}")
    return 1 if given.check and not is_met else 0


def measured(folder: Path, queue: Queue) -> tuple[list[float], list[float]]:
    """Milliseconds of claims, and of giving them back."""
    store = JobStore(Spool(folder / "jobs"), LIMITS)
    owner = Owner(store.spool.owners)
    claims = Claims(store, owner)
    for number in range(queue.jobs):
        put_in(store, f"caller{number % queue.callers}", queue.pictures)
    taken, ended = [], []
    for _ in range(CLAIMS):
        start = time.perf_counter()
        claim = next_claim(store, claims)
        middle = time.perf_counter()
        claims.give_back(claim)
        taken.append(1000 * (middle - start))
        ended.append(1000 * (time.perf_counter() - middle))
    store.close()
    owner.close()
    return taken, ended


def next_claim(store: JobStore, claims: Claims) -> Claim:
    """What a worker of the service asks before and with each claim."""
    if store.pictures_waiting():
        store.check_room(1)
    claim = claims.take()
    if claim is None:
        raise SystemExit("The queue is empty: nothing is measured.")
    return claim


def put_in(store: JobStore, caller: str, pictures: int) -> None:
    """A job whose pack is empty: nobody reads it here."""
    id = np.random.default_rng().bytes(12).hex()
    folder = store.spool.stage("benchmark", id)
    slots = tuple(Slot(f"{place}.jpg", 0, 0, 0, 0, 0) for place in range(pictures))
    store.submit(Draft(id, caller, {"effects": ["heatmap"]}, slots, ""), folder)


if __name__ == "__main__":
    sys.exit(main())
