"""A replica of a network, and the session that calls it, without a cluster."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from nearfar import api, settings
from nearfar.engines.fake import FakeSession
from nearfar.errors import BusyError, EngineError, ParameterError
from nearfar.scale import serve_network, serve_session
from nearfar.scale.serve_network import Call, Facts, Form, Network
from nearfar.scale.serve_options import NetworkOptions
from nearfar.scale.serve_session import Networks, Replicas
from pictures import draw

pytest.importorskip("ray.serve", reason="Ray Serve is not installed")
SETTINGS = settings.load({"NEARFAR_ENGINE": "fake", "NEARFAR_ENGINE_TIMEOUT": "1"})


class Handle:
    """Ray Serve's handle of one replica in this process; ``errors`` are raised before it answers."""

    def __init__(self, network: Network, *errors: Exception) -> None:
        self.network, self.errors, self.asked = network, list(errors), 0
        self.facts = SimpleNamespace(remote=lambda form: self._answer(network.facts, form))
        self.run = SimpleNamespace(remote=lambda call: self._answer(network.run, call))

    def _answer(self, method, given) -> SimpleNamespace:
        self.asked += 1

        def result(timeout_s: float):
            if self.errors:
                raise self.errors.pop(0)
            return asyncio.run(method(given))

        return SimpleNamespace(result=result, cancel=lambda: None)


def network(**options: float) -> Network:
    return Network("embedded", SETTINGS, NetworkOptions(**options))


def pictures(count: int, width: int = 64) -> np.ndarray:
    return np.random.default_rng(width).random((count, 3, 48, width), np.float32)


def test_a_network_answers_as_in_its_own_process() -> None:
    """The same raw map, with the hash of the weights."""
    given = pictures(1)
    raw, sha256 = asyncio.run(network().run(Call(Form(), given)))
    assert np.array_equal(raw, FakeSession().run(given))
    assert sha256 == api.load(settings=SETTINGS).estimator.sha256


def test_pictures_that_cannot_be_written_to_are_taken() -> None:
    """What comes through Ray's store is read-only."""
    given = pictures(1)
    given.setflags(write=False)
    raw, _ = asyncio.run(network().run(Call(Form(), given)))
    assert raw.shape == (1, 48, 64)


def test_calls_that_come_together_run_together(monkeypatch) -> None:
    """Those of one size in one run; each gets its own map."""
    sizes: list[int] = []
    run = FakeSession.run
    monkeypatch.setattr(FakeSession, "run", lambda self, batch: sizes.append(len(batch)) or run(self, batch))
    calls = [Call(Form(), pictures(1)), Call(Form(), pictures(2, 80)), Call(Form(), pictures(1) / 2)]
    answers = asyncio.run(network().run_together(calls))
    assert sorted(sizes) == [2, 2]
    for call, (raw, _) in zip(calls, answers, strict=True):
        assert np.allclose(raw, run(FakeSession(), call.pictures))


def test_a_batch_that_fails_takes_only_its_own_along(monkeypatch) -> None:
    """The error is raised for those who were in it; other sizes are answered."""
    run = FakeSession.run

    def some(self, batch):
        if batch.shape[3] == 80:
            raise EngineError("no")
        return run(self, batch)

    monkeypatch.setattr(FakeSession, "run", some)
    answers = serve_network._together(
        [Call(Form(), pictures(1, 80)), Call(Form(), pictures(1))], network()._run
    )
    assert isinstance(answers[0], EngineError)
    assert answers[1][0].shape == (1, 48, 64)


def test_a_replica_whose_network_is_stuck_is_not_well() -> None:
    """Ray Serve replaces it once a call takes longer than a network may."""
    made = network()
    made.check_health()
    made._begun[0] = time.monotonic() - 2
    with pytest.raises(EngineError):
        made.check_health()


def models(*errors: Exception) -> tuple[Networks, Handle]:
    handle = Handle(network(), *errors)
    return Networks({"embedded": Replicas("embedded", handle, 5.0)}, SETTINGS), handle


