"""What the service benchmarks share: pictures, a server in its own process, clients in another.

python benchmarks/service_load.py [ADDRESS SECONDS CLIENTS]     one measurement, by hand
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
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
    """What the clients saw, and for how long they asked."""

    done: int = 0
    refused: int = 0
    failed: int = 0
    seconds: float = 0.0


async def load(
    address: str, requests: list[bytes], clients: int, seconds: float = 1e9, most: int = 1 << 60
) -> Tally:
    """Clients that ask one request after the other, until the time is over or ``most`` were asked."""
    tally = Tally()
    asked = iter(range(most))
    start = time.perf_counter()
    until = start + seconds
    await asyncio.gather(*(_client(address, requests, asked, until, tally) for _ in range(clients)))
    tally.seconds = time.perf_counter() - start
    return tally


async def _client(
    address: str, requests: list[bytes], asked: Iterator[int], until: float, tally: Tally
) -> None:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    for number in asked:
        writer.write(requests[number % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        await reader.readexactly(length)
        status = lines[0].split()[1]
        tally.done += status == "200"
        tally.refused += status == "503"
        tally.failed += status not in {"200", "503"}
        if time.perf_counter() > until:
            break
    writer.close()


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
    tally = asyncio.run(load(address, [request(p) for p in photos()], int(clients), float(seconds), count))
    print(json.dumps(tally.__dict__))


if __name__ == "__main__":
    main()
