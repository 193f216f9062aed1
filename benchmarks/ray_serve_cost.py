"""What Ray Serve costs: processor time a photo of the plain service, and of each process behind Ray Serve.

    python benchmarks/ray_serve_cost.py [--photos 200]

Processor time, not time on the clock, so that a busy machine does not matter. The plain service and then the
one behind Ray Serve (a cluster of this machine alone) are sent the same photos of 512×512 by four clients.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import httpx

from nearfar.scale.serve import NAME, serving
from nearfar.scale.serve_options import read_options
from service_load import photos, server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLIENTS = 4
WARM = 20
PARTS = {
    "service": f"ray::ServeReplica:{NAME}:service",
    "network": f"ray::ServeReplica:{NAME}:embedded",
    "proxy": "ray::ProxyActor",
    "controller": "ray::ServeController",
}
"""Processes of Ray Serve by the beginning of their titles."""


def processor_s(begin: str) -> float:
    """Seconds of a processor that processes with such a title have taken."""
    rows = subprocess.run(
        ["ps", "-eo", "cputimes,pid,args"], capture_output=True, text=True, check=True
    ).stdout
    words = [row.split(None, 2) for row in rows.splitlines()[1:]]
    return sum(seconds_of(int(pid)) for _, pid, title in words if title.startswith(begin))


def seconds_of(pid: int) -> float:
    """Seconds of a processor that a process has taken, to the hundredth."""
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - no file of ours
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(url: str, bodies: Sequence[bytes], parts: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Milliseconds of a processor a photo, by part."""
    with httpx.Client(base_url=url, timeout=120) as client, ThreadPoolExecutor(CLIENTS) as pool:

        def ask(body: bytes) -> None:
            answer = client.post("/v1/depth", content=body, headers={"Content-Type": "image/jpeg"})
            answer.raise_for_status()

        list(pool.map(ask, bodies[:WARM]))
        before = {name: read() for name, read in parts.items()}
        list(pool.map(ask, bodies))
    return {name: (read() - before[name]) / len(bodies) * 1e3 for name, read in parts.items()}


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def plain(bodies: Sequence[bytes], home: str) -> dict[str, float]:
    """Of the plain service."""
    with server({"NEARFAR_HOME": home}) as running:
        return measure(running.address, bodies, {"plain": partial(seconds_of, running.pid)})


def behind_ray(bodies: Sequence[bytes], home: str) -> dict[str, float]:
    """Of the processes behind Ray Serve."""
    settings = {"home": home, "host": "127.0.0.1", "log_level": "warning"}
    options = read_options({"settings": settings, "networks": {"embedded": {"most": 1}}})
    with serving(options, free_port()) as url:
        return measure(url, bodies, {name: partial(processor_s, title) for name, title in PARTS.items()})


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, default=200)
    count = parser.parse_args().photos
    bodies = photos(count, 512, 512)
    with tempfile.TemporaryDirectory() as home:
        found = plain(bodies, home) | behind_ray(bodies, home)
    for name, each in found.items():
        print(f"{name}: {each:.1f} ms of a processor a photo")
    print(f"behind Ray Serve together: {sum(found.values()) - found['plain']:.1f} ms")


if __name__ == "__main__":
    main()
