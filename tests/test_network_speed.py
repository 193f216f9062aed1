"""The benchmark of the embedded network's speed: what counts, and the page that it writes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from scripts import script

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def speed() -> Any:
    """The benchmark as a module."""
    return script("benchmarks/network_speed.py")


def test_faster_than_the_rival_is_more_than_one(speed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By medians: a run that something disturbed does not count for more than the others."""
    times = {speed.RIVAL: [4.0, 4.0, 9.0], "a": [1.0, 8.0, 1.0], "b": [8.0, 8.0, 8.0]}
    monkeypatch.setattr(speed, "in_turn", lambda works, _: {name: times[name] for name in works})
    assert speed.ratios(dict.fromkeys(times, print), 1.0) == {"a": 4.0, "b": 0.5}


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
