"""Photos a second of the service at saturation, as a share of the bare engine's in the same run.

    python benchmarks/service_throughput.py [--rounds 5] [--seconds 8] [--clients 16]

Bare engine: one process without HTTP; each of its threads takes the bytes of a 512×512 JPEG, decodes them,
estimates depth, colours it and encodes the PNG, again and again: exactly what the service does for a request.
It is measured in three layouts (see LAYOUTS) and the fastest is what the service is compared with. Service:
``nearfar serve`` with its default settings, asked over loopback by 16 clients in a third process, which
compete with it for the same processors. Bare and service take turns, and the figure is the median ratio.

On a machine that does other work too, photos a second say little; the ratio of processor time that a photo
takes, bare to service (without the clients), says what the service itself costs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import replace

import nearfar
from nearfar import api, settings
from nearfar.cpus import usable_cpus
from service_load import ask, photos, server

CPUS = usable_cpus()
LAYOUTS = {  # name: (threads that each do whole photos, threads of one network run)
    "a thread a processor, 1 each": (CPUS, 1),
    f"a thread a processor, {CPUS} shared": (CPUS, CPUS),
    f"one thread, {CPUS} in the network": (1, CPUS),
}


def bare(workers: int, threads: int, seconds: float) -> tuple[float, float]:
    """Photos a second of the bare engine, and processor seconds a photo."""
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

    crew = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    took_s = time.perf_counter() - until + seconds
    return sum(counts) / took_s, (time.process_time() - cpu_s) / sum(counts)


def bare_apart(workers: int, threads: int, seconds: float) -> tuple[float, float]:
    """:func:`bare` in a process of its own."""
    command = [sys.executable, __file__, "--bare", str(workers), str(threads), "--seconds", str(seconds)]
    rate, cpu_s = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return rate, cpu_s


def compare(rounds: int, seconds: float, clients: int) -> tuple[float, float]:
    """Print every round; the median ratios of photos a second and of processor time a photo."""
    ratios, works = [], []
    with server() as service:
        ask(service.address, clients, 2)
        for number in range(rounds):
            rates = {name: bare_apart(*layout, seconds) for name, layout in LAYOUTS.items()}
            best = max(rates, key=lambda name: rates[name])
            cpu_s = service.cpu_s()
            tally = ask(service.address, clients, seconds)
            row = (tally.done / tally.seconds, (service.cpu_s() - cpu_s) / max(1, tally.done))
            ratios.append(row[0] / rates[best][0])
            works.append(min(work_s for _, work_s in rates.values()) / row[1])
            print(f"round {number + 1}: ratio {ratios[-1]:.3f} to '{best}'")
            for name, (rate, work_s) in {"service": row, **rates}.items():
                print(f"  {rate:7.1f} photos/s  {work_s * 1e3:6.1f} ms of processor a photo  {name}")
            if tally.failed or tally.refused:
                print(f"  refused {tally.refused}, failed {tally.failed}")
    return statistics.median(ratios), statistics.median(works)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--bare", type=int, nargs=2, metavar=("WORKERS", "THREADS"))
    given = parser.parse_args()
    if given.bare:
        print(json.dumps(bare(*given.bare, given.seconds)))
        return
    ratio, work = compare(given.rounds, given.seconds, given.clients)
    print(f"median ratio {ratio:.3f} (goal: 0.90 or more); of processor time a photo {work:.3f}")


if __name__ == "__main__":
    main()
