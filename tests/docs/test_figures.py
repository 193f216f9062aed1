"""The operator's page has a place for every figure that long runs write."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from nearfar_lab.figures import Figure, block, renew

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "operate-the-service.md"
WRITERS = (
    "benchmarks/service_*.py",
    "tests/service/test_*.py",
    "tests/service/jobs/test_*.py",
    "tests/decode/*.py",
)


def _named() -> set[str]:
    """Blocks that benchmarks renew and tests note."""
    text = "".join(file.read_text(encoding="utf-8") for pattern in WRITERS for file in ROOT.glob(pattern))
    return set(re.findall(r'(?:note_figure\(|renew\(given\.page, )"(\w+)"', text))


def test_every_block_is_written_by_something() -> None:
    """The page's blocks are those that the runs write, no more and no fewer."""
    on_page = set(re.findall(r"<!-- figures: (\w+) -->", PAGE.read_text(encoding="utf-8")))
    assert on_page == _named() == {"throughput", "load", "soak", "fuzz", "wall"}


@pytest.mark.parametrize("name", ["throughput", "load", "soak", "fuzz"])
def test_a_block_can_be_renewed(tmp_path, name) -> None:
    """On a copy of the page."""
    page = tmp_path / "page.md"
    page.write_bytes(PAGE.read_bytes())
    renew(page, name, block("make it", [Figure("a", "b")], date(2026, 1, 1)))
    assert page.read_text(encoding="utf-8").count("| a | b |  |") == 1
