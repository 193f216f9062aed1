"""Loaded networks: opened once, few at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nearfar.errors import (
    BusyError,
    EngineError,
    MissingExtraError,
    ParameterError,
    UnknownNameError,
    WeightsError,
)
from nearfar.sessions import cache, choice
from nearfar.sessions.cache import SessionCache
from nearfar.sessions.choice import Choice, Wish, choose, choose_threads
from nearfar.settings import Settings
from nearfar.weights import Found, Store, pin_of
from nearfar.zoo.catalogue import card

EMBEDDED = card("embedded")
NOWHERE = Store(Path("/nowhere"))


class Network:
    """What such an engine opens."""


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
        return Network()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> CountingEngine:
    """The only engine there is."""
    counting = CountingEngine()
    monkeypatch.setattr(cache, "ENGINES", counting)
    return counting


def get(cache: SessionCache, name: str = "a", threads: int = 1) -> object:
    """The session of a model of that name."""
    return cache.get(replace(EMBEDDED, name=name), Wish("fake", threads=threads), NOWHERE).session


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
    first = get(cache, "a")
    get(cache, "b")
    assert get(cache, "a") is first
    get(cache, "c")
    assert len(cache) == 2
    assert get(cache, "a") is first
    get(cache, "b")
    assert engine.opened == ["a", "b", "c", "b"]


@pytest.fixture
def budget(engine: CountingEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SessionCache:
    """A cache with room for two networks of 1000 bytes, which count twice; ``big`` has 10 000."""
    engine.gate.set()

    def file(model: Any, *_: object) -> Path:
        path = tmp_path / model.name
        path.write_bytes(bytes(10_000 if model.name == "big" else 1000))
        return path

    monkeypatch.setattr(cache, "file_to_open", file)
    monkeypatch.setattr(cache, "PATIENCE_S", 0.2)
    return SessionCache(9, 4000)


def test_the_budget_lets_the_least_recently_used_go(budget: SessionCache) -> None:
    """A third network takes the place of the one that nobody asked for longest."""
    for name in ("a", "b", "a", "c"):
        get(budget, name)
    assert [budget.has(name) for name in "abc"] == [True, False, True]
    assert budget.loaded_bytes == 4000


def test_a_network_in_use_is_not_taken_away(budget: SessionCache) -> None:
    """Its memory counts as long as it is held; who asks for it meanwhile gets the same one."""
    held = [get(budget, "a"), get(budget, "b")]
    with pytest.raises(BusyError, match="in use"):
        get(budget, "c")
    assert budget.loaded_bytes == 4000
    assert get(budget, "a") is held[0]
    waiting = threading.Timer(0.05, held.clear)
    waiting.start()
    assert isinstance(get(budget, "c"), Network)
    waiting.join()


def test_one_that_never_fits_says_what_it_needs(
    budget: SessionCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is dropped for it."""
    get(budget, "a")
    with pytest.raises(EngineError, match=r"'big' needs about 0\.0 GB of memory, but 0\.0 GB are allowed"):
        get(budget, "big")
    assert budget.has("a")


def test_a_load_that_fails_costs_nothing(budget: SessionCache, engine: CountingEngine) -> None:
    """What was set aside for it is given back."""
    engine.failures = 1
    with pytest.raises(EngineError):
        get(budget, "a")
    assert budget.loaded_bytes == 0


def test_threads_make_another_session(engine: CountingEngine) -> None:
    """The same network with other threads is another one."""
    engine.gate.set()
    cache = SessionCache(4)
    assert get(cache, threads=1) is not get(cache, threads=2)


def test_unknown_engine() -> None:
    """An engine that there is not is told, and leaves nothing in the cache."""
    cache = SessionCache(2)
    with pytest.raises(UnknownNameError, match="Did you mean 'onnxruntime'"):
        cache.get(EMBEDDED, Wish("onnxruntim"), NOWHERE)
    assert len(cache) == 0


def test_threads_as_set_or_all() -> None:
    """No threads set means all usable ones."""
    assert choose_threads(Settings(threads=3)) == 3
    assert choose_threads(Settings()) >= 1


