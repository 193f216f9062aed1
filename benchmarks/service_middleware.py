"""What every request pays before and after its route: frame, proxies, names, origins, access, limits.

python benchmarks/service_middleware.py [SECONDS]

GET /healthz runs in this process, without sockets, through the application as it is served with everything
switched on (keys, rates, limits at once, named hosts, origins, trusted proxies, log lines to nowhere), and
through one whose layers are taken away. Both take turns, and processor time of this thread is what counts: on
a machine that does nothing else it is the time that a client waits longer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from nearfar.keys import KeyFile
from nearfar.machine.cpus import usable_cpus
from nearfar.service import create_app
from nearfar.service.watch.logs import set_up
from nearfar.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

ROUND = 200
"""Requests of one turn; a turn's time over this is one reading."""
PATHS = {"/healthz": 200, "/v1/nothing": 404}
"""An open address, and one that needs a key and counts, with the status that the routes answer."""


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stderr, shown = nowhere, sys.stderr
        set_up("info", "json")
        sys.stderr = shown
        file = KeyFile(Path(folder) / "keys.json")
        keys = [file.add(f"key {number}", ["infer", "jobs"])[1] for number in range(100)]
        app, routes = create_app(_settings(folder)), create_app(_settings(folder))
        routes.user_middleware.clear()  # before its first request: nothing is left around the routes
        print(f"{usable_cpus()} processors, in-process, no sockets; 100 keys; all limits on\n")
        print(f"{'address':12}{'all layers':>14}{'routes alone':>14}{'layers':>12}")
        for path in PATHS:
            whole, bare = asyncio.run(_compare(app, routes, _scope(path, keys[50]), seconds / len(PATHS)))
            print(f"{path:12}{_us(whole):>14}{_us(bare):>14}{_us(whole - bare):>12}")
    logging.shutdown()


def _settings(folder: str) -> Settings:
    return Settings(
        engine="fake",
        home=folder,
        hosts="depth.example,*.example",
        origins="https://a.example",
        proxies="10.0.0.0/8",
        rate_per_minute=1_000_000,
        rate_burst=100_000,
        concurrency=100,
    )


def _scope(path: str, key: str) -> dict[str, Any]:
    """A request as a browser behind a proxy sends it."""
    headers = {
        "host": "depth.example",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "accept": "*/*",
        "accept-language": "en-GB,en;q=0.5",
        "accept-encoding": "gzip, deflate, br",
        "origin": "https://a.example",
        "sec-fetch-site": "cross-site",
        "x-forwarded-for": "192.0.2.7, 10.1.1.1",
        "x-forwarded-proto": "https",
        "authorization": f"Bearer {key}",
    }
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "client": ("10.2.2.2", 4711),
        "server": ("127.0.0.1", 8080),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def _compare(
    app: ASGIApp, routes: ASGIApp, scope: dict[str, Any], seconds: float
) -> tuple[float, float]:
    """Median processor seconds of a request through the whole application, and without its layers."""
    whole: list[float] = []
    bare: list[float] = []
    for side in (app, routes):
        if (status := await _status(side, scope)) != PATHS[scope["path"]]:
            raise SystemExit(f"The benchmark's own request is answered with {status}.")
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        whole.append(await _turn(app, scope, ROUND))
        bare.append(await _turn(routes, scope, ROUND))
    return median(whole), median(bare)


async def _turn(app: ASGIApp, scope: dict[str, Any], count: int) -> float:
    start = time.thread_time()
    for _ in range(count):
        await app({**scope, "headers": list(scope["headers"]), "state": {}}, _receive, _drop)
    return (time.thread_time() - start) / count


async def _status(app: ASGIApp, scope: dict[str, Any]) -> int:
    found: list[int] = []

    async def send(message: Any) -> None:
        found.append(message.get("status", 0))

    await app({**scope, "headers": list(scope["headers"]), "state": {}}, _receive, send)
    return found[0]


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(message: Any) -> None:
    """Take a message of the application, and do nothing with it."""


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


if __name__ == "__main__":
    main()
