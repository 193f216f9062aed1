"""The benchmark that writes the docs' table of speeds."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from nearfar.bench import USUAL, Case, Measured, Report, Start, Times
from scripts import REPOSITORY, script

PLACE = "benchmarks/zoo_speed.py"
FLOAT, INT8 = (Case("midas-small", "onnxruntime", precision) for precision in ("float32", "int8"))


def report() -> Report:
    """Figures as a run gives them: one goal is reached, others are not."""
    times = Times(20.0, 25.0, 9)
    rows = (
        Measured(FLOAT, "256×256", (256, 256), times, times, 5.0, True, "", 2.1, 2.2, 0.3, 0.79),
        Measured(FLOAT, "512×512", (256, 256), times, times, 5.0, True, "", 2.1, 1.9, 0.3, 0.79),
        Measured(USUAL, "512×512", (256, 256), times, times, None, True),
    )
    return Report(
        rows, (Start(INT8, 0.4, 130.0),), {"processor": "Some CPU", "threads": 2, "peak_gflops": 400}
    )


def test_goals_are_told_with_what_was_found() -> None:
    """At least, at most, and what was not measured is left out."""
    found = {
        (text, photo): (value, is_kept) for text, photo, _, value, is_kept in script(PLACE).reached(report())
    }
    assert found == {
        ("midas-small: network, onnxruntime float32", "256×256"): ("2.1", "yes"),
        ("midas-small: network, share of the float32 peak", "256×256"): ("0.79", "no"),
        ("midas-small: file to file", "512×512"): ("1.9", "no"),
        ("midas-small: map against the baseline's, steps of 1/255", "512×512"): ("0.3", "yes"),
        ("midas-small: cold start, onnxruntime int8", ""): ("0.40 s", "yes"),
        ("midas-small: cold start, onnxruntime int8, peak memory", ""): ("130 MB", "no"),
    }


def told() -> Report:
    """One of the networks that the READMEs tell, with drawn weights, in both sizes of a photo."""
    case, machine = Case("midas-small", "onnxruntime", "fast"), {"processor": "Some CPU", "threads": 2}
    rows = [
        Measured(
            case, photo, (256, 256), Times(9.0, 9.9, 9), Times(whole, whole, 9), 5.0, True, "", 5.05, gain
        )
        for photo, whole, gain in (("512×512", 14.2, 3.92), ("12 MP", 57.9, None))
    ]
    return Report(tuple(rows), (), {**machine, "peak_gflops": 400})


@pytest.mark.parametrize("language", ["ENGLISH", "CHINESE"])
def test_only_the_block_of_a_readme_changes(language: str) -> None:
    """What stands before and after stays."""
    made = script(PLACE)
    before = f"# one\n{made.BEGIN}\nformer figures\n{made.END}\ntwo\n"
    after = made.put(made.block(told(), "2026-01-02", getattr(made, language)), before)
    assert after.startswith(f"# one\n{made.BEGIN}\n")
    assert after.endswith(f"{made.END}\ntwo\n")
    assert "former figures" not in after
    assert "2026-01-02" in after
    assert "Some CPU" in after


def test_a_readme_has_a_line_for_each_network_it_tells_and_no_table() -> None:
    """A way that was not measured has no line; a gain that was not measured is not claimed."""
    made = script(PLACE)
    text = made.block(told(), "2026-01-02", made.ENGLISH)
    assert [line for line in text.splitlines() if line.startswith(("|", "- "))] == [
        "- midas-small\\*, onnxruntime fast: 14.2 ms (3.92 × as fast as torch) for 512×512, 57.9 ms for 12 MP"
    ]


@pytest.mark.parametrize("language", ["ENGLISH", "CHINESE"])
def test_each_readme_keeps_three_lines_of_figures(language: str) -> None:
    """Between the markers that a run writes between, and in the form that it writes."""
    made = script(PLACE)
    words = getattr(made, language)
    text = (REPOSITORY / words.file).read_text(encoding="utf-8")
    lines = text[text.index(made.BEGIN) : text.index(made.END)].splitlines()
    told_in_it = [line for line in lines if line.startswith(("|", "- "))]
    assert len(told_in_it) == len(made.TOLD) == 3
    for line, case in zip(told_in_it, made.TOLD, strict=True):
        assert line.startswith(f"- {case.model}")
        assert f"{case.engine} {case.precision}" in line


def test_the_page_has_the_short_table_before_all_figures() -> None:
    """Networks in short, then each size, then the goals."""
    text = script(PLACE).page(report(), "2026-01-02")
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == ["# How fast networks run", "## In short", "## All figures", "## Goals"]
    assert "| midas-small* | onnxruntime | float32 | 20.0 | 2.10 | 20.0 | 1.90 |  |  |" in text
    assert text.index("| 2.10 | 20.0 | 1.90 |") < text.index("## All figures")


def test_part_of_a_run_is_not_written() -> None:
    """Else the pages would lose what was not measured."""
    for partly in (["--quick"], ["--models", "embedded"]):
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / PLACE), "--write", *partly],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "--write takes a whole run" in done.stderr


def test_quick_run_measures_the_embedded_network() -> None:
    """The way from the command to the tables."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / PLACE), "--quick"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"\| embedded( \?)? \| onnxruntime \| float32 \| 256×256 \|", done.stdout)
    assert "## Goals" in done.stdout
