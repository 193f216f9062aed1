"""``nearfar bench``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Run

    Bound = Callable[[float], None]

QUICK = ("bench", "--engines", "fake", "--photos", "256x256", "--seconds", "0.01")


@pytest.fixture
def most_apart(monkeypatch: pytest.MonkeyPatch) -> Bound:
    """Sets by how much the halves of a run may differ, whatever the machine does meanwhile."""
    return lambda share: monkeypatch.setattr("nearfar.bench.MOST_APART", share)


def test_json(run: Run) -> None:
    """Rows, starts and the machine as one document."""
    code, out, _ = run(*QUICK, "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found) == {"rows", "starts", "machine"}
    assert found["rows"][0]["case"] == {"model": "embedded", "engine": "fake", "precision": "float32"}


def test_markdown(run: Run, most_apart: Bound) -> None:
    """A table as the README shows it."""
    most_apart(1e9)
    head, line, row, *_ = run(*QUICK, "--markdown")[1].splitlines()
    assert head.startswith("| model | engine |")
    assert line.count("---") == head.count("|") - 1
    assert row.startswith("| embedded | fake | float32 | 256×256 |")


def test_a_disturbed_table_is_not_written(run: Run, tmp_path: Path, most_apart: Bound) -> None:
    """Halves that differ by more than they may: exit code 1, and no file."""
    most_apart(-1.0)
    code, _, said = run(*QUICK, "-o", "bench.md")
    assert (code, (tmp_path / "bench.md").exists()) == (1, False)
    assert "disturbed" in said


def test_document(run: Run, tmp_path: Path, most_apart: Bound) -> None:
    """Tables for the docs, with the command that made them."""
    most_apart(1e9)
    code, _, _ = run(*QUICK, "-o", "bench.md")
    text = (tmp_path / "bench.md").read_text()
    assert code == 0
    assert "`nearfar bench --engines fake --photos 256x256 --seconds 0.01 --output bench.md`" in text
    assert "| embedded | fake | float32 | 256×256 |" in text
    assert "threads " in text
