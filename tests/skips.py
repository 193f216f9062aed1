"""Keeps what was skipped and why over several runs of pytest: ``make test`` tells it at the end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

VARIABLE = "NEARFAR_LAB_SKIPS"
"""Names the file that a run adds its lines to; without it nothing is kept."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add a line for each test, or file of tests, that was skipped."""
    place = os.environ.get(VARIABLE)
    is_worker = hasattr(
        terminalreporter.config, "workerinput"
    )  # of several: what they find, the first one tells
    if place and not is_worker:
        with Path(place).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines(terminalreporter.stats.get("skipped", [])))


def lines(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    """``file: reason`` of each skipped test; a file skipped as a whole counts once, however many read it."""
    found = {report.nodeid: report.longrepr for report in reports}
    return [f"{nodeid.partition('::')[0]}: {_reason(why)}" for nodeid, why in found.items()]


def _reason(why: object) -> str:
    text = why[2] if isinstance(why, tuple) else str(why)
    return " ".join(text.removeprefix("Skipped: ").split())
