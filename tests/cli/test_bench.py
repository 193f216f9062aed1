"""``nearfar bench``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

QUICK = ("bench", "--engines", "fake", "--photos", "256x256", "--seconds", "0.01")


def test_json(run: Run) -> None:
    """Rows, starts and the machine as one document."""
    code, out, _ = run(*QUICK, "--json")
    found = json.loads(out)
    assert code == 0
    assert set(found) == {"rows", "starts", "machine"}
    assert found["rows"][0]["case"] == {"model": "embedded", "engine": "fake", "precision": "float32"}


def test_markdown(run: Run) -> None:
    """A table as the README shows it."""
    head, line, row, *_ = run(*QUICK, "--markdown")[1].splitlines()
    assert head.startswith("| model | engine |")
    assert line.count("---") == head.count("|") - 1
    assert row.startswith("| embedded | fake | float32 | 256×256 |")


def test_document(run: Run, tmp_path: Path) -> None:
    """Tables for the docs, with the command that made them."""
    code, _, _ = run(*QUICK, "-o", "bench.md")
    text = (tmp_path / "bench.md").read_text()
    assert code == 0
    assert "`nearfar bench --engines fake --photos 256x256 --seconds 0.01 --output bench.md`" in text
    assert "| embedded | fake | float32 | 256×256 |" in text
    assert "threads " in text
