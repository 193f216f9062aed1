"""What the wall costs: processor time a photo with it and without it, and the memory of a worker.

    python benchmarks/service_wall.py [--rounds 5] [--photos 200] [--clients 4] [--page FILE]

Two services of the same settings, one with ``NEARFAR_WALL=on``, are asked in turn for the same photos of
512×512 pixels, over and over; the figure is the median of the rounds' ratios of processor time (of the
service, its zygote and its workers), which other programs on the machine change little. Memory: what a worker
holds that nobody shares with it (private pages), and its share of what is shared (PSS), after the last round.
"""

from __future__ import annotations

import argparse
import os
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nearfar_lab.figures import Figure, block, check_page, renew
from service_load import ask, server

_TICK = os.sysconf("SC_CLK_TCK")
_MIB = 1024
MOST_COST, MOST_MIB = 0.08, 60.0


class Costs(NamedTuple):
    """``ratio`` of processor time, with a wall to without; MiB of each worker: private, and PSS."""

    ratio: float
    private_mib: float
    pss_mib: float


def family(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            found += family(int(child))
    return found


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and all that come from it, those that ended with them."""
    total = 0
    for one in family(pid):
        row = Path(f"/proc/{one}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        total += sum(int(part) for part in row[11:15])
    return total / _TICK


def memory_mib(pid: int) -> tuple[float, float]:
    """(private, proportional) MiB of a process."""
    rows = dict(
        line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    )
    of = {name: int(value.split()[0]) / _MIB for name, value in rows.items()}
    return of["Private_Dirty"] + of["Private_Clean"], of["Pss"]


def workers(pid: int) -> list[int]:
    """The processes that a zygote forked: those that come from what comes from the service."""
    return [one for one in family(pid)[1:] if _parent(one) != pid]


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[1])


def measure(rounds: int, count: int, clients: int) -> Costs:
    """Print every round; the figures."""
    ratios = []
    with server({"NEARFAR_WALL": "off"}) as bare, server({"NEARFAR_WALL": "on"}) as walled:
        for service in (bare, walled):
            ask(service.address, clients, most=50)
        for number in range(rounds):
            order = (bare, walled) if number % 2 else (walled, bare)
            took = {}
            for service in order:
                before = cpu_s(service.pid)
                tally = ask(service.address, clients, most=count)
                took[service] = (cpu_s(service.pid) - before) / tally.done
            ratios.append(took[walled] / took[bare])
            told = f"{took[bare] * 1e3:.2f} ms without, {took[walled] * 1e3:.2f} ms with the wall"
            print(f"round {number + 1}: {told}, ratio {ratios[-1]:.3f}")
        held = [memory_mib(pid) for pid in workers(walled.pid)]
    private, pss = (max(row[place] for row in held) for place in (0, 1))
    print(f"ratio {statistics.median(ratios):.3f}; a worker {private:.0f} MiB private, {pss:.0f} MiB PSS")
    return Costs(statistics.median(ratios), private, pss)


def _memory(what: str, mib: float) -> Figure:
    return Figure(what, f"{mib:.0f} MiB", f"at most {MOST_MIB:.0f} MiB", mib <= MOST_MIB)


def main() -> None:
    """Measure, and write into a page where one is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    check_page(given.page, "wall")
    found = measure(given.rounds, given.photos, given.clients)
    if given.page:
        ratio, private, pss = found
        rows = [
            Figure(
                "processor time a photo, with the wall to without",
                f"{ratio:.3f}",
                f"at most {1 + MOST_COST}",
                ratio <= 1 + MOST_COST,
            ),
            _memory("memory of a worker that is its own", private),
            _memory("memory of a worker, shared pages in shares", pss),
        ]
        renew(given.page, "wall", block("python benchmarks/service_wall.py", rows, datetime.now(UTC).date()))


if __name__ == "__main__":
    main()
