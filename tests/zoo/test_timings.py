"""How long networks take here, from real use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nearfar.settings import Settings
from nearfar.zoo import timings
from nearfar.zoo.timings import KEPT, MeasuredTime, Timings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of the test's own."""
    return Settings(home=str(tmp_path / "home"))


def test_median_of_the_last_photos_counts(settings: Settings) -> None:
    """A slow first one does not; of sizes and engines the one used last is told."""
    here = Timings(settings)
    assert here.of("embedded") is None
    for seconds in (9.0, 0.2, 0.3, 0.2):
        here.note("embedded", "onnxruntime", (256, 192), seconds)
    assert here.of("embedded") == MeasuredTime(0.25, 4, "onnxruntime", 256, 192)
    here.note("embedded", "openvino", (512, 384), 1.0)
    assert here.of("embedded") == MeasuredTime(1.0, 1, "openvino", 512, 384)
    for _ in range(2 * KEPT):
        here.note("embedded", "openvino", (512, 384), 2.0)
    assert here.of("embedded") == MeasuredTime(2.0, KEPT, "openvino", 512, 384)


def test_next_process_knows_them(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used last is told last, also after an end."""
    monkeypatch.setattr(timings, "_BETWEEN_WRITES_S", 0.0)
    here = Timings(settings)
    here.note("dpt-large", "torch", (512, 384), 3.0)
    here.note("dpt-large", "onnxruntime", (384, 384), 2.0)
    here.note("dpt-large", "torch", (512, 384), 5.0)
    assert Timings(settings).of("dpt-large") == MeasuredTime(4.0, 2, "torch", 512, 384)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", json.dumps({"rows": {"a": [1]}}), json.dumps({"rows": {"a|b|c": [1]}})]
)
def test_damaged_file_counts_as_none(settings: Settings, text: str) -> None:
    """The figures are lost, nothing else."""
    here = Timings(settings)
    here.path.parent.mkdir(parents=True)
    here.path.write_text(text)
    assert here.of("a") is None
    here.note("a", "torch", (1, 1), 1.0)
    assert here.of("a") == MeasuredTime(1.0, 1, "torch", 1, 1)


def test_store_that_cannot_be_written_costs_nothing_else(settings: Settings, tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "home").write_text("")
    here = Timings(settings)
    here.note("a", "torch", (1, 1), 1.0)
    assert here.of("a") == MeasuredTime(1.0, 1, "torch", 1, 1)
