"""The benchmark of the embedded network's speed: what counts, and the page that it writes."""

from __future__ import annotations

import importlib.util
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

SOURCE = Path(__file__).parents[1] / "benchmarks" / "network_speed.py"


@pytest.fixture(scope="module")
def speed() -> Any:
    """The benchmark as a module."""
    spec = importlib.util.spec_from_file_location("network_speed", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["network_speed"] = module
    spec.loader.exec_module(module)
    return module


def test_the_first_runs_of_a_block_do_not_count(speed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """They share the processor with the threads of the side before."""
    now = [0.0]
    took = iter([9.0] * speed.LEFT_OUT + [2.0] * (speed.BLOCK - speed.LEFT_OUT))
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def work() -> None:
        now[0] += next(took)

    assert speed.seconds(work) == 2.0


def test_the_page_tells_what_a_size_costs_and_brings(speed: Any) -> None:
    """Time against the default, and in words what the next smaller and larger sizes change."""
    nyu, scenes, sharp = "nyu_v2_validation beyond", "scenes_sharp beyond", "scenes_sharp boundary_f1"
    rows = [
        speed.Row(192, 128, 8.0, {nyu: 0.20, scenes: 0.25, sharp: 0.03}),
        speed.Row(256, 192, 4.0, {nyu: 0.16, scenes: 0.20, sharp: 0.05}),
        speed.Row(320, 256, 2.0, {nyu: 0.15, scenes: 0.18, sharp: 0.08}),
    ]
    text = speed.page(rows, date(2026, 1, 2), "3 cores, a CPU", 2)
    assert "on 2026-01-02, on a machine of\n3 cores, a CPU." in text
    assert "on 2 thread(s)" in text
    assert "| 192 | 192×128 | 0.50 | 8.0 × | 20.0% | 25.0% | 0.030 |" in text
    assert "| 256 (default) | 256×192 | 1.00 | 4.0 × | 16.0% | 20.0% | 0.050 |" in text
    assert "from 256 to 320 the time grows 2.00-fold" in text
    assert "from 16.0% to 15.0% on photos" in text
