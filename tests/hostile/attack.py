"""Sends hostile inputs to a service, several at a time, and judges what came back."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from hostile.requests import Hostile, made

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hostile.service import Watched

FINE_ABOVE_499 = {501, 503, 504, 507}
"""A part that is not there, too much to do, not ready in time, a full disk: refusals, not failures."""
_FRAME_WAIT_S = 0.3
_FAR_TOO_MUCH = 2
_TELL_EVERY = 500
_JOB_LOOKS = 20  # a tenth of a second apart, before a job is removed as it is
_AGAIN = 5  # times that an input that found the service full comes again


@dataclass(frozen=True)
class Limits:
    """What a service must keep to: bytes of its whole tree, seconds of one answer."""

    memory_bytes: int
    wall_s: float = 60.0


@dataclass
class Seen:
    """What an attack has brought so far."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    """Number, what it was, what was wrong."""
    slowest: list[tuple[float, int, str]] = field(default_factory=list)
    largest: list[tuple[int, str]] = field(default_factory=list)
    """Memory at its highest, and what was under way then."""
    peak: int = 0


class Attack:
    """Inputs against one service; failing ones are kept in ``folder``."""

    def __init__(self, service_settings: dict[str, str], limits: Limits, folder: Path) -> None:
        self.limits, self.seen = limits, Seen()
        self._settings, self._folder = service_settings, folder
        self._under_way: dict[int, Hostile] = {}
        self._lock = threading.Lock()
        self._service: Watched | None = None
        self._was_over = False
        self._follower = ThreadPoolExecutor(1)  # jobs go behind requests: nobody waits for them here
        self._followed: list[Future[None]] = []

    def run(self, inputs: Iterable[Hostile], service: Watched, clients: int = 4) -> Seen:
        """Send them all; what was seen."""
        self._service = service
        with ThreadPoolExecutor(clients) as pool:
            waiting: set = set()
            for one in inputs:
                waiting.add(pool.submit(self._one, one))
                while len(waiting) > 4 * clients:
                    done = {future for future in waiting if future.done()}
                    for future in done:
                        future.result()
                    waiting -= done
                    time.sleep(0 if done else 0.005)
            for future in waiting:
                future.result()
        for future in self._followed:
            future.result()
        self._follower.shutdown()
        return self.seen

    def look(self, memory: int) -> None:
        """Note how much memory the service takes, and who was there when it was too much."""
        with self._lock:
            names = [f"{one.number} {one.what}" for one in self._under_way.values()]
            if memory > self.seen.peak:
                self.seen.peak = memory
                self.seen.largest = [*self.seen.largest[-9:], (memory, "; ".join(names))]
            is_over = memory > self.limits.memory_bytes
            if is_over and not self._was_over:
                for one in self._under_way.values():
                    self._fault(one, f"the service took {memory / 1e6:.0f} MB while this was under way")
            self._was_over = is_over
        if memory > _FAR_TOO_MUCH * self.limits.memory_bytes and self._service:
            self._service.kill()  # for the machine's sake

    def _one(self, hostile: Hostile) -> None:
        with self._lock:
            self._under_way[hostile.number] = hostile
        begin, deaths = time.perf_counter(), self._service.deaths
        try:
            status, fault = self._ask(hostile)
        finally:
            with self._lock:
                self._under_way.pop(hostile.number)
        took_s = time.perf_counter() - begin
        with self._lock:
            self.seen.statuses[status] += 1
            if self.seen.statuses.total() % _TELL_EVERY == 0:
                sys.stdout.write(
                    f"{self.seen.statuses.total():,} inputs; {self.seen.peak / 1e6:.0f} MB at most\n"
                )
                sys.stdout.flush()
            self.seen.slowest = sorted([*self.seen.slowest, (took_s, hostile.number, hostile.what)])[-10:]
            if took_s > self.limits.wall_s:
                fault = fault or f"answered after {took_s:.1f} s"
            if self._service.revive():
                for one in [hostile, *self._under_way.values()]:
                    self._fault(one, f"the service died with this under way; {hostile.number} saw it")
            elif fault and deaths == self._service.deaths:
                self._fault(hostile, fault)

    def _fault(self, hostile: Hostile, fault: str) -> None:
        if any(number == hostile.number for number, _, _ in self.seen.faults):
            return
        self.seen.faults.append((hostile.number, hostile.what, fault))
        sys.stdout.write(f"fault: {hostile.number} {hostile.what}: {fault[:300]}\n")
        sys.stdout.flush()
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{hostile.number}.input").write_bytes(hostile.saved())

    def _ask(self, hostile: Hostile) -> tuple[str, str]:
        """The status, and what is wrong with it, if anything."""
        if hostile.frames:
            return self._stream(hostile)
        for _ in range(_AGAIN):
            status, kind, body = self._request(hostile.request, is_all=hostile.is_malformed)
            if status != 503:
                break
            time.sleep(0.5)
        if status == 0:
            return "no answer", "" if hostile.is_malformed else "the connection was closed without an answer"
        fault = ""
        if status >= 500 and status not in FINE_ABOVE_499:
            fault = f"status {status}: {body[:400]!r}"
        elif status >= 400 and not hostile.is_malformed and "problem+json" not in kind:
            fault = f"status {status} as {kind or 'nothing'}: {body[:200]!r}"
        if status in {200, 202} and hostile.request.startswith(b"POST /v1/jobs"):
            self._followed.append(self._follower.submit(self._follow, json.loads(body)["links"]["self"]))
        return str(status), fault

    def _request(self, raw: bytes, *, is_all: bool = False) -> tuple[int, str, bytes]:
        """Status, media type and body of an answer; 0 where there was none. ``is_all``: no more will come."""
        try:
            with socket.create_connection(("127.0.0.1", self._service.port), timeout=10) as link:
                link.settimeout(self.limits.wall_s + 30)
                with suppress(OSError):  # refused before all of it was taken: the answer says why
                    link.sendall(raw)
                    if is_all:
                        link.shutdown(socket.SHUT_WR)
                answer = http.client.HTTPResponse(link)
                answer.begin()
                return answer.status, answer.getheader("Content-Type") or "", answer.read()
        except (OSError, http.client.HTTPException, ValueError):
            return 0, "", b""

    def _follow(self, link: str) -> None:
        """Let a job end, take what it made, remove it."""
        self._followed = [future for future in self._followed if not future.done()]
        looks = _JOB_LOOKS if len(self._followed) < _JOB_LOOKS else 1
        for _ in range(looks):
            _, _, body = self._request(
                f"GET {link} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
            )
            if json.loads(body or b"{}").get("state") in {None, "done", "failed", "cancelled"}:
                break
            time.sleep(0.1)
        for method, target in (("GET", f"{link}/results"), ("DELETE", link)):
            self._request(
                f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
            )

    def _stream(self, hostile: Hostile) -> tuple[str, str]:
        """Send frames, one after the other; a row about each, or the end of the connection, is an answer."""
        address = f"ws://127.0.0.1:{self._service.port}/v1/live{hostile.request.decode()}"
        try:
            with connect(address, max_size=2**27, open_timeout=10, close_timeout=2) as stream:
                json.loads(stream.recv(10))
                for frame in hostile.frames:
                    stream.send(frame)
                    row = json.loads(stream.recv(self.limits.wall_s))
                    if row.get("status", 0) == 500:
                        return "live", f"a frame failed: {row}"
                    if row["type"] == "frame":
                        stream.recv(_FRAME_WAIT_S * 100)
        except TimeoutError:
            return "live", "a frame was not answered"
        except (WebSocketException, OSError) as exc:
            return f"live {type(exc).__name__}", ""
        return "live", ""


def inputs(seed: int, first: int, count: int) -> Iterable[Hostile]:
    """So many inputs of a seed, from the first."""
    return (made(seed, number) for number in range(first, first + count))
