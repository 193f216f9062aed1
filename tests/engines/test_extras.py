"""Engines that are extras: openvino and torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nearfar.engines import EngineOptions
from nearfar.errors import EngineError
from nearfar.registry import ENGINES
from nearfar.weights import Store, locate
from nearfar.zoo.catalogue import card

EMBEDDED = card("embedded")
BATCH = np.random.default_rng(0).standard_normal((2, 3, 64, 96)).astype(np.float32)


def embedded() -> Path:
    """The file of the embedded network."""
    return locate(EMBEDDED, Store(Path("/nowhere"))).path


def range_of(values: np.ndarray) -> float:
    """Largest minus smallest."""
    return float(np.ptp(values))


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-3), ("bfloat16", 0.1)])
def test_openvino_agrees_with_onnxruntime(tmp_path: Path, precision: str, tolerance: float) -> None:
    """The same file gives the same maps; bfloat16 is allowed to be coarse."""
    pytest.importorskip("openvino")
    options = EngineOptions(1, precision, cache=tmp_path)
    found = ENGINES.load("openvino").open(EMBEDDED, embedded(), options).run(BATCH)
    expected = ENGINES.load("onnxruntime").open(EMBEDDED, embedded(), EngineOptions()).run(BATCH)
    assert np.abs(found - expected).max() < tolerance * range_of(expected)


def test_openvino_keeps_what_it_compiled(tmp_path: Path) -> None:
    """The second start reads the cache."""
    pytest.importorskip("openvino")
    ENGINES.load("openvino").open(EMBEDDED, embedded(), EngineOptions(1, cache=tmp_path))
    assert list(tmp_path.iterdir())


def test_openvino_results_do_not_share_memory() -> None:
    """A second run leaves the first result alone."""
    pytest.importorskip("openvino")
    session = ENGINES.load("openvino").open(EMBEDDED, embedded(), EngineOptions())
    first = session.run(BATCH)
    kept = first.copy()
    session.run(-BATCH)
    assert np.array_equal(first, kept)


@pytest.mark.parametrize(
    ("engine", "options", "text"),
    [
        ("onnxruntime", EngineOptions(precision="bfloat16"), "does not run bfloat16"),
        ("onnxruntime", EngineOptions(device="cuda"), "on the processor here"),
        ("openvino", EngineOptions(device="cuda"), "on the processor here"),
        ("torch", EngineOptions(precision="int8"), "does not run int8"),
        ("torch", EngineOptions(), "no network that torch runs"),
    ],
)
def test_what_an_engine_cannot_do_it_refuses(engine: str, options: EngineOptions, text: str) -> None:
    """One clear error, and what to choose instead."""
    if engine != "onnxruntime":
        pytest.importorskip(engine)
    with pytest.raises(EngineError, match=text):
        ENGINES.load(engine).open(EMBEDDED, embedded(), options)
