"""What happens when far more is asked than the service can do: nothing breaks, nobody waits in vain.

    python benchmarks/service_overload.py [--clients 1,16,64,256] [--seconds 20] [--queue 32] [--check]
                                          [--page FILE]

``nearfar serve`` with a queue of 32 is asked by so many clients at once, each over a connection of its
own, one request after the other. Of a hundred requests 10 are broken, 5 are left by their client before
the answer, 3 send their photo slowly; the others are photos of five sizes. Who is refused comes again
after half a second to a second. Beside them, in a process of its own, one client asks ``/healthz`` twenty
times a second.

A time counts from the last byte sent to the last byte received; of slow uploads none is counted. The
goals: 99 of 100 accepted photos within 3 × queue × service time (the service time is that of one photo at
saturation: one over photos a second), half of the refusals within 50 ms, 99 of 100 health answers within
20 ms. The clients share the processors with the service and are slow themselves when there are many; so
the service is asked too how long its refusals took, from first byte to last (``/metrics``). ``--check`` ends
with 1 where a goal is missed; a wrong answer ends with 1 in any case. ``--page`` renews the block "load"
of a page. Of a service that runs already:

    python benchmarks/service_overload.py --address URL --clients 64 --requests 400
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import itertools
import json
import multiprocessing
import random
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nearfar.machine.cpus import usable_cpus
from nearfar_lab.figures import Figure, block, check_page, renew
from service_load import BOUNDARY, photos, request, server
from steady import conditions, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection as Pipe

SIZES = ((256, 256), (512, 512), (640, 480), (1024, 768), (1600, 1200))
BROKEN, LEAVING, SLOW, GOOD = "broken", "leaving", "slow", "good"
SHARES = {BROKEN: 10, LEAVING: 5, SLOW: 3, GOOD: 82}
"""Requests of each kind in a hundred."""
SLOW_PIECES, SLOW_PAUSE_S, LEAVES_AFTER_S = 5, 0.2, 0.05
REFUSED = "503"
Buckets = dict[float, float]
"""Upper end of a bucket, in seconds, to how many took no longer."""
_LOST = (ConnectionError, asyncio.IncompleteReadError)


@dataclass(frozen=True)
class Ask:
    """One request: its bytes, the statuses that are right (beside 503), the width of the answer."""

    kind: str
    data: bytes
    statuses: frozenset[str]
    width: int = 0


@dataclass
class Seen:
    """What the clients of one run saw."""

    counts: dict[str, int] = field(default_factory=dict)
    accepted_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    done_at: list[float] = field(default_factory=list)
    """When each photo was answered, on the clock of ``time.perf_counter``."""
    seconds: float = 0.0
    service_refused_s: float = 0.0
    """Median time of a refusal as the service itself has it."""

    def count(self, kind: str, status: str) -> None:
        """One more of a kind that ended so."""
        self.counts[f"{kind} {status}"] = self.counts.get(f"{kind} {status}", 0) + 1

    @property
    def photos_per_s(self) -> float:
        """Photos that were answered, each second."""
        done = sum(count for key, count in self.counts.items() if key in {f"{GOOD} 200", f"{SLOW} 200"})
        return done / max(self.seconds, 1e-9)


def asks(seed: int = 0) -> list[Ask]:
    """A hundred requests in the shares of :data:`SHARES`, in an order that is always the same."""
    mix = random.Random(seed)  # noqa: S311 - the same requests every time
    pictures = [(photo, width) for width, height in SIZES for photo in photos(2, width, height)]
    kinds = [kind for kind, share in SHARES.items() for _ in range(share)]
    mix.shuffle(kinds)
    return [_ask(kind, *mix.choice(pictures), number) for number, kind in enumerate(kinds)]


def _ask(kind: str, photo: bytes, width: int, number: int) -> Ask:
    if kind != BROKEN:
        return Ask(kind, request(photo), frozenset({"200"}), width)
    ways = (
        (request(photo[: len(photo) // 3]), {"400"}),  # breaks off in the middle
        (request(b"no picture at all " * 40), {"415"}),
        (request(photo, "?colormap=none"), {"422"}),
        (request(photo).replace(b'name="image"', b'name="other"'), {"422"}),
        (
            request(photo).replace(b"\r\n--" + BOUNDARY + b"--", b"\r\n--" + b"x" * len(BOUNDARY) + b"--"),
            {"400"},
        ),
    )
    data, statuses = ways[number % len(ways)]
    return Ask(kind, data, frozenset(statuses))


class Client:
    """One client with a connection of its own, opened anew whenever it was closed."""

    def __init__(self, address: str, seen: Seen, seed: int) -> None:
        place = urlsplit(address)
        self._host, self._port = place.hostname or "", place.port or 80
        self._seen = seen
        self._mix = random.Random(seed)  # noqa: S311 - the same waits every time
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def work(self, todo: Iterator[Ask], until: float) -> None:
        """One request after the other until none is left or the time is over."""
        for ask in todo:
            if await self._one(ask) == REFUSED:
                await asyncio.sleep(self._mix.uniform(0.5, 1.0))
            if time.perf_counter() > until:
                break
        self._hang_up()

    async def get(self, path: str) -> tuple[str, bytes]:
        """Status and body of an address."""
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        await self._send(Ask("", head, frozenset()))
        status, _, body = await self._receive()
        return status, body

    async def _one(self, ask: Ask) -> str:
        try:
            begin = await self._send(ask)
            if ask.kind == LEAVING:
                await asyncio.sleep(LEAVES_AFTER_S)
                self._hang_up()
                self._seen.count(ask.kind, "left")
                return ""
            status, headers, body = await self._receive()
        except _LOST as exc:
            self._hang_up()
            self._seen.count(ask.kind, "lost")
            self._seen.wrong.append(f"{ask.kind}: connection lost: {exc!r}")
            return ""
        self._judge(ask, status, headers, body)
        took_s = time.perf_counter() - begin
        if status == "200":
            self._seen.done_at.append(time.perf_counter())
        if status == REFUSED:
            self._seen.refused_s.append(took_s)
        elif ask.kind == GOOD:
            self._seen.accepted_s.append(took_s)
        if headers.get("connection") == "close":
            self._hang_up()
        return status

    async def _send(self, ask: Ask) -> float:
        """The time when the last byte was given to the system."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=2**22)
        count = SLOW_PIECES if ask.kind == SLOW else 1
        step = -(-len(ask.data) // count)
        for place in range(0, len(ask.data), step):
            self._writer.write(ask.data[place : place + step])
            if ask.kind == SLOW:
                await asyncio.sleep(SLOW_PAUSE_S)
        return time.perf_counter()

    async def _receive(self) -> tuple[str, dict[str, str], bytes]:
        if self._reader is None:
            raise ConnectionResetError("not connected")
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return head[0].split()[1], headers, body

    def _judge(self, ask: Ask, status: str, headers: dict[str, str], body: bytes) -> None:
        self._seen.count(ask.kind, status)
        if status == "200":
            is_right = body.startswith(b"\x89PNG") and headers.get("nearfar-width") == str(ask.width)
        elif status == REFUSED:
            is_right = int(headers.get("retry-after", "0")) >= 1
        else:
            is_right = b'"type"' in body
        if not is_right or status not in ask.statuses | {REFUSED}:
            self._seen.wrong.append(f"{ask.kind}: {status} {body[:200]!r}")

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None


async def refusals(address: str) -> Buckets:
    """How long the service's refusals took so far, as it tells itself."""
    _, body = await Client(address, Seen(), 0).get("/metrics")
    rows = re.findall(rb'nearfar_rejection_seconds_bucket\{le="([^"]+)",reason="busy"\} (\S+)', body)
    return {float(end): float(count) for end, count in rows}


def median_of(before: Buckets, after: Buckets) -> float:
    """Seconds within which half of what came between ended, on a straight line within its bucket."""
    counts = {end: count - before.get(end, 0) for end, count in sorted(after.items())}
    half, begin, below = max(counts.values(), default=0) / 2, 0.0, 0.0
    for end, count in counts.items():
        if count >= half > 0:
            return end if end == float("inf") else begin + (end - begin) * (half - below) / (count - below)
        begin, below = end, count
    return 0.0


async def crowd(
    address: str, seen: Seen, clients: int, seconds: float = 1e9, most: int | None = None
) -> None:
    """So many clients, until the time is over or ``most`` requests were asked."""
    hundred = asks()
    todo = itertools.islice(itertools.cycle(hundred), most)
    before = await refusals(address)
    begin = time.perf_counter()
    runners = [Client(address, seen, number).work(todo, begin + seconds) for number in range(clients)]
    await asyncio.gather(*runners)
    seen.seconds = time.perf_counter() - begin
    seen.service_refused_s = median_of(before, await refusals(address))


@contextlib.contextmanager
def health(address: str, seen: Seen) -> Iterator[None]:
    """Meanwhile ``/healthz`` is asked from a process of its own: the crowd's work does not hold it up."""
    ours, theirs = multiprocessing.Pipe()
    asking = multiprocessing.Process(target=_ask_for_health, args=(address, theirs), daemon=True)
    asking.start()
    ours.recv()
    yield
    ours.send("enough")
    times, wrong = ours.recv()
    seen.health_s += times
    seen.wrong += [f"health: {status}" for status in wrong]
    asking.join()


def _ask_for_health(address: str, pipe: Pipe) -> None:
    place = urlsplit(address)
    client = http.client.HTTPConnection(place.hostname or "", place.port)
    times, wrong = [], []
    pipe.send("ready")
    while not pipe.poll(0.05):
        begin = time.perf_counter()
        client.request("GET", "/healthz")
        answer = client.getresponse()
        answer.read()
        times.append(time.perf_counter() - begin)
        wrong += [answer.status] if answer.status != 200 else []
    pipe.send((times, wrong))


def share(values: list[float], percent: int) -> float:
    """The value that so many percent do not exceed; 0 where there are none."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)] if values else 0.0


def halves(seen: Seen) -> list[float]:
    """Photos answered in the first and in the second half of a run: refused where they differ."""
    if not seen.done_at:
        return []
    middle = (min(seen.done_at) + max(seen.done_at)) / 2
    first = sum(at <= middle for at in seen.done_at)
    return [float(first), float(max(1, len(seen.done_at) - first))]


def report(clients: int, queue: int, seen: Seen) -> dict[str, Any]:
    """The figures of one run, and whether they reach the goals."""
    limit_s = 3 * queue / max(seen.photos_per_s, 1e-9)
    figures = {
        "clients": clients,
        "photos_per_s": round(seen.photos_per_s, 2),
        "accepted_p99_s": round(share(seen.accepted_s, 99), 3),
        "accepted_limit_s": round(limit_s, 3),
        "refused_median_ms": round(statistics.median(seen.refused_s or [0]) * 1e3, 1),
        "refused_median_ms_of_service": round(seen.service_refused_s * 1e3, 1),
        "health_p99_ms": round(share(seen.health_s, 99) * 1e3, 1),
        "counts": dict(sorted(seen.counts.items())),
        "wrong": seen.wrong[:10],
        "halves": halves(seen),
    }
    figures["is_good"] = (
        not seen.wrong
        and figures["accepted_p99_s"] <= limit_s
        and figures["refused_median_ms"] <= 50
        and figures["health_p99_ms"] <= 20
    )
    return figures


def figures(row: dict[str, Any]) -> list[Figure]:
    """One run's rows of the page."""
    who = f"{row['clients']} clients"
    late_s, limit_s = row["accepted_p99_s"], row["accepted_limit_s"]
    refused = (
        f"{row['refused_median_ms']:g} ms; {row['refused_median_ms_of_service']:g} ms within the service"
    )
    told = [
        Figure(f"{who}: photos a second (clients rest between photos)", f"{row['photos_per_s']:g}"),
        Figure(
            f"{who}: 99 of 100 accepted photos within", f"{late_s:g} s", f"{limit_s:g} s", late_s <= limit_s
        ),
        Figure(f"{who}: half of the refusals within", refused, "50 ms", row["refused_median_ms"] <= 50),
        Figure(
            f"{who}: 99 of 100 health answers within",
            f"{row['health_p99_ms']:g} ms",
            "20 ms",
            row["health_p99_ms"] <= 20,
        ),
        Figure(f"{who}: wrong answers", f"{len(row['wrong'])} of {sum(row['counts'].values()):,}", "none"),
    ]
    has_refusals = any(key.endswith(REFUSED) for key in row["counts"])
    return [figure for figure in told if has_refusals or "refusals" not in figure.what]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", default="1,16,64,256")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--queue", type=int, default=32)
    parser.add_argument("--address", default="")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    check_page(given.page, "load")
    rows = []
    with contextlib.ExitStack() as stack:
        address = given.address
        if not address:
            address = stack.enter_context(server({"NEARFAR_QUEUE": str(given.queue)})).address
        for clients in map(int, given.clients.split(",")):
            seconds = 1e9 if given.requests else given.seconds
            seen = Seen()
            with health(address, seen):
                asyncio.run(crowd(address, seen, clients, seconds, given.requests))
            rows.append(report(clients, given.queue, seen))
            print(json.dumps(rows[-1]), flush=True)
    told = [figure for row in rows for figure in figures(row)]
    under = conditions({"threads": usable_cpus(), "seconds a row": given.seconds, "runs": 1})
    today = date.today()  # noqa: DTZ011 - the user's day
    text = block("python benchmarks/service_overload.py", told, today, under)
    print(text)
    is_wrong = any(row["wrong"] for row in rows)
    if reason := refusal({f"photos of {row['clients']} clients": row["halves"] for row in rows}):
        print(reason)
        return int(is_wrong or given.check)
    if given.page:
        renew(given.page, "load", text)
    return int(is_wrong or (given.check and not all(row["is_good"] for row in rows)))


if __name__ == "__main__":
    sys.exit(main())
