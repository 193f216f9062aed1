"""An honest client in a process of its own: how long health and a small photo take while others attack.

``python -m hostile.probe PORT`` asks until its standard input is closed, then writes its times as JSON. It
asks a server that does nothing else (:mod:`hostile.bare`) as often as health: what takes long there too is
the machine's.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

HEALTH_EVERY_S, PHOTO_EVERY_S = 0.05, 0.5
_TIMEOUT_S = 120


@dataclass(frozen=True)
class Times:
    """Seconds of each answer, and how many were refused because the service was full, or failed."""

    health_s: list[float]
    bare_s: list[float]
    photo_s: list[float]
    refused: int
    failed: int

    @staticmethod
    def late(seconds: list[float], share: float = 0.99) -> float:
        """The time within which that share was answered; NaN where nothing was asked."""
        return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))] if seconds else float("nan")


class Probe:
    """Asks beside an attack; ``stop`` gives the times."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hostile.probe", str(port)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> Times:
        """End it; what it saw."""
        told, _ = self._process.communicate()
        return Times(**json.loads(told))


class _Client:
    """One of both clients: what it asks again and again."""

    def __init__(self, port: int, body: bytes | None, every_s: float) -> None:
        self._port, self._body, self._every_s = port, body, every_s
        self.seconds: list[float] = []
        self.refused, self.failed = 0, 0

    def run(self, over: threading.Event) -> None:
        """Until it is over."""
        while not over.wait(self._every_s):
            begin = time.perf_counter()
            try:
                status = self._ask()
            except OSError:
                self.failed += 1
                continue
            if status == 200:
                self.seconds.append(time.perf_counter() - begin)
            elif status == 503:
                self.refused += 1
            else:
                self.failed += 1

    def _ask(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            if self._body is None:
                connection.request("GET", "/healthz")
            else:
                connection.request("POST", "/v1/depth", self._body, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def main() -> None:
    """Ask until standard input ends."""
    from hostile.bare import Bare
    from pictures import draw, encoded

    port, bare = int(sys.argv[1]), Bare()
    clients = [
        _Client(port, None, HEALTH_EVERY_S),
        _Client(bare.port, None, HEALTH_EVERY_S),
        _Client(port, encoded(draw(640, 480), "JPEG", quality=80), PHOTO_EVERY_S),
    ]
    over = threading.Event()
    threads = [threading.Thread(target=client.run, args=(over,)) for client in clients]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    bare.close()
    health, idle, photo = clients
    row = {"health_s": health.seconds, "bare_s": idle.seconds, "photo_s": photo.seconds}
    row |= {"refused": photo.refused}
    json.dump(row | {"failed": health.failed + photo.failed}, sys.stdout)


if __name__ == "__main__":
    main()
