"""What the service benchmarks share: pictures, a server in its own process, clients in another.

python benchmarks/service_load.py [ADDRESS SECONDS CLIENTS]     one measurement, by hand
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BOUNDARY = b"nearfar-benchmark"


def photos(count: int = 16, width: int = 512, height: int = 512) -> list[bytes]:
    """JPEG files of about 70 kB (at 512×512) with the detail of photos: blobs of many sizes and noise."""
    return [_photo(seed, width, height) for seed in range(count)]


def _photo(seed: int, width: int, height: int) -> bytes:
    random = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3), np.float32)
    for cells in (3, 9, 27, 81):
        small = Image.fromarray(random.integers(0, 256, (cells, cells, 3), np.uint8))
        pixels += np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 4
    noisy = np.clip(pixels + random.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=90)
    return out.getvalue()


@dataclass(frozen=True)
class Server:
    """A running service."""

    address: str
    pid: int

    def rss_bytes(self) -> int:
        """Memory that its process holds now (resident set size)."""
        fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self) -> float:
        """Processor seconds that its process has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """``nearfar serve`` on a free port, until the block ends; ``settings`` are ``NEARFAR_`` variables."""
    environment = {**os.environ, "NEARFAR_LOG_LEVEL": "warning", **(settings or {})}
    command = [sys.executable, "-m", "nearfar", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        address = next(word for word in line.split() if word.startswith("http"))
        yield Server(address, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def request(photo: bytes, query: str = "") -> bytes:
    """The bytes of one request: multipart, connection kept."""
    head = (
        b'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    )
    body = b"--" + BOUNDARY + b"\r\n" + head + photo + b"\r\n--" + BOUNDARY + b"--\r\n"
    lines = (
        f"POST /v1/depth{query} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Tally:
    """What the clients saw, for how long they asked, and processor seconds that they took themselves."""

    done: int = 0
    refused: int = 0
    failed: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0


class Client(threading.Thread):
    """One client: one request after the other over one connection, until the time is over or none is left.

    It costs as little as it can, since it shares the processors with what is measured: it sleeps in the
    system until an answer is there, and looks at nothing but its status and length.
    """

    def __init__(self, address: str, requests: list[bytes], asked: Iterator[int], until: float) -> None:
        super().__init__(daemon=True)
        place = urlsplit(address)
        self._place = (place.hostname or "", place.port or 80)
        self._requests, self._asked, self._until = requests, asked, until
        self._room = bytearray(2**16)
        self.statuses: Counter[str] = Counter()

    def run(self) -> None:
        """Ask."""
        try:
            with socket.create_connection(self._place) as connection:
                self._ask(connection)
        except OSError as exc:
            self.statuses[f"{exc!r}"] += 1

    def _ask(self, connection: socket.socket) -> None:
        for number in self._asked:
            connection.sendall(self._requests[number % len(self._requests)])
            self.statuses[self._receive(connection)] += 1
            if time.perf_counter() > self._until:
                return

    def _receive(self, connection: socket.socket) -> str:
        got, end = 0, -1
        while end < 0:
            got += self._more(connection, got)
            end = self._room.find(b"\r\n\r\n", 0, got)
        head = self._room[:end].decode("latin-1").lower().split("\r\n")
        whole = end + 4 + next(int(row[15:]) for row in head if row.startswith("content-length:"))
        if whole > len(self._room):
            self._room.extend(bytes(whole - len(self._room)))
        while got < whole:
            got += self._more(connection, got, whole, socket.MSG_WAITALL)
        return head[0].split()[1]

    def _more(self, connection: socket.socket, begin: int, end: int | None = None, flags: int = 0) -> int:
        count = connection.recv_into(memoryview(self._room)[begin:end], 0, flags)
        if not count:
            raise ConnectionResetError("The service closed the connection.")
        return count


def load(
    address: str, requests: list[bytes], clients: int, seconds: float = 1e9, most: int = 1 << 60
) -> Tally:
    """Clients that ask one request after the other, until the time is over or ``most`` were asked."""
    asked = iter(range(most))
    start, cpu_s = time.perf_counter(), time.process_time()
    runners = [Client(address, requests, asked, start + seconds) for _ in range(clients)]
    for client in runners:
        client.start()
    for client in runners:
        client.join()
    found = sum((client.statuses for client in runners), Counter())
    rest = found.total() - found["200"] - found["503"]
    if rest:
        print(dict(found), file=sys.stderr)
    took_s = time.perf_counter() - start
    return Tally(found["200"], found["503"], rest, took_s, time.process_time() - cpu_s)


def ask(address: str, clients: int, seconds: float = 1e9, most: int = 1 << 60) -> Tally:
    """:func:`load` from a process of its own, so that the clients' work is not the service's."""
    command = [sys.executable, __file__, address, str(seconds), str(clients), str(most)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Tally(**json.loads(answer))


def main() -> None:
    """Be the process of the clients; without arguments measure a service of one's own."""
    if len(sys.argv) == 1:
        with server() as service:
            print(ask(service.address, 16, 8))
        return
    address, seconds, clients, *most = sys.argv[1:]
    count = int(most[0]) if most else 1 << 60
    tally = load(address, [request(p) for p in photos()], int(clients), float(seconds), count)
    print(json.dumps(tally.__dict__))


if __name__ == "__main__":
    main()
