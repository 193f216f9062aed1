"""Loaded networks: opened once, few at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from nearfar import sessions
from nearfar.catalogue import card
from nearfar.errors import EngineError, UnknownNameError
from nearfar.sessions import SessionCache, choose_engine, choose_threads
from nearfar.settings import Settings

EMBEDDED = card("embedded")


@dataclass
class CountingEngine:
    """Opens anything, slowly enough for others to wait, and counts."""

    opened: list[str] = field(default_factory=list)
    failures: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def load(self, _: str) -> CountingEngine:
        """Stands in for the registry of engines."""
        return self

    def open(self, model: Any, _weights: object, _options: object) -> object:
        """A new session, or an error while there are failures left."""
        self.opened.append(model.name)
        self.gate.wait(0.2)
        if self.failures:
            self.failures -= 1
            raise EngineError("no")
        return object()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> CountingEngine:
    """The only engine there is."""
    counting = CountingEngine()
    monkeypatch.setattr(sessions, "ENGINES", counting)
    return counting


def get(cache: SessionCache, name: str = "a", threads: int = 1) -> object:
    """The session of a model of that name."""
    return cache.get(replace(EMBEDDED, name=name), "fake", threads)


def from_threads(cache: SessionCache) -> list[object]:
    """What eight threads get that ask at once; errors are results too."""
    results: list[object] = []

    def ask() -> None:
        try:
            results.append(get(cache))
        except EngineError as exc:
            results.append(exc)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_eight_threads_one_load(engine: CountingEngine) -> None:
    """Threads that ask at once wait for one load and share it."""
    results = from_threads(SessionCache(2))
    assert engine.opened == ["a"]
    assert len(results) == 8
    assert len({id(session) for session in results}) == 1


def test_failed_load_is_told_to_all_and_not_kept(engine: CountingEngine) -> None:
    """Who waited gets the error; who comes later tries anew."""
    engine.failures, cache = 1, SessionCache(2)
    results = from_threads(cache)
    assert any(isinstance(result, EngineError) for result in results)
    assert len(cache) <= 1
    assert not isinstance(get(cache), EngineError)


def test_least_recently_used_goes(engine: CountingEngine) -> None:
    """Beyond the limit the one that nobody asked for longest is dropped."""
    engine.gate.set()
    cache = SessionCache(2)
    first, _ = get(cache, "a"), get(cache, "b")
    assert get(cache, "a") is first
    get(cache, "c")
    assert len(cache) == 2
    assert get(cache, "a") is first
    get(cache, "b")
    assert engine.opened == ["a", "b", "c", "b"]


def test_threads_make_another_session(engine: CountingEngine) -> None:
    """The same network with other threads is another one."""
    engine.gate.set()
    cache = SessionCache(4)
    assert get(cache, threads=1) is not get(cache, threads=2)


def test_unknown_engine() -> None:
    """An engine that there is not is told, and leaves nothing in the cache."""
    cache = SessionCache(2)
    with pytest.raises(UnknownNameError, match="Did you mean 'onnxruntime'"):
        cache.get(EMBEDDED, "onnxruntim", 1)
    assert len(cache) == 0


def test_choices() -> None:
    """``auto`` takes what the weights are made for; no threads set means all usable ones."""
    assert choose_engine(EMBEDDED, "auto") == "onnxruntime"
    assert choose_engine(EMBEDDED, "fake") == "fake"
    assert choose_threads(Settings(threads=3)) == 3
    assert choose_threads(Settings()) >= 1
