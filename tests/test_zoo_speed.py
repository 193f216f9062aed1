"""The benchmark that writes the docs' table of speeds."""

from __future__ import annotations

import subprocess
import sys

from nearfar.bench import USUAL, Case, Report, Row, Start, Times
from scripts import REPOSITORY, script

PLACE = "benchmarks/zoo_speed.py"
FLOAT, INT8 = (Case("midas-small", "onnxruntime", precision) for precision in ("float32", "int8"))


def report() -> Report:
    """Figures as a run gives them: one goal is reached, others are not."""
    times = Times(20.0, 25.0, 9)
    rows = (
        Row(FLOAT, "256×256", (256, 256), times, times, 5.0, True, "", 2.1, 2.2, 0.3, 0.79),
        Row(FLOAT, "512×512", (256, 256), times, times, 5.0, True, "", 2.1, 1.9, 0.3, 0.79),
        Row(USUAL, "512×512", (256, 256), times, times, None, True),
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


def test_only_the_block_of_the_readme_changes() -> None:
    """What stands before and after stays."""
    made = script(PLACE)
    before = f"# one\n{made.BEGIN}\nformer figures\n{made.END}\ntwo\n"
    after = made.put(made.block(report(), "2026-01-02"), before)
    assert after.startswith(f"# one\n{made.BEGIN}\n| network |")
    assert after.endswith(f"{made.END}\ntwo\n")
    assert "former figures" not in after
    assert "| midas-small* | onnxruntime | float32 | 20.0 | 2.10 | 20.0 | 1.90 |" in after


def test_quick_run_measures_the_embedded_network() -> None:
    """The way from the command to the tables."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / PLACE), "--quick"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "| embedded | onnxruntime | float32 | 256×256 |" in done.stdout
    assert "## Goals" in done.stdout
