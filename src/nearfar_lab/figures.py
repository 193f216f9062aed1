"""Figures that were measured, as a block of a page that a command renews.

A block stands between two marks, each on a line of its own::

    <!-- figures: soak -->
    <!-- end of figures: soak -->
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearfar.errors import ParameterError, SourceError
from nearfar.machine.files import write_whole
from nearfar_lab.machine import machine_class

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured, what came out, what was wanted (empty: nothing in particular)."""

    what: str
    result: str
    goal: str = ""
    is_met: bool = True

    def row(self) -> str:
        """As a row of a table; a goal that was missed says so."""
        return f"| {self.what} | {self.result} | {self.goal}{'' if self.is_met else ': **missed**'} |"


def block(command: str, figures: Iterable[Figure], day: date, conditions: str = "") -> str:
    """The text of a block: how, when, on what and under what conditions it was measured, and a table."""
    told = f"; {conditions}" if conditions else ""
    head = f"`{command}` on {day.isoformat()}, {machine_class()}, no GPU{told}:"
    table = ["| What | Result | Goal |", "| --- | --- | --- |", *(figure.row() for figure in figures)]
    return "\n".join(["", head, "", *table, ""])


def check_page(page: Path | None, name: str) -> None:
    """Raise what :func:`renew` would, before work of hours whose figures the page is to hold."""
    if page is not None:
        _around(page, name)


def renew(page: Path, name: str, text: str) -> None:
    """Put a text between the marks of that name.

    Raises:
        SourceError: the page cannot be read.
        ParameterError: it has no such marks.
    """
    before, after = _around(page, name)
    write_whole(page, f"{before}{text}\n{after}".encode())


def _around(page: Path, name: str) -> tuple[str, str]:
    """What of a page stands before and behind the text between its marks, the marks included."""
    begin, end = f"<!-- figures: {name} -->\n", f"<!-- end of figures: {name} -->"
    try:
        whole = page.read_text(encoding="utf-8")
    except OSError as exc:
        raise SourceError(f"{page} cannot be read: {exc.strerror}.", "Give a page that is there.") from exc
    head, is_begun, rest = whole.partition(begin)
    _, is_ended, tail = rest.partition(end)
    if not (is_begun and is_ended):
        raise ParameterError(f"{page} has no block '{name}'.", f"Put {begin.strip()} and {end} into it.")
    return head + begin, end + tail
