"""The benchmark, on the fake engine: what it measures, not how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar import bench
from nearfar.errors import ParameterError, UnknownNameError, WeightsError
from nearfar.settings import Settings
from nearfar.zoo import catalogue

if TYPE_CHECKING:
    from pathlib import Path

FAKE = bench.Case("embedded", "fake", "float32")


def quick(*cases: bench.Case, photos: tuple[str, ...] = ("256×256",)) -> bench.Report:
    """A run of three repeats each."""
    return bench.run(bench.Plan(cases, photos, seconds=0.001), Settings())


def test_every_case_has_a_row_a_photo() -> None:
    """Median and p95 of the network and of the whole way, and photos a second."""
    report = quick(FAKE, photos=("256×256", "512×512"))
    assert [(row.case, row.photo) for row in report.rows] == [(FAKE, "256×256"), (FAKE, "512×512")]
    for row in report.rows:
        assert row.network is not None
        assert row.whole is not None
        assert 0 < row.network.median_ms <= row.network.p95_ms
        assert row.whole.runs >= 3
        assert row.batch_per_s is not None
        assert row.batch_per_s > 0
        assert not row.is_stand_in


def test_cold_start_is_a_process_of_its_own() -> None:
    """Seconds and memory of the command line from nothing."""
    (start,) = quick(FAKE).starts
    assert start.seconds > 0
    assert start.peak_mb is None or start.peak_mb > 10


def test_case_that_cannot_run_says_why() -> None:
    """The others are measured all the same."""
    wrong = bench.Case("embedded", "onnxruntime", "bfloat16")
    rows = quick(wrong, FAKE).rows
    assert "does not run bfloat16" in rows[0].error
    assert rows[1].network is not None


def test_unknown_words_are_told() -> None:
    """A photo size or a model that there is not."""
    with pytest.raises(ParameterError, match="There is no photo '1×1'"):
        quick(FAKE, photos=("1×1",))
    assert "Did you mean 'embedded'" in quick(bench.Case("embeded", "fake", "float32")).rows[0].error


def test_machine_is_named() -> None:
    """A figure without its machine says nothing."""
    facts = bench.machine()
    assert {"processor", "threads", "memory_gb", "python", "onnxruntime"} <= facts.keys()


def test_unknown_model_on_the_command_line() -> None:
    """It is a usage error there."""
    from nearfar.cli.bench import command

    with pytest.raises(UnknownNameError):
        command("embeded")


def test_networks_of_transformers_get_stand_ins(tmp_path: Path) -> None:
    """The published architecture with drawn weights is measured, and marked."""
    pytest.importorskip("transformers")
    case = bench.Case("depth-anything-v2-small", "torch", "float32")
    plan = bench.Plan((case,), ("256×256",), seconds=0.001)
    ready = bench._load_one(plan.cases[0], Settings(home=str(tmp_path / "none")), tmp_path)
    assert ready.is_stand_in
    count = sum(p.numel() for p in ready.model.estimator.session._network.parameters())
    assert count == pytest.approx(catalogue.card(case.model).parameters, rel=0.02)
    assert np.isfinite(ready.model.estimate(np.zeros((98, 98, 3), np.uint8)).values).all()


def test_without_a_stand_in_it_says_so(tmp_path: Path) -> None:
    """A network whose architecture is not drawn here needs its own weights."""
    pytest.importorskip("torch")
    case = bench.Case("metric3d-v2-small", "onnxruntime", "float32")
    with pytest.raises(WeightsError, match="models pull metric3d-v2-small"):
        bench._load_one(case, Settings(home=str(tmp_path / "none")), tmp_path)
