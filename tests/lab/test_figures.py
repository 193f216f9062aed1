"""Figures on a page."""

from __future__ import annotations

from datetime import date

import pytest

from nearfar.errors import ParameterError
from nearfar_lab.figures import Figure, block, renew
from nearfar_lab.machine import machine_class

FIGURES = [Figure("memory", "+3 MB", "under +20 MB"), Figure("speed", "0.80", "0.92", is_met=False)]


def test_a_block_tells_how_when_and_on_what() -> None:
    """Command, day and machine stand above the table; a goal that was missed says so."""
    text = block("make soak", FIGURES, date(2026, 11, 26))
    assert f"`make soak` on 2026-11-26, {machine_class()}, no GPU:" in text
    assert "| memory | +3 MB | under +20 MB |\n" in text
    assert "| speed | 0.80 | 0.92: **missed** |\n" in text


def test_only_the_block_of_that_name_is_renewed(tmp_path) -> None:
    """What stands around it, another block too, stays as it is; renewing twice is renewing once."""
    page = tmp_path / "page.md"
    around = "before\n<!-- figures: {0} -->\n{1}\n<!-- end of figures: {0} -->\nafter\n"
    page.write_text(around.format("a", "old") + around.format("b", "kept"), encoding="utf-8")
    for _ in range(2):
        renew(page, "a", "new")
        assert page.read_text(encoding="utf-8") == around.format("a", "new") + around.format("b", "kept")


def test_a_page_without_the_block_is_refused(tmp_path) -> None:
    """Nothing is written where the marks are not there."""
    page = tmp_path / "page.md"
    page.write_text("nothing here\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="no block 'soak'"):
        renew(page, "soak", "new")
    assert page.read_text(encoding="utf-8") == "nothing here\n"
