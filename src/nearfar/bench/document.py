"""What a run found, as tables and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nearfar.bench import Measured, Report, Times

_HEADS = (
    "model",
    "engine",
    "precision",
    "photo",
    "network ms",
    "p95",
    "× torch",
    "of peak",
    "whole ms",
    "p95",
    "× torch",
    "Δ/255",
    "photos/s",
)
_STARTS = ("model", "engine", "precision", "cold start s", "peak MB")
_WIDEST = 20  # a longer text pushes its row, not the table


def page(report: Report, command: str, date: str) -> str:
    """A Markdown document: what was measured, when and how, then the tables."""
    head = [
        "# How fast networks run",
        "",
        f"Measured on {date} by `{command}`; the ways took turns.",
        "",
    ]
    return "\n".join([*head, *tables(report, is_markdown=True), ""])


def tables(report: Report, *, is_markdown: bool) -> Iterator[str]:
    """The lines of all tables and what is to be known of them."""
    yield from table([_HEADS, *map(cells, report.rows)], is_markdown=is_markdown)
    yield ""
    if report.starts:
        starts = [
            (s.case.model, s.case.engine, s.case.precision, f"{s.seconds:.2f}", f"{s.peak_mb or 0:.0f}")
            for s in report.starts
        ]
        yield from table([_STARTS, *starts], is_markdown=is_markdown)
        yield ""
    yield "; ".join(f"{key} {value}" for key, value in report.machine.items())
    yield from _paragraphs(_notes(report), is_markdown=is_markdown)


def _notes(report: Report) -> Iterator[str]:
    yield "whole: from the file to the saved heat map; each figure the median of up to 60 runs in turn"
    yield "× torch: so many times faster than the same network in torch (midas-small: than the baseline)"
    yield "of peak: share of the float32 peak of the machine (peak_gflops); Δ/255: mean difference of the map"
    if any(not row.is_steady for row in report.rows):
        yield "? disturbed: the halves of its run differ by more than 10 %: no figure to be told"
    if any(row.is_stand_in for row in report.rows):
        yield "* with stand-in weights: the speed is right, the depth is not"


def _paragraphs(notes: Iterable[str], *, is_markdown: bool) -> Iterator[str]:
    for note in notes:
        if is_markdown:
            yield ""
        yield note.replace("*", "\\*") if is_markdown else note


def cells(row: Measured) -> tuple[str, ...]:
    """A line of the large table."""
    head = (
        f"{row.case.model}{'*' if row.is_stand_in else ''}{'' if row.is_steady else ' ?'}",
        row.case.engine,
        row.case.precision,
        row.photo,
    )
    if row.error:
        return (*head, row.error, *("",) * (len(_HEADS) - len(head) - 1))
    return (
        *head,
        *_times(row.network),
        _number(row.network_gain, "{:.2f}"),
        _number(row.peak_share, "{:.0%}"),
        *_times(row.whole),
        _number(row.whole_gain, "{:.2f}"),
        _number(row.difference, "{:.2f}"),
        _number(row.batch_per_s, "{:.1f}"),
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _times(times: Times | None) -> tuple[str, str]:
    return ("", "") if times is None else (f"{times.median_ms:.1f}", f"{times.p95_ms:.1f}")


def table(rows: list[tuple[str, ...]], *, is_markdown: bool) -> Iterator[str]:
    """The lines of one table; the first row has its heads."""
    if is_markdown:
        yield f"| {' | '.join(rows[0])} |"
        yield f"|{' --- |' * len(rows[0])}"
        yield from (f"| {' | '.join(row)} |" for row in rows[1:])
        return
    widths = [max(min(len(cell), _WIDEST) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
