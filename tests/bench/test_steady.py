"""Ratios in pairs, refused where the halves of a run differ; the line of a machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nearfar import bench
from nearfar.bench.row import HEADS, line
from nearfar.bench.turns import apart
from nearfar.cli import main
from scripts import script

steady = script("benchmarks/steady.py")


@pytest.mark.parametrize(
    ("values", "expected"), [([1.0], 0.0), ([1, 1, 1, 1], 0.0), ([1, 1, 2, 2], 1.0), ([2, 9, 1, 1, 1], 1.0)]
)
def test_halves_are_compared_in_time(values: list[float], expected: float) -> None:
    """What disturbed one half of a run is seen; of an odd number the middle one belongs to neither."""
    assert apart(values) == pytest.approx(expected, abs=4)
    assert (apart(values) > 0.1) == (expected > 0.1)


def test_a_ratio_says_whether_its_goal_is_reached() -> None:
    """At most for costs, at least for gains; an unsteady one says neither."""
    fine = steady.Ratio("cost", ((1.0, 2.0),) * 4, goal=0.6)
    assert (fine.value, fine.verdict) == (0.5, "yes")
    assert replace(fine, goal=0.4).verdict == "no"
    gain = replace(fine, is_gain=True, goal=1.5)
    assert (gain.value, gain.verdict) == (2.0, "yes")
    assert replace(fine, goal=None).verdict == ""
    torn = steady.Ratio("torn", ((1.0, 2.0), (1.0, 2.0), (1.0, 1.0), (1.0, 1.0)), goal=9)
    assert torn.verdict.startswith("refused: halves 100%")
    assert (fine.row()[1], torn.row()[1]) == ("0.50", "–")


def test_pairs_take_turns_and_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each side is first every other time; after the deadline two pairs are enough."""
    order: list[str] = []

    def cost(name: str) -> float:
        order.append(name)
        return 1.0

    ratio = steady.in_pairs("x", lambda: cost("a"), lambda: cost("b"), 2)
    assert "".join(order) == "ab" + "ab" + "ba"
    assert ratio.value == 1
    monkeypatch.setattr(steady, "deadline", 0.0)
    assert len(steady.in_pairs("x", lambda: 1.0, lambda: 2.0, 50).pairs) == 2


def test_a_table_is_refused_whose_halves_differ() -> None:
    """It says what differs, and by how much; a table of steady figures is not."""
    assert steady.refusal({"rate": [1.0, 1.02, 1.0, 1.03], "nothing": []}) == ""
    told = steady.refusal({"rate": [1.0, 1.0, 1.3, 1.3], "work": [1.0, 1.0]})
    assert told.startswith("refused: ")
    assert "rate by 30%" in told
    assert "work" not in told


def test_a_run_of_the_service_has_two_halves() -> None:
    """Photos answered in each half of the time; none at all has none."""
    overload = script("benchmarks/service_overload.py")
    seen = overload.Seen(done_at=[0.0, 1.0, 2.0, 3.0, 9.0, 10.0])
    assert overload.halves(seen) == [4.0, 2.0]
    assert overload.halves(overload.Seen()) == []


def test_rounds_of_the_service_are_refused_where_they_drift() -> None:
    """By the share of photos or of processor time, whichever moves."""
    throughput = script("benchmarks/service_throughput.py")
    calm = [throughput.Shares(0.9, 0.95, 0.9)] * 4
    assert throughput.refused(calm) == ""
    torn = [*calm[:2], *[throughput.Shares(0.9, 0.7, 0.9)] * 2]
    assert "processor time" in throughput.refused(torn)
    assert throughput.median(calm) == calm[0]


def test_a_machine_is_one_line() -> None:
    """As many cells as the table has heads; what was disturbed is marked."""
    case = bench.Case("embedded", "onnxruntime", "int8")
    calm, torn = bench.Times(12.3, 15.0, 9), bench.Times(99.0, 150.0, 9, apart=0.5)
    rows = (bench.Measured(case, "256×256", whole=calm), bench.Measured(case, "12 MP", whole=torn))
    facts = {"processor": "Cortex-A72", "threads": 4, "memory_gb": 3.9}
    cells = line(bench.Report(rows, (bench.Start(case, 1.0, 98.4),), facts)).strip("| ").split(" | ")
    assert len(cells) == len(HEADS)
    assert cells[0] == "Cortex-A72"
    assert cells[4:] == ["embedded int8", "12", "", "99 ?", "98"]


def test_disturbed_tables_are_not_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says so, and the file stays away."""
    case = bench.Case("embedded", "fake", "float32")
    torn = bench.Measured(case, "256×256", network=bench.Times(1.0, 2.0, 9, apart=0.5))
    monkeypatch.setattr(bench, "run", lambda *_: bench.Report((torn,), (), {}))
    page = tmp_path / "page.md"
    assert main(["bench", "embedded", "-o", str(page)]) == 1
    assert "were disturbed" in capsys.readouterr().err
    assert not page.exists()