def installed(tmp_path: Path, name: str, *engines: str) -> tuple[Any, Store]:
    """A card of the catalogue and a store that has its files for these engines (of no use but to choose)."""
    model, store = card(name), Store(tmp_path)
    for engine in engines:
        for file in model.files(engine):
            path = store.path(model, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.name.encode())
            store.pin(model, file, pin_of(path, "a" * 64, "here"))
    return model, store


def without(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    """A machine on which these libraries are not installed."""
    real = choice.importlib.util.find_spec
    monkeypatch.setattr(
        choice.importlib.util, "find_spec", lambda name: None if name in libraries else real(name)
    )


def test_auto_takes_the_base_install_on_a_processor() -> None:
    """The embedded network runs in onnxruntime, in float32, and says why."""
    chosen = choose(EMBEDDED, Wish(), NOWHERE)
    assert (chosen.engine, chosen.precision, chosen.device) == ("onnxruntime", "float32", "cpu")
    assert "fastest of the base install" in chosen.why


def test_published_onnx_goes_before_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both are there, nothing is converted."""
    monkeypatch.setattr(choice, "_gpu", lambda: "")
    model, store = installed(tmp_path, "midas-small", "onnxruntime", "torch")
    chosen = choose(model, Wish(), store)
    assert chosen.found is not None
    assert chosen.found.engine == "onnxruntime"
    assert "as published" in chosen.why


def test_gpu_is_taken_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint runs on the GPU in bfloat16."""
    monkeypatch.setattr(choice, "_gpu", lambda: "cuda")
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda _: object())
    model, store = installed(tmp_path, "midas-small", "torch")
    chosen = choose(model, Wish(), store)
    assert (chosen.label, chosen.why) == ("torch-cuda-bfloat16", "there is a GPU")


def test_bfloat16_takes_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    """Onnxruntime has no bfloat16."""
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda _: object())
    assert choose(EMBEDDED, Wish(precision="bfloat16"), NOWHERE).label == "openvino-bfloat16"


def test_torch_that_is_not_there_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    without(monkeypatch, "torch")
    model, store = installed(tmp_path, "midas-small", "torch")
    with pytest.raises(MissingExtraError, match=r"pip install 'nearfar\[torch\]'"):
        choose(model, Wish("torch"), store)


def test_checkpoint_that_was_not_converted_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch a checkpoint cannot be converted; the message says that it is needed once."""
    without(monkeypatch, "torch")
    model, store = installed(tmp_path, "midas-small", "torch")
    with pytest.raises(MissingExtraError, match="must be converted once, which needs PyTorch"):
        SessionCache(1).get(model, Wish(), store)


def test_torch_without_a_checkpoint_says_so() -> None:
    """The embedded network has no checkpoint for torch."""
    with pytest.raises(WeightsError, match="no files for torch"):
        choose(EMBEDDED, Wish("torch"), NOWHERE)


def test_int8_that_was_not_made_says_how(tmp_path: Path) -> None:
    """Where none comes with a model, int8 files are made on purpose."""
    alone = replace(EMBEDDED, weights=EMBEDDED.files("onnxruntime"))
    with pytest.raises(EngineError, match="models quantize embedded"):
        SessionCache(1).get(alone, Wish(precision="int8"), Store(tmp_path))


def test_too_large_for_memory_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is loaded that would not fit."""
    monkeypatch.setattr(cache, "free_bytes", lambda: 1_000_000)
    with pytest.raises(EngineError, match=r"needs about 0\.\d GB of memory"):
        SessionCache(1).get(EMBEDDED, Wish(), Store(tmp_path))


@pytest.mark.parametrize("wrong", [{"precision": "int4"}, {"device": "tpu"}])
def test_unknown_wishes(wrong: dict[str, str]) -> None:
    """A precision or a device that there is not is told."""
    with pytest.raises(ParameterError):
        Wish(**wrong)


def test_label_says_what_is_unusual() -> None:
    """A result carries engine, device and precision in a word."""
    found = Found(Path("x"), "a" * 64, "torch")
    assert Choice("torch", "float32", "mps", found, "").label == "torch-mps"
    assert Choice("onnxruntime", "float32", "cpu", found, "").label == "onnxruntime"
