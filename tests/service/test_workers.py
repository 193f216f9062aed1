"""``nearfar serve --workers``: several processes, one port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from nearfar.service import workers
from nearfar.service.workers import cpu_sets
from serving import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.mark.parametrize(
    ("cpus", "count", "sets"),
    [
        ([0, 1, 2, 3], 2, [{0, 1}, {2, 3}]),
        ([0, 2, 4, 6, 8], 2, [{0, 2, 4}, {6, 8}]),
        ([5], 1, [{5}]),
        ([0, 1], 3, [set(), set(), set()]),
    ],
)
def test_processors_are_shared_out_without_overlap(cpus, count, sets) -> None:
    """Neighbours together, sizes differ by one at most; with too few processors nobody is bound."""
    assert cpu_sets(cpus, count) == sets


def processes(parent: int) -> list[int]:
    """The processes that serve."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text(encoding="ascii").rpartition(")")[2].split()
            words = (status.parent / "cmdline").read_text(encoding="utf-8")
            if int(fields[1]) == parent and fields[0] != "Z" and "spawn_main" in words:
                found.append(int(status.parent.name))
    return sorted(found)


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        return state != "Z"
    return False


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service of two workers, and its address; the last test ends it."""
    environment = {**os.environ, "NEARFAR_ENGINE": "fake", "NEARFAR_DRAIN_TIMEOUT": "20"}
    environment["NEARFAR_HOME"] = str(tmp_path_factory.mktemp("home"))
    command = [sys.executable, "-m", "nearfar", "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        process.address = next(word for word in line.split() if word.startswith("http"))
        yield process
        left = processes(process.pid)
        process.kill()
        for pid in left:
            until(lambda pid=pid: not is_alive(pid), 60)  # a worker ends when its parent is gone


def test_whichever_worker_is_asked_tells_the_metrics_of_all(service) -> None:
    """Each sample carries its worker, and the sums are those of the service."""
    for _ in range(10):
        assert httpx.get(f"{service.address}/v1/models", timeout=30).status_code == 200

    def counted() -> float:
        told = httpx.get(f"{service.address}/metrics", timeout=30).text
        rows = [row for f in text_string_to_metric_families(told) for row in f.samples]
        assert {row.labels["worker"] for row in rows if row.name == "nearfar_build_info"} == {"0", "1"}
        asked = {"route": "/v1/models", "method": "GET", "status": "200"}
        return sum(row.value for row in rows if asked.items() <= row.labels.items())

    until(lambda: counted() == 10)


def ask(address: str, jpeg: bytes) -> int:
    """The status of one request on a connection of its own; 0 where the connection broke."""
    try:
        return httpx.post(f"{address}/v1/depth", files={"image": jpeg}, timeout=60).status_code
    except httpx.TransportError:
        return 0


def test_a_dead_worker_is_replaced_and_the_others_go_on(service, jpeg) -> None:
    """Kill -9 of one: the port stays, what comes next is answered, and soon there are two again.

    SIGHUP, which reads the keys anew, reaches the workers and ends none of them.
    """
    first = processes(service.pid)
    service.send_signal(signal.SIGHUP)
    assert ask(service.address, jpeg) == 200
    assert processes(service.pid) == first
    assert len(first) == 2
    sets = [os.sched_getaffinity(pid) for pid in first]
    assert not sets[0] & sets[1] or len(os.sched_getaffinity(0)) < 2
    os.kill(first[0], signal.SIGKILL)
    until(lambda: first[0] not in processes(service.pid))
    assert [ask(service.address, jpeg) for _ in range(4)] == [200] * 4
    until(lambda: len(processes(service.pid)) == 2, 60)
    assert first[1] in processes(service.pid)


def test_sigterm_under_load_drains_all_and_ends_in_time(service, jpeg) -> None:
    """Requests that were taken are answered, new ones are refused, and every process is gone with code 0."""
    pids, statuses, is_over = processes(service.pid), [], threading.Event()

    def load() -> None:
        while not is_over.is_set():
            statuses.append(ask(service.address, jpeg))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: statuses.count(200) >= 8, 60)
    service.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    assert service.wait(60) == 0
    took_s = time.monotonic() - begin
    is_over.set()
    for thread in threads:
        thread.join()
    assert took_s < 20 + workers.SPARE_S
    assert not any(is_alive(pid) for pid in pids)
    assert set(statuses) <= {200, 503, 0}
    assert "Traceback" not in service.stderr.read()


IMPATIENT = """
from nearfar.cli import main
from nearfar.service import workers

workers.MOST_FAILED_STARTS = 1
if __name__ == "__main__":
    raise SystemExit(main(["serve", "--port", "0", "--workers", "2"]))
"""


def test_a_worker_that_cannot_start_is_the_end(tmp_path) -> None:
    """After some tries the parent says so and ends, instead of trying for ever."""
    keys = tmp_path / "keys.json"
    keys.write_text("not keys", encoding="utf-8")
    environment = {**os.environ, "NEARFAR_ENGINE": "fake", "NEARFAR_KEYS": str(keys)}
    file = tmp_path / "start.py"
    file.write_text(IMPATIENT, encoding="utf-8")
    command = [sys.executable, str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "ended 1 times before it was ready" in done.stderr


@contextlib.contextmanager
def limited(home: Path, **settings: str):
    """A service of two workers with limits, and its address."""
    environment = {**os.environ, "NEARFAR_ENGINE": "fake", "NEARFAR_HOME": str(home)}
    environment |= {f"NEARFAR_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "nearfar", "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        process.address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def status_of(address: str) -> int:
    """The status of a small request on a connection of its own; 0 where the connection broke."""
    try:
        return httpx.get(f"{address}/v1/models", timeout=30).status_code
    except httpx.TransportError:
        return 0


def test_a_rate_is_one_for_all_workers(tmp_path) -> None:
    """Of forty requests, whichever worker takes them, the burst of six passes."""
    with limited(tmp_path, rate_per_minute="1", rate_burst="6") as service, ThreadPoolExecutor(8) as clients:
        statuses = list(clients.map(status_of, [service.address] * 40))
    assert (statuses.count(200), statuses.count(429)) == (6, 34)


def test_requests_at_once_are_counted_over_all_workers(tmp_path) -> None:
    """While one upload is under way others are refused; when its worker dies it counts no more."""
    with limited(tmp_path, concurrency="1", drain_timeout="2") as service:
        host, _, port = service.address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as upload:
            upload.sendall(b"POST /v1/depth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nbegun")
            until(lambda: status_of(service.address) == 429)
            assert {status_of(service.address) for _ in range(20)} == {429}
            first = processes(service.pid)
            for pid in first:
                os.kill(pid, signal.SIGKILL)
            until(lambda: not set(first) & set(processes(service.pid)))
        until(lambda: status_of(service.address) == 200, 60)
