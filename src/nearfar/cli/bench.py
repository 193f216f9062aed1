"""``nearfar bench``: how fast networks run on this machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nearfar import settings
from nearfar.cli import _say
from nearfar.cli._verb import Flag, verb
from nearfar.files import write_whole
from nearfar.options import option, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nearfar.bench import Report, Row, Times

_HEADS = (
    "model",
    "engine",
    "precision",
    "photo",
    "network ms",
    "p95",
    "whole ms",
    "p95",
    "photos/s",
)
_WIDEST = 20  # a longer text pushes its row, not the table
_STARTS = ("model", "engine", "precision", "cold start s", "peak MB")


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """The flags of the verb."""

    engines: str = option("onnxruntime", "Engines, commas between.")
    precisions: str = option("float32", "Precisions, commas between; fast is int8 with all of --fast.")
    photos: str = option("", "Photo sizes, commas between: 256×256, 512×512, 1024×1024, 12 MP; else all.")
    seconds: float = option(2.0, "Seconds of each figure.", low=0.01, high=600)
    baseline: bool = option(False, "Also MiDaS small the way it is usually run: torch eager, bicubic, PNG.")
    output: str = option("", "Also write the tables, with date and command, as a Markdown document here.")
    json: bool = option(False, "JSON on standard output.")
    markdown: bool = option(False, "A Markdown table.")


_FLAGS = {name: Flag(value="LIST") for name in ("engines", "precisions", "photos")} | {
    "output": Flag("-o", "FILE.md")
}


@verb(BenchOptions, ("MODEL", "Networks to measure; embedded where none is named."), _FLAGS)
def command(models: tuple[str, ...], given: dict[str, str | bool]) -> int:
    """Measure networks alone and the whole way from a file to a heat map."""
    from nearfar import bench, catalogue

    options = parse(BenchOptions, given)
    names = models or ("embedded",)
    cases = tuple(
        bench.Case(catalogue.card(name).name, engine, precision)
        for name in names
        for engine in _parts(options.engines)
        for precision in _parts(options.precisions)
    )
    photos = tuple(_parts(options.photos.replace("x", "×"))) or tuple(bench.PHOTOS)
    plan = bench.Plan(cases, photos, options.seconds, options.baseline)
    report = bench.run(plan, settings.load(), _say.line)
    if options.output:
        write_whole(options.output, _page(report, models, given).encode())
    if options.json:
        _say.document(asdict(report))
    else:
        _say.lines(_tables(report, is_markdown=options.markdown))
    return 0 if all(not row.error for row in report.rows) else 1


def _page(report: Report, models: tuple[str, ...], given: dict[str, str | bool]) -> str:
    """The document: what was measured, when and how, then the tables."""
    flags = [
        f"--{name.replace('_', '-')}"
        + ("" if value is True else f" '{value}'" if " " in str(value) else f" {value}")
        for name, value in given.items()
    ]
    today = datetime.now(UTC).date().isoformat()
    head = [
        "# How fast networks run",
        "",
        f"Measured on {today} by `{' '.join(['nearfar bench', *models, *flags])}`; the ways took turns.",
        "",
    ]
    return "\n".join([*head, *_tables(report, is_markdown=True), ""])


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _tables(report: Report, *, is_markdown: bool) -> Iterable[str]:
    yield from _table([_HEADS, *(_row(row) for row in report.rows)], is_markdown=is_markdown)
    yield ""
    if report.starts:
        starts = [
            (s.case.model, s.case.engine, s.case.precision, f"{s.seconds:.2f}", f"{s.peak_mb or 0:.0f}")
            for s in report.starts
        ]
        yield from _table([_STARTS, *starts], is_markdown=is_markdown)
        yield ""
    yield "; ".join(f"{key} {value}" for key, value in report.machine.items())
    yield "whole: from the file to the saved heat map"
    if any(row.is_stand_in for row in report.rows):
        yield "* with stand-in weights: the speed is right, the depth is not"


def _row(row: Row) -> tuple[str, ...]:
    head = (
        f"{row.case.model}{'*' if row.is_stand_in else ''}",
        row.case.engine,
        row.case.precision,
        row.photo,
    )
    if row.error:
        return (*head, row.error, "", "", "", "")
    batch = "" if row.batch_per_s is None else f"{row.batch_per_s:.1f}"
    return (*head, *_times(row.network), *_times(row.whole), batch)


def _times(times: Times | None) -> tuple[str, str]:
    return ("", "") if times is None else (f"{times.median_ms:.1f}", f"{times.p95_ms:.1f}")


def _table(rows: list[tuple[str, ...]], *, is_markdown: bool) -> Iterable[str]:
    if is_markdown:
        yield f"| {' | '.join(rows[0])} |"
        yield f"|{' --- |' * len(rows[0])}"
        yield from (f"| {' | '.join(row)} |" for row in rows[1:])
        return
    widths = [max(min(len(cell), _WIDEST) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
