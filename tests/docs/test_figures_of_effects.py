"""The table of figures in ``docs/reference/effects.md`` is written by its benchmark between two marks."""

from __future__ import annotations

import pytest

from scripts import script


@pytest.fixture
def benchmark():
    """``benchmarks/effects.py`` as a module."""
    pytest.importorskip("numba")
    return script("benchmarks/effects.py")


def test_figures_are_judged(benchmark) -> None:
    """Too much is missed, and so is too little where more is better."""
    assert benchmark.Figure("a", 1.0, 2.0, "s").is_reached
    assert not benchmark.Figure("a", 2.5, 2.0, "s").is_reached
    assert benchmark.Figure("a", 47.3, 30, "%", is_least=True).cells() == (
        "a",
        "47 %",
        "at least 30 %",
        "reached",
    )
    assert benchmark.Figure("a", 29, 30, "%", is_least=True, note="x").cells()[1::2] == ("29 % (x)", "missed")


def test_only_the_block_is_written(benchmark) -> None:
    """The rest of the page stays, and the block is replaced when it is written again."""
    text = benchmark.PAGE.read_text(encoding="utf-8")
    once = benchmark.written(text, [benchmark.Figure("a", 1, 2, "s")])
    twice = benchmark.written(once, [benchmark.Figure("b", 3, 2, "s")])
    assert "| a | 1.00 s | below 2.00 s | reached |" in once
    assert "| b | 3.00 s | below 2.00 s | missed |" in twice
    assert "| a |" not in twice
    before, after = text.split(benchmark.BEGIN)[0], text.split(benchmark.END)[1]
    assert twice.startswith(before)
    assert twice.endswith(after)
