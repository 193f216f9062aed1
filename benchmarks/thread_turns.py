"""How long the event loop waits for its turn beside busy workers, by Python's switch interval.

    python benchmarks/thread_turns.py [--rounds 5] [--seconds 2]

Two threads work on photos as the service's workers do. Every 20 ms the main thread sends and takes a byte
three times, as for a small request: each time it gives up its turn and has to get it back. The intervals
take turns.
"""

from __future__ import annotations

import argparse
import itertools
import socket
import sys
import threading
import time
from dataclasses import dataclass, field, replace

import nearfar
from nearfar import api, settings
from nearfar.machine import allocator
from service_load import photos

INTERVALS_MS = (5.0, 1.0, 0.25)
WORKERS = 2


@dataclass
class Row:
    """What was seen with one interval."""

    waits_s: list[float] = field(default_factory=list)
    photos: int = 0
    cpu_s: float = 0.0


class Runners:
    """The workers; ``done`` counts their photos."""

    def __init__(self) -> None:
        self.done = 0
        self._end = threading.Event()
        self._model = api.load(settings=replace(settings.load(), threads=1))
        self._files = itertools.cycle(photos(8))
        self._threads = [threading.Thread(target=self._work) for _ in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while not self._end.is_set():
            nearfar.heatmap(self._model.estimate(next(self._files))).encoded(".png")
            self.done += 1

    def close(self) -> None:
        """Stop."""
        self._end.set()
        for thread in self._threads:
            thread.join()


def measure(runners: Runners, row: Row, seconds: float) -> None:
    """Add what is seen for so many seconds."""
    ours, theirs = socket.socketpair()
    done, cpu_s, until = runners.done, time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < until:
        time.sleep(0.02)
        begin = time.perf_counter()
        for _ in range(3):
            ours.send(b"x")
            theirs.recv(1)
        row.waits_s.append(time.perf_counter() - begin)
    row.photos += runners.done - done
    row.cpu_s += time.process_time() - cpu_s
    ours.close()
    theirs.close()


def main() -> None:
    """Measure and print, a line an interval in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    given = parser.parse_args()
    allocator.tune()
    rows = {interval: Row() for interval in INTERVALS_MS}
    runners = Runners()
    for number in range(given.rounds):
        for interval in INTERVALS_MS if number % 2 else INTERVALS_MS[::-1]:
            sys.setswitchinterval(interval / 1e3)
            measure(runners, rows[interval], given.seconds)
    runners.close()
    for interval, row in rows.items():
        waits = sorted(row.waits_s)
        half, most = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.99))
        cost = row.cpu_s / max(row.photos, 1) * 1e3
        print(f"{interval:5.2f} ms: median {half:.2f} ms, 99 % {most:.2f} ms, {cost:.1f} ms CPU a photo")


if __name__ == "__main__":
    main()
