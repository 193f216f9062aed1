"""Readiness: what it needs, what it says when that fails, and how it comes back."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from nearfar.engines.fake import FakeSession
from nearfar.errors import EngineError, WeightsError
from nearfar.service.answer import probe
from serving import loader_of, until


class Moody:
    """A network that fails with an error while there is one."""

    fixed_size = None
    batch_limit = None

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.runs = 0

    def run(self, batch):
        """What the fake network gives, or the error."""
        self.runs += 1
        if self.error:
            raise self.error
        return FakeSession().run(batch)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (EngineError("The network is tired.", "Let it sleep."), "did not answer: The network is tired."),
        (WeightsError("The weights are gone."), "did not answer: The weights are gone."),
        (RuntimeError("/secret/path"), "The default model did not answer."),
    ],
)
def test_a_failing_model_is_503_with_the_reason(start, error, told) -> None:
    """Whatever goes wrong, the service is not ready; foreign texts stay in the log."""
    answer = start(loader=loader_of(Moody(error))).client.get("/readyz")
    assert (answer.status_code, answer.json()["type"]) == (503, "/docs#problem-not-ready")
    assert answer.json()["detail"].endswith(told)
    assert "Retry-After" in answer.headers


def test_it_asks_again_until_the_model_answers(start, caplog) -> None:
    """Each question while the model fails is a new probe; once it answers the service is ready."""
    network = Moody(EngineError("Not yet."))
    with caplog.at_level(logging.ERROR, "nearfar.service"):
        running = start(loader=loader_of(network))
        until(lambda: network.runs == 1)
        assert [running.client.get("/readyz").status_code for _ in range(2)] == [503, 503]
        assert network.runs >= 2
        assert caplog.text.count("EngineError: Not yet.") == 1  # told once, not at every question
    network.error = None
    assert running.client.get("/readyz").json() == {"status": "ready", "model": "embedded"}


def test_an_old_proof_is_asked_for_again(start, monkeypatch) -> None:
    """A model that answered once and fails now makes the service not ready as soon as the proof is old."""
    network = Moody(None)
    running = start(loader=loader_of(network))
    until(lambda: running.client.get("/readyz").status_code == 200)
    network.error = EngineError("Gone.")
    assert running.client.get("/readyz").status_code == 200
    monkeypatch.setattr(probe, "FRESH_S", 0.0)
    assert running.client.get("/readyz").status_code == 503


@pytest.mark.parametrize("path", ["/v1/depth", "/v1/effects/fog", "/v1/exports/npy"])
def test_an_answer_to_a_client_is_a_proof(start, jpeg, path) -> None:
    """While clients are answered by the default model nobody needs to probe it."""
    network = Moody(EngineError("Not yet."))
    running = start(loader=loader_of(network))
    assert running.client.get("/readyz").status_code == 503
    network.error = None
    assert running.client.post(path, files={"image": jpeg}).status_code == 200
    runs = network.runs
    assert running.client.get("/readyz").status_code == 200
    assert network.runs == runs


def test_a_stuck_model_is_asked_once_at_a_time(start, gate, monkeypatch) -> None:
    """Many probes of a stuck network do not fill the queue; all are told in time."""
    monkeypatch.setattr(probe, "TIMEOUT_S", 0.5)
    running = start(loader=loader_of(gate), streams=1, queue=2)
    until(lambda: gate.entered == 1)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(running.client.get, "/readyz") for _ in range(8)]
        assert {one.result().status_code for one in asked} == {503}
    assert running.app.state.service.pool.waiting == 0
    gate.open.set()
    until(lambda: running.client.get("/readyz").status_code == 200)