def test_a_model_with_replicas_gives_the_same_depth() -> None:
    """Values, provenance and reason are those of a model loaded here."""
    given, _ = models()
    ours, theirs = given("", None), api.load(settings=SETTINGS)
    photo = draw(80, 60)
    assert np.array_equal(ours.estimate(photo).values, theirs.estimate(photo).values)
    assert ours.estimate(photo).provenance == theirs.estimate(photo).provenance
    assert ours.why == theirs.why


def test_facts_are_asked_for_once() -> None:
    """One call for the facts, one for each photo."""
    given, handle = models()
    for _ in range(3):
        given("embedded", None).estimate(draw(40, 30))
    assert handle.asked == 4


def test_a_model_without_replicas_runs_here() -> None:
    """As in the plain service."""
    given, handle = models()
    given("embedded-fine", None).estimate(draw(40, 30))
    assert handle.asked == 0


def test_a_replica_that_dies_is_asked_anew(monkeypatch) -> None:
    """The photo is answered all the same; where all of them die, that is said."""
    from ray.exceptions import ActorUnavailableError, RayActorError

    monkeypatch.setattr(serve_session, "PAUSES_S", (0.0, 0.0))
    given, handle = models()
    model = given("", None)
    handle.errors = [RayActorError(), ActorUnavailableError("gone", None)]
    model.estimate(draw(40, 30))
    handle.errors = [RayActorError()] * 3
    with pytest.raises(EngineError, match="die"):
        model.estimate(draw(40, 30))


def test_an_error_of_the_network_is_the_same_error_here(monkeypatch) -> None:
    """Of nearfar's own tree as it was raised there; the words of others stay in the log."""
    from ray.exceptions import RayTaskError

    given, handle = models()
    model = given("", None)
    for cause, error in (
        (ParameterError("size is 3.", parameter="size"), ParameterError),
        (OSError("x"), EngineError),
    ):
        handle.errors = [RayTaskError("run", "", cause)]
        with pytest.raises(error) as told:
            model.estimate(draw(40, 30))
        assert "/secret" not in str(told.value)


@pytest.mark.parametrize("is_late", [True, False])
def test_replicas_without_room_or_answer_are_told(is_late) -> None:
    """Too much to do is a matter of time; no answer in its time is an error."""
    from ray.serve.exceptions import BackPressureError

    given, handle = models()
    model = given("", None)
    handle.errors = [
        TimeoutError() if is_late else BackPressureError(num_queued_requests=9, max_queued_requests=9)
    ]
    with pytest.raises(EngineError if is_late else BusyError):
        model.estimate(draw(40, 30))


def test_other_weights_are_never_taken_for_those_that_were_named() -> None:
    """After a deployment of other weights the caller is asked to try again, and then gets their hash."""
    given, _ = models()
    model = given("", None)
    replicas = given.replicas["embedded"]
    replicas._facts[Form()] = replace(replicas.facts(Form()), sha256="other")
    stale = given("", None)
    with pytest.raises(BusyError, match="changed"):
        stale.estimate(draw(40, 30))
    assert given("", None).estimator.sha256 == model.estimator.sha256


def test_a_session_says_what_its_network_can() -> None:
    """Sizes, batches, normalisation and prompts are those of the replica."""
    facts = Facts("torch", "asked", "0", (64, 48), 2, ([1.0], [0.0]), takes_prompt=True)
    replicas = Replicas("embedded", None, 1.0)
    session = serve_session.PromptedRemoteSession(replicas, Form(), facts)
    assert (session.fixed_size, session.batch_limit, session.normalises) == ((64, 48), 2, ([1.0], [0.0]))
    plain = serve_session.RemoteSession(replicas, Form(), replace(facts, normalises=None))
    assert not hasattr(plain, "normalises")
    assert not hasattr(plain, "run_prompted")
