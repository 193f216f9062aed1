"""ONNX Runtime: right files run, wrong ones are errors of ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearfar.engines import EngineOptions
from nearfar.engines.onnxruntime import PLUGIN, OnnxSession
from nearfar.errors import EngineError
from nearfar.weights import Store, locate
from nearfar.zoo.catalogue import card

EMBEDDED = card("embedded")


@pytest.fixture(scope="module")
def session() -> OnnxSession:
    """The embedded network on one thread."""
    return PLUGIN.open(EMBEDDED, locate(EMBEDDED, Store(Path("/nowhere"))).path, EngineOptions(1))


@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (2, 3, 64, 96), (3, 3, 256, 32)])
def test_any_size_and_count(session: OnnxSession, shape: tuple[int, ...]) -> None:
    """(N, 3, H, W) in, (N, H, W) out, finite."""
    found = session.run(np.zeros(shape, np.float32))
    assert (found.shape, found.dtype) == ((shape[0], *shape[2:]), np.float32)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("shape", [(1, 1, 64, 64), (3, 64, 64)])
def test_wrong_input(session: OnnxSession, shape: tuple[int, ...]) -> None:
    """What the runtime refuses is an EngineError that names the model."""
    with pytest.raises(EngineError, match="'embedded' failed"):
        session.run(np.zeros(shape, np.float32))


def test_file_that_is_no_network(tmp_path: Path) -> None:
    """A file of something else cannot be loaded."""
    path = tmp_path / "x.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(EngineError, match="'other' could not be loaded"):
        PLUGIN.open(replace(EMBEDDED, name="other"), path, EngineOptions())
