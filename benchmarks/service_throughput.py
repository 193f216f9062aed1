"""Photos a second of the service at saturation, as a share of the bare engine's in the same run.

    python benchmarks/service_throughput.py [--rounds 5] [--seconds 8] [--clients 16] [--check] [--page FILE]

Bare engine: one process without HTTP; each of its threads takes the bytes of a 512×512 JPEG, decodes them,
estimates depth, colours it and encodes the PNG, again and again: exactly what the service does for a request.
It is measured in four layouts (see LAYOUTS) and the fastest is what the service is compared with. Service:
``nearfar serve`` with its default settings, asked over loopback by 16 clients in a third process, which
compete with it for the same processors. Bare and service take turns, and the figure is the median ratio.

On a machine that does other work too, photos a second say little (on Linux the service's threads give way to
other programs by five steps of niceness, the bare engine's do not); the ratio of processor time that a photo
takes, bare to service, says what the service itself costs: without the clients, and with what they take of
the same processors. ``--page`` renews the block "throughput" of a page.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import astuple, dataclass, replace
from datetime import date
from pathlib import Path

import cv2

import nearfar
from nearfar import api, settings
from nearfar.machine.cpus import usable_cpus
from nearfar_lab.figures import Figure, block, check_page, renew
from service_load import Tally, ask, photos, server
from steady import conditions, refusal

Rates = dict[str, tuple[float, float]]
"""Layout to photos a second and processor seconds a photo."""
GOAL = 0.92
CPUS = usable_cpus()
LAYOUTS = {  # name: (threads that each do whole photos, threads of one network run, helpers of OpenCV)
    "a thread a processor, 1 each": (CPUS, 1, 1),
    f"a thread a processor, {CPUS} helpers": (CPUS, 1, CPUS),
    f"a thread a processor, {CPUS} shared": (CPUS, CPUS, CPUS),
    f"one thread, {CPUS} in the network": (1, CPUS, CPUS),
}


def bare(workers: int, threads: int, helpers: int, seconds: float) -> tuple[float, float]:
    """Photos a second of the bare engine, and processor seconds a photo."""
    cv2.setNumThreads(helpers)
    model = api.load(settings=replace(settings.load(), threads=threads))
    files = photos()
    nearfar.heatmap(model.estimate(files[0])).encoded(".png")
    counts = [0] * workers
    until, cpu_s = time.perf_counter() + seconds, time.process_time()

    def work(number: int) -> None:
        place = number
        while True:
            nearfar.heatmap(model.estimate(files[place % len(files)])).encoded(".png")
            counts[number] += 1
            if time.perf_counter() > until:
                return
            place += workers

    runners = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in runners:
        thread.start()
    for thread in runners:
        thread.join()
    took_s = time.perf_counter() - until + seconds
    return sum(counts) / took_s, (time.process_time() - cpu_s) / sum(counts)


def bare_apart(layout: tuple[int, int, int], seconds: float) -> tuple[float, float]:
    """:func:`bare` in a process of its own."""
    command = [sys.executable, __file__, "--seconds", str(seconds), "--bare", *map(str, layout)]
    rate, cpu_s = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return rate, cpu_s


@dataclass(frozen=True)
class Shares:
    """Of photos a second, service to bare engine; of processor time a photo, bare engine to service."""

    rate: float
    work: float
    work_with_clients: float


def compare(rounds: int, seconds: float, clients: int) -> list[Shares]:
    """Print every round; its shares."""
    found = []
    with server() as service:
        ask(service.address, clients, 2)
        for number in range(rounds):
            rates = {name: bare_apart(layout, seconds) for name, layout in LAYOUTS.items()}
            cpu_s = service.cpu_s()
            tally = ask(service.address, clients, seconds)
            work_s = (service.cpu_s() - cpu_s) / max(1, tally.done)
            found.append(_shares(rates, tally, work_s))
            _print_round(number, rates, tally, work_s)
    return found


def median(rounds: list[Shares]) -> Shares:
    """Of all rounds."""
    return Shares(*(statistics.median(row[i] for row in map(astuple, rounds)) for i in range(3)))


def refused(rounds: list[Shares]) -> str:
    """Why the rounds tell nothing: their halves differ. Else nothing."""
    return refusal(
        {
            "the share of photos a second": [row.rate for row in rounds],
            "the share of processor time": [row.work for row in rounds],
        }
    )


def _shares(rates: Rates, tally: Tally, work_s: float) -> Shares:
    least_s = min(bare_s for _, bare_s in rates.values())
    with_clients_s = work_s + tally.cpu_s / max(1, tally.done)
    best = max(rate for rate, _ in rates.values())
    return Shares(tally.done / tally.seconds / best, least_s / work_s, least_s / with_clients_s)


def _print_round(number: int, rates: Rates, tally: Tally, work_s: float) -> None:
    own = {"service": (tally.done / tally.seconds, work_s)}
    print(f"round {number + 1}: ratio {_shares(rates, tally, work_s).rate:.3f}")
    for name, (rate, one_s) in {**own, **rates}.items():
        print(f"  {rate:7.1f} photos/s  {one_s * 1e3:6.2f} ms of processor a photo  {name}")
    print(
        f"           {tally.cpu_s / max(1, tally.done) * 1e3:15.2f} ms of processor a photo  clients",
        flush=True,
    )
    if tally.failed or tally.refused:
        print(f"  refused {tally.refused}, failed {tally.failed}")


def figures(shares: Shares) -> list[Figure]:
    """The rows of the page."""
    what = "of the bare engine, in the same run"
    return [
        Figure(f"photos a second at saturation {what}", f"{shares.rate:.3f}", f"{GOAL}", shares.rate >= GOAL),
        Figure(f"processor time a photo {what}", f"{shares.work:.3f}"),
        Figure("the same with the clients, on the same processors", f"{shares.work_with_clients:.3f}"),
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--bare", type=int, nargs=3, metavar=("WORKERS", "THREADS", "HELPERS"))
    parser.add_argument("--check", action="store_true", help="end with 1 where the goal is missed")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    check_page(given.page, "throughput")
    if given.bare:
        print(json.dumps(bare(*given.bare, given.seconds)))
        return 0
    found = compare(given.rounds, given.seconds, given.clients)
    rows = figures(median(found))
    under = conditions({"threads": CPUS, "clients": given.clients, "rounds": given.rounds})
    today = date.today()  # noqa: DTZ011 - the user's day
    text = block("python benchmarks/service_throughput.py", rows, today, under)
    print(text)
    if reason := refused(found):
        print(reason)
        return int(given.check)
    if given.page:
        renew(given.page, "throughput", text)
    return int(given.check and not all(row.is_met for row in rows))


if __name__ == "__main__":
    sys.exit(main())
