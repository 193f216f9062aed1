"""Networks that hang, fail or answer nonsense, and how the service goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from nearfar import api
from nearfar.engines import fake
from nearfar.engines.fake import FakeSession
from nearfar.errors import EngineError
from nearfar.service.answer.probe import FRESH_S
from nearfar.service.work import watchdog
from serving import loader_of, until


class Hanging(FakeSession):
    """A network whose calls hang until ``open`` is set."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.left = 0

    def run(self, batch):
        """Hang."""
        assert self.open.wait(60)
        self.left += 1
        return super().run(batch)


@pytest.fixture
def broken(monkeypatch):
    """The fake engine opens this network first, then sound ones; each opened one is counted."""
    session, opened = Hanging(), []

    def open_one(*_):
        opened.append(1)
        return session if len(opened) == 1 else FakeSession()

    api._session_cache.cache_clear()
    monkeypatch.setattr(fake.PLUGIN, "open", open_one, raising=False)
    session.opened = opened
    yield session
    session.open.set()
    api._session_cache.cache_clear()


def test_a_stuck_call_is_answered_and_replaced(start, broken, jpeg) -> None:
    """The request gets its 503, the next one a fresh network and thread; what hung ends by itself."""
    running = start(engine_timeout=1, streams=1)
    pool = running.app.state.service.pool
    until(lambda: pool.abandoned == 1)  # the probe that warms the model
    assert running.upload(jpeg).status_code == 200
    assert len(broken.opened) == 2
    assert (pool.running, running.app.state.service.watchdog.stuck) == (0, 1)
    assert running.client.get("/readyz").status_code == 200
    broken.open.set()
    until(lambda: pool.abandoned == 0)
    assert broken.left == 1
    assert running.upload(jpeg).status_code == 200


def test_the_one_who_waits_is_told(start, gate, jpeg) -> None:
    """A stuck call is a problem of its own, with the time to come back after; readiness is lost with it."""
    running = start(loader=loader_of(gate), engine_timeout=1, streams=1)
    gate.open.set()
    until(lambda: running.client.get("/readyz").status_code == 200)
    gate.open.clear()
    answer = running.upload(jpeg)
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#problem-engine-stuck")
    assert "Retry-After" in answer.headers
    service = running.app.state.service
    until(lambda: not service.probe.has_answered)  # said just after the answer
    gate.open.set()
    until(lambda: service.pool.abandoned == 0)
    assert running.client.get("/readyz").status_code == 200
    assert FRESH_S > 1  # the proof from before the hang was still fresh: it did not count


def test_too_many_stuck_calls_are_the_end(start, gate, jpeg, monkeypatch) -> None:
    """Where each call costs a thread for ever, the service says that it has to be started anew."""
    monkeypatch.setattr(watchdog, "MOST_ABANDONED", 2)
    running = start(loader=loader_of(gate), engine_timeout=1, streams=2)
    reasons = []
    running.app.state.service.watchdog.when_lost.append(reasons.append)
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(running.upload, jpeg) for _ in range(2)]
        assert [one.result().status_code for one in asked] == [503, 503]
    until(lambda: reasons)
    answer = running.client.get("/readyz")
    assert answer.status_code == 503
    assert "started anew" in answer.json()["hint"]
    assert len(reasons) == 1


class Raising(FakeSession):
    """A network that fails."""

    def run(self, _batch):
        """Fail."""
        raise EngineError("The network 'embedded' failed: no.")


class Nonsense(FakeSession):
    """A network that answers NaN."""

    def run(self, batch):
        """NaN in one pixel."""
        raw = super().run(batch)
        raw[0, 0, 0] = np.nan
        return raw


@pytest.mark.parametrize("network", [Raising, Nonsense])
def test_a_network_that_fails_is_a_500_and_nothing_more(start, jpeg, network) -> None:
    """An error of the network is an answer like others: no thread is lost, and it is not ready."""
    running = start(loader=loader_of(network()), streams=1)
    for _ in range(3):
        answer = running.upload(jpeg)
        assert (answer.status_code, answer.json()["type"]) == (500, "/docs#problem-engine")
    assert running.client.get("/readyz").status_code == 503
    assert running.app.state.service.pool.abandoned == 0


HANG = """
    import time
    from nearfar import settings
    from nearfar.engines import fake
    from nearfar.service.work import watchdog
    from nearfar.service.errors import LostEngineError
    from nearfar.service.start import serve

    class Hanging(fake.FakeSession):
        def run(self, batch):
            time.sleep(600)

    fake.PLUGIN.open = lambda *_: Hanging()
    watchdog.MOST_ABANDONED = 1
    try:
        serve(settings.load({"NEARFAR_ENGINE": "fake", "NEARFAR_PORT": "0", "NEARFAR_ENGINE_TIMEOUT": "1"}))
    except LostEngineError as exc:
        raise SystemExit(70) from exc
"""


def test_a_process_that_is_lost_ends_itself(jpeg) -> None:
    """It finishes with an error for its supervisor to see, and does not wait for what never ends."""
    command = [sys.executable, "-c", textwrap.dedent(HANG)]
    with subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        line = process.stdout.readline().decode()
        address = next(word for word in line.split() if word.startswith("http"))
        assert httpx.get(f"{address}/healthz", timeout=30).status_code == 200
        _, err = process.communicate(timeout=60)
    assert process.returncode == 70, err.decode()


def test_a_decoder_that_hangs_in_this_process_is_answered(start, monkeypatch, jpeg) -> None:
    """Without a wall its thread is lost and another takes its place: 422, and the next request is served."""
    opened = threading.Event()

    def hang(*_, **__):
        opened.wait(60)
        raise EngineError("late")

    running = start(work_timeout=1, streams=1)
    pool = running.app.state.service.pool
    with monkeypatch.context() as patched:
        patched.setattr("nearfar.one_photo.read_photo", hang)
        found = running.post(jpeg)
    assert (found.status_code, found.json()["type"]) == (422, "/docs#problem-too-slow")
    assert pool.abandoned == 1
    assert running.post(jpeg).status_code == 200
    opened.set()
    until(lambda: pool.abandoned == 0)
