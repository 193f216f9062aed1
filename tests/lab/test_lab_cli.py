"""nearfar-lab as a person calls it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nearfar.types import Picture
from nearfar_lab import cli
from nearfar_lab.settings import TABLE, read_settings

if TYPE_CHECKING:
    from pathlib import Path


def _call(*words: str) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    return int(ended.value.code or 0)


def test_sheet_writes_a_picture(tmp_path: Path) -> None:
    """A ramp's sheet of one photo."""
    Picture(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "a.png")
    assert _call("sheet", "ramp", str(tmp_path), str(tmp_path / "sheet.png")) == 0
    assert (tmp_path / "sheet.png").stat().st_size > 100


def test_an_unknown_data_set_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, with the names there are."""
    assert _call("evaluate", "--data", "nyu", "--model", "ramp") == 1
    assert "Did you mean 'nyu_v2'" in capsys.readouterr().err


def test_evaluate_prints_figures_and_writes_a_csv(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One JSON line; a ramp leaves no look behind."""
    monkeypatch.setenv("NEARFAR_LAB_DATA", str(data))
    monkeypatch.setenv("NEARFAR_LAB_RUNS", str(tmp_path / "runs"))
    csv = tmp_path / "rows.csv"
    assert (
        _call("evaluate", "--data", "kitti_tiny", "--model", "ramp", "--limit", "3", "--csv", str(csv)) == 0
    )
    row = json.loads(capsys.readouterr().out)
    assert row["pictures"] == 3
    assert len(csv.read_text().splitlines()) == 4
    assert not (tmp_path / "runs").exists()


def test_the_table_goes_into_other_pages_too(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short one, between the marks of a page; its other words stay."""
    monkeypatch.setenv("NEARFAR_LAB_DATA", str(data))
    monkeypatch.setenv("NEARFAR_LAB_RUNS", str(tmp_path / "runs"))
    page = tmp_path / "README.md"
    page.write_text("Before.\n<!-- figures: accuracy -->\n<!-- end of figures: accuracy -->\nAfter.\n")
    words = ("table", str(tmp_path / "accuracy.md"), "--data", "kitti_tiny", "--model", "ramp")
    assert _call(*words, "--into", str(page)) == 0
    text = page.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("After.\n")
    assert "| set | pictures | model | δ > 1.25 | order | pairs | nearer higher |" in text
    assert "| `kitti_tiny` | 14 | ramp | 47.0% | 0.831 |" in text
    assert "δ3" in (tmp_path / "accuracy.md").read_text()


def test_until_counts_to_the_next_such_time() -> None:
    """Later today, or tomorrow."""
    now = datetime(2026, 1, 1, 6, 30, tzinfo=UTC)
    assert cli.seconds_until("06:45", now) == 900
    assert cli.seconds_until("06:15", now) == 86400 - 900


def test_settings_come_from_the_environment() -> None:
    """Every row of the table can be set."""
    environment = {row.name: f"/{number}" for number, row in enumerate(TABLE)}
    found = read_settings(environment)
    assert [str(path) for path in (found.data, found.scenes, found.runs)] == ["/0", "/1", "/2"]
