"""The files inside the package: float and int8, what the wheel carries."""

from __future__ import annotations

import hashlib

import numpy as np
import onnxruntime
import pytest

import nearfar
from nearfar import assets
from nearfar.settings import Settings
from nearfar.zoo import catalogue
from pictures import draw


@pytest.mark.parametrize("threads", [1, 2])
def test_both_files_load_and_agree(threads: int) -> None:
    """On one thread and on two; int8 says that it is int8, and carries its own file's hash."""
    maps = {
        precision: nearfar.load("embedded", settings=Settings(threads=threads, precision=precision)).estimate(
            draw(320, 240)
        )
        for precision in ("float32", "int8")
    }
    narrow, exact = maps["int8"], maps["float32"]
    assert np.corrcoef(narrow.values.ravel(), exact.values.ravel())[0, 1] > 0.99
    assert "int8" in narrow.provenance.engine
    for precision, file in zip(("float32", "int8"), catalogue.card("embedded").weights, strict=True):
        content = (assets.FOLDER / file.name).read_bytes()
        assert maps[precision].provenance.weights_sha256 == hashlib.sha256(content).hexdigest() == file.sha256


def test_together_they_are_small() -> None:
    """At most 12 MB in 16 bits and 6 MB in 8."""
    wide, narrow = ((assets.FOLDER / file.name).stat().st_size for file in catalogue.card("embedded").weights)
    assert wide < 12e6
    assert narrow < 6e6


@pytest.mark.parametrize("name", ["embedded-int8.onnx", "embedded-fine-int8.onnx"])
def test_depth_in_bytes_has_no_terraces(name: str) -> None:
    """Weights and maps inside may be bytes; what comes out is smooth (62 values, once)."""
    session = onnxruntime.InferenceSession(assets.FOLDER / name, providers=["CPUExecutionProvider"])
    image = draw(256, 192).astype(np.float32).transpose(2, 0, 1)[None] / 128 - 1
    raw = session.run(None, {"image": image})[0]
    assert len(np.unique(raw)) > raw.size / 4
