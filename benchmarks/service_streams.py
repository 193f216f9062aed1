"""How the service best shares out the processors for the embedded network: streams, threads, batches.

    python benchmarks/service_streams.py [--rounds 3] [--seconds 2]

A stream is a thread that does whole photos, as the service's workers do: the bytes of a 512×512 JPEG are
decoded, depth is estimated, coloured and encoded as PNG. The layouts take turns within each round, and each
round begins with another one; the figures of a layout are the medians, over the rounds, of its photos a
second and of its processor time a photo, each divided by that of the first layout in the same round. On a
machine that does other work too only the second says something. A batch is so many photos of equal size in
one run of the network; each stream decodes and encodes its own batch.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from dataclasses import dataclass, replace

import nearfar
from nearfar import api, settings
from nearfar.machine.cpus import usable_cpus
from service_load import photos

CPUS = usable_cpus()


@dataclass(frozen=True)
class Layout:
    """``streams`` threads do photos, ``threads`` run within the network, ``batch`` photos go in at once."""

    streams: int
    threads: int
    batch: int = 1

    def __str__(self) -> str:
        many = f"batches of {self.batch}" if self.batch > 1 else "one by one"
        return f"{self.streams} streams x {self.threads} threads, {many}"


LAYOUTS = tuple(
    dict.fromkeys(
        [
            Layout(CPUS, 1),  # what the service does
            Layout(1, 1),
            Layout(1, CPUS),
            Layout(2, 1),
            Layout(2, CPUS),
            Layout(1, CPUS, 4),
            Layout(CPUS, 1, 4),
            Layout(CPUS, 1, 8),
        ]
    )
)


def measure(layout: Layout, files: list[bytes], seconds: float) -> tuple[float, float]:
    """Photos a second, and processor seconds a photo."""
    model = api.load(settings=replace(settings.load(), threads=layout.threads))
    model.estimate_batch(files[: layout.batch])
    counts = [0] * layout.streams
    begin, cpu_s = time.perf_counter(), time.process_time()

    def work(number: int) -> None:
        place = number * layout.batch
        while time.perf_counter() < begin + seconds:
            chosen = [files[(place + k) % len(files)] for k in range(layout.batch)]
            maps = model.estimate_batch(chosen) if layout.batch > 1 else [model.estimate(chosen[0])]
            for depth in maps:
                nearfar.heatmap(depth).encoded(".png")
            counts[number] += layout.batch
            place += layout.streams * layout.batch

    runners = [threading.Thread(target=work, args=(number,)) for number in range(layout.streams)]
    for thread in runners:
        thread.start()
    for thread in runners:
        thread.join()
    took_s = time.perf_counter() - begin
    return sum(counts) / took_s, (time.process_time() - cpu_s) / sum(counts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    given = parser.parse_args()
    files, found = photos(), {layout: [] for layout in LAYOUTS}
    for number in range(given.rounds):
        first = number % len(LAYOUTS)
        for layout in (*LAYOUTS[first:], *LAYOUTS[:first]):
            found[layout].append(measure(layout, files, given.seconds))
    for layout, rows in found.items():
        pairs = list(zip(rows, found[LAYOUTS[0]], strict=True))
        rate = statistics.median(row[0] / base[0] for row, base in pairs)
        work = statistics.median(row[1] / base[1] for row, base in pairs)
        cpu_ms = statistics.median(row[1] for row in rows) * 1e3
        print(f"photos/s {rate:5.2f}  processor time {work:5.2f} ({cpu_ms:4.1f} ms a photo)  {layout}")


if __name__ == "__main__":
    main()
