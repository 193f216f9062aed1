"""A disk that takes three seconds for each call holds up those who need it, and not the event loop."""

from __future__ import annotations

import asyncio
import builtins
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from jobbing import make_zip
from nearfar.jobs.database import Database
from nearfar.keys import KeyFile
from serving import Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SLOW_S = 3.0
CALLS = [
    *((os, name) for name in ("stat", "open", "unlink", "rename", "replace", "mkdir", "scandir", "listdir")),
    *((os, name) for name in ("fsync", "rmdir", "link")),
    (builtins, "open"),
    (shutil, "rmtree"),
]


class Disk:
    """The disk below one folder: it may be slow, and it tells which calls were made by an event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.seconds = 0.0
        self.calls = 0
        self.in_loop: list[str] = []

    def slow(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, with all that."""

        def called(*given: Any, **named: Any) -> Any:
            if given and isinstance(given[0], (str, os.PathLike)) and str(given[0]).startswith(self.folder):
                self.note(f"{name} {given[0]}")
            return call(*given, **named)

        return called

    def note(self, what: str) -> None:
        """One call: late, and written down where a loop waits for it."""
        self.calls += 1
        if asyncio._get_running_loop() is not None:
            self.in_loop.append(what)
        time.sleep(self.seconds)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    """The disk of a service's home."""
    found = Disk(tmp_path)
    for module, name in CALLS:
        monkeypatch.setattr(module, name, found.slow(name, getattr(module, name)))
    translated = Database._translated

    def slowly(self: Database) -> Any:
        found.note("database")
        return translated(self)

    monkeypatch.setattr(Database, "_translated", slowly)
    return found


@pytest.fixture
def service(disk: Disk, tmp_path: Path) -> Iterator[tuple[Running, str]]:
    """A service with keys and a store of jobs on that disk, and one of its keys."""
    file = KeyFile(tmp_path / "keys.json")
    _, key = file.add("a", ["infer", "jobs", "admin"])
    with running(home=str(tmp_path), keys=str(file.path)) as made:
        yield made, key


def ask(service: Running, key: str, path: str, **given: Any) -> int:
    """The status of one request."""
    method = "POST" if given else "GET"
    return service.client.request(method, path, headers={"X-API-Key": key}, timeout=60, **given).status_code


def send_job(service: Running, key: str, body: bytes) -> int:
    """A job that is sent."""
    headers = {"X-API-Key": key, "Content-Type": "application/zip"}
    return service.client.post("/v1/jobs", content=body, headers=headers, timeout=60).status_code


def test_no_call_of_the_disk_is_made_by_the_loop(
    service: tuple[Running, str], disk: Disk, jpeg: bytes
) -> None:
    """Keys that are looked up, unknown keys, jobs that are taken, refused, listed and fetched."""
    running_one, key = service
    disk.in_loop.clear()
    job = make_zip({"a.jpg": jpeg})
    assert send_job(running_one, key, job) == 202
    assert send_job(running_one, key, b"no ZIP") == 400
    assert ask(running_one, "nf-guess", "/v1/models") == 401
    time.sleep(1.2)  # the key file is looked at again
    for path in ("/v1/models", "/v1/models/embedded", "/v1/jobs", "/healthz", "/readyz", "/metrics"):
        assert ask(running_one, key, path) == 200, path
    assert disk.calls > 10
    assert disk.in_loop == []


def test_health_does_not_move(service: tuple[Running, str], disk: Disk, jpeg: bytes) -> None:
    """While requests wait for a disk of three seconds, others are answered at once."""
    running_one, key = service
    job = make_zip({"a.jpg": jpeg})
    time.sleep(1.2)
    disk.seconds = SLOW_S
    asking = [
        threading.Thread(target=ask, args=(running_one, "nf-guess", "/v1/models")),
        threading.Thread(target=ask, args=(running_one, key, "/v1/models")),
        threading.Thread(target=send_job, args=(running_one, key, job)),
        threading.Thread(target=send_job, args=(running_one, key, b"no ZIP")),
    ]
    for thread in asking:
        thread.start()
    worst, until = 0.0, time.perf_counter() + SLOW_S
    while time.perf_counter() < until:
        begun = time.perf_counter()
        assert running_one.client.get("/healthz", timeout=60).status_code == 200
        worst = max(worst, time.perf_counter() - begun)
    disk.seconds = 0.0
    for thread in asking:
        thread.join(60)
    assert worst < SLOW_S / 3
