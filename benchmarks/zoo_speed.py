"""The speeds of published networks on this machine, for the docs and the README.

    python benchmarks/zoo_speed.py                  measure and print; about ten minutes on two quiet cores
    python benchmarks/zoo_speed.py --write          also docs/reference/bench.md and the lines of the READMEs
    python benchmarks/zoo_speed.py --quick          a few seconds, one small network: tries the way

It is `nearfar bench` for one network after the other, with the baseline: MiDaS small in torch as its users
run it. Networks without weights here get drawn ones (those of the conformance vectors) and are marked. Needs
the extras `transformers` and `openvino`.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nearfar import bench, settings
from nearfar.bench import Case, Measured, Plan, Report, document

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "bench.md"
BEGIN, END = "<!-- zoo speed: begin -->", "<!-- zoo speed: end -->"
BY_HAND = "## Against scripts by hand"
COMMAND = "python benchmarks/zoo_speed.py --write"
ORT, OPENVINO, TORCH = "onnxruntime", "openvino", "torch"
SMALL_PHOTOS, FEW_PHOTOS = tuple(bench.PHOTOS), ("512×512", "12 MP")
WAYS = {
    "midas-small": (
        (ORT, "float32"),
        (ORT, "int8"),
        (ORT, bench.FAST),
        (OPENVINO, "float32"),
        (OPENVINO, "bfloat16"),
        (OPENVINO, "int8"),
        (TORCH, "float32"),
    ),
    "embedded": ((ORT, "float32"), (ORT, bench.FAST), (OPENVINO, "float32"), (OPENVINO, "bfloat16")),
    "depth-anything-v2-small": ((ORT, "float32"), (OPENVINO, "bfloat16"), (TORCH, "float32")),
    "dpt-large": ((ORT, "float32"), (OPENVINO, "bfloat16"), (TORCH, "float32")),
}
SHOWN = ("512×512", "12 MP")  # photos of the short table and of the READMEs
TOLD = (
    Case("embedded", ORT, bench.FAST),
    Case("midas-small", ORT, bench.FAST),
    Case("depth-anything-v2-small", OPENVINO, "bfloat16"),
)
"""What the READMEs tell, a line each."""


@dataclass(frozen=True)
class Words:
    """What a README says around its figures, in its language."""

    file: str
    head: str
    line: str
    gain: str
    note: str


ENGLISH = Words(
    "README.md",
    "From the file to the saved heat map, measured on {date} ({processor}, {threads} threads) by\n"
    "`{command}`. All networks, engines and sizes:\n"
    "[how fast networks run](docs/reference/bench.md).",
    "- {name}, {engine} {precision}: {small} for 512×512, {large} for 12 MP",
    "{ms} ms ({gain} × as fast as torch)",
    "\\* with drawn weights: the speed is right, the depth is not.",
)
CHINESE = Words(
    "README.zh-CN.md",
    "从读文件到写出热图,{date} 由 `{command}` 测得({processor},{threads} 个线程)。\n"
    "全部网络、引擎与尺寸见[各网络有多快](docs/reference/bench.md)。",
    "- {name},{engine} {precision}:512×512 {small},12 MP {large}",
    "{ms} ms(速度为 torch 的 {gain} 倍)",
    "\\* 权重是随机生成的:速度属实,深度没有意义。",
)


@dataclass(frozen=True)
class Goal:
    """What is to be reached: ``figure`` of a row at least (or, where ``is_most``, at most) ``limit``."""

    text: str
    case: Case
    photo: str
    figure: str
    limit: float
    is_most: bool = False


def _goals() -> list[Goal]:
    small, large = "midas-small", "dpt-large"
    rows = [
        ("network, onnxruntime float32", small, ORT, "float32", "256×256", "network_gain", 2.0),
        ("network, onnxruntime int8", small, ORT, "int8", "256×256", "network_gain", 5.0),
        ("network, openvino bfloat16", small, OPENVINO, "bfloat16", "256×256", "network_gain", 3.5),
        ("network, share of the float32 peak", small, ORT, "float32", "256×256", "peak_share", 0.8),
        ("file to file", small, ORT, "float32", "512×512", "whole_gain", 2.0),
        ("file to file", small, ORT, "float32", "12 MP", "whole_gain", 2.5),
        ("file to file, fast", small, ORT, bench.FAST, "512×512", "whole_gain", 4.5),
        ("file to file, fast", small, ORT, bench.FAST, "12 MP", "whole_gain", 7.0),
        ("network, onnxruntime float32", large, ORT, "float32", "512×512", "network_gain", 1.1),
        ("network, openvino bfloat16", large, OPENVINO, "bfloat16", "512×512", "network_gain", 2.4),
    ]
    goals = [Goal(f"{r[1]}: {r[0]}", Case(r[1], r[2], r[3]), r[4], r[5], r[6]) for r in rows]
    same = [
        Goal(
            f"{small}: map against the baseline's, steps of 1/255",
            Case(small, ORT, "float32"),
            photo,
            "difference",
            1.0,
            is_most=True,
        )
        for photo in FEW_PHOTOS
    ]
    return goals + same


def reached(report: Report) -> list[tuple[str, ...]]:
    """Each goal with what was found."""
    rows = {(row.case, row.photo): row for row in report.rows}
    lines = []
    for goal in _goals():
        row = rows.get((goal.case, goal.photo))
        found = getattr(row, goal.figure) if row else None
        if found is not None:
            is_kept = found <= goal.limit if goal.is_most else found >= goal.limit
            sign = "≤" if goal.is_most else "≥"
            lines.append(
                (goal.text, goal.photo, f"{sign} {goal.limit:g}", f"{found:g}", "yes" if is_kept else "no")
            )
    return lines + _cold_starts(report)


def _cold_starts(report: Report) -> list[tuple[str, ...]]:
    start = next((s for s in report.starts if s.case == Case("midas-small", ORT, "int8")), None)
    if start is None:
        return []
    text = "midas-small: cold start, onnxruntime int8"
    rows = [(text, "", "< 0.45 s", f"{start.seconds:.2f} s", "yes" if start.seconds < 0.45 else "no")]
    if start.peak_mb:
        is_kept = start.peak_mb < 120
        rows.append(
            (f"{text}, peak memory", "", "< 120 MB", f"{start.peak_mb:.0f} MB", "yes" if is_kept else "no")
        )
    return rows


def measure(asked: argparse.Namespace) -> Report:
    """All networks, one after the other: the ways of one take turns."""
    begin, parts = time.monotonic(), []
    for name in asked.models:
        ways = WAYS[name][:1] if asked.quick else WAYS[name]
        cases = tuple(Case(name, *way) for way in ways)
        has_baseline = name == "midas-small"
        photos = (
            ("256×256",)
            if asked.quick
            else SMALL_PHOTOS
            if name in {"midas-small", "embedded"}
            else FEW_PHOTOS
        )
        seconds = 0.05 if asked.quick else asked.seconds
        plan = Plan(cases, photos, seconds, has_baseline)
        parts.append(
            bench.run(
                plan,
                settings.load(),
                lambda text: print(f"[{time.monotonic() - begin:4.0f} s] {text}", flush=True),
            )
        )
    facts = parts[0].machine | {"peak_gflops": max(part.machine["peak_gflops"] for part in parts)}
    rows = tuple(row for part in parts for row in part.rows)
    return Report(
        tuple(bench.with_share(row, facts["peak_gflops"]) for row in rows),
        tuple(s for part in parts for s in part.starts),
        facts,
    )


def page(report: Report, date: str) -> str:
    """The document: the short table, all figures, the goals."""
    title, measured, figures = document.page(report, COMMAND, date).split("\n\n", 2)
    goals = document.table(
        [("goal", "photo", "wanted", "found", "reached"), *reached(report)], is_markdown=True
    )
    parts = [
        title,
        measured,
        "## In short",
        "\n".join(short_table(report)),
        "## All figures",
        figures.rstrip(),
    ]
    return "\n\n".join([*parts, "## Goals", "\n".join(goals)]) + "\n"


def short_table(report: Report) -> list[str]:
    """The lines of the table of networks without a row for each size."""
    heads = (
        "network",
        "engine",
        "precision",
        "network ms",
        "× torch",
        "512×512: whole ms",
        "× torch",
        "12 MP: whole ms",
        "× torch",
    )
    rows = _measured(report)
    lines = [heads]
    for case in dict.fromkeys(row.case for row in report.rows):
        small, large = (rows.get((case, photo)) for photo in SHOWN)
        if small is not None:
            lines.append(
                (*document.cells(small)[:3], *document.cells(small)[4:7:2], *_whole(small), *_whole(large))
            )
    return list(document.table(lines, is_markdown=True))


def block(report: Report, date: str, words: Words) -> str:
    """The figures of a README: what was measured how, then a line for each way that is told."""
    head = words.head.format(
        date=date,
        command=COMMAND,
        processor=report.machine["processor"],
        threads=report.machine["threads"],
    )
    rows, lines = _measured(report), []
    for case in TOLD:
        small, large = (rows.get((case, photo)) for photo in SHOWN)
        if small is not None and large is not None:
            lines.append(
                words.line.format(
                    name=case.model + ("\\*" if small.is_stand_in else ""),
                    engine=case.engine,
                    precision=case.precision,
                    small=_told(small, words),
                    large=_told(large, words),
                )
            )
    return "\n".join([BEGIN, head, "", *lines, "", words.note, END])


def _measured(report: Report) -> dict[tuple[Case, str], Measured]:
    return {(row.case, row.photo): row for row in report.rows if not row.error}


def _told(row: Measured, words: Words) -> str:
    ms, gain = _whole(row)
    return words.gain.format(ms=ms, gain=gain) if gain else f"{ms} ms"


def _whole(row: Measured | None) -> tuple[str, str]:
    if row is None or row.whole is None:
        return "", ""
    return f"{row.whole.median_ms:.1f}", "" if row.whole_gain is None else f"{row.whole_gain:.2f}"


def put(text: str, readme: str) -> str:
    """The README with its block renewed."""
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: text, readme, flags=re.DOTALL)


def main() -> int:
    """Measure, print, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each figure")
    parser.add_argument("--models", nargs="+", choices=tuple(WAYS), default=list(WAYS))
    asked = parser.parse_args()
    if asked.write and (asked.quick or set(asked.models) != set(WAYS)):
        parser.error("--write takes a whole run: leave --quick and --models out")
    if asked.quick:
        asked.models = ["embedded"]
    report, date = measure(asked), datetime.now(UTC).date().isoformat()
    print(page(report, date))
    if asked.write:
        kept = PAGE.read_text("utf-8").partition(BY_HAND)  # another benchmark renews that part
        PAGE.write_text(page(report, date).rstrip() + "\n\n" + "".join(kept[1:]), encoding="utf-8")
        for words in (ENGLISH, CHINESE):
            readme = ROOT / words.file
            text = put(block(report, date, words), readme.read_text(encoding="utf-8"))
            readme.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
