"""One line for the table of machines, docs/reference/machines.md."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nearfar.bench import Report

SIZES = ("256×256", "512×512", "12 MP")
HEADS = (
    "machine",
    "architecture",
    "threads",
    "memory GB",
    "network",
    *(f"{size}: ms" for size in SIZES),
    "peak MB",
)


def line(report: Report) -> str:
    """Markdown: processor, threads, memory, network, ms from file to heat map by size, largest memory in MB.

    What was disturbed has a question mark, and is no figure for the table.
    """
    machine, by_size = report.machine, {row.photo: row for row in report.rows}
    times = []
    for size in SIZES:
        row = by_size.get(size)
        known = row is not None and row.whole is not None
        times.append(f"{row.whole.median_ms:.0f}{'' if row.is_steady else ' ?'}" if known else "")  # type: ignore[union-attr]
    case = report.rows[0].case
    peaks = [start.peak_mb for start in report.starts if start.peak_mb]
    cells = [
        str(machine["processor"] or "unknown"),
        platform.machine(),
        str(machine["threads"]),
        str(machine["memory_gb"] or ""),
        f"{case.model} {case.precision}",
        *times,
        f"{max(peaks):.0f}" if peaks else "",
    ]
    return f"| {' | '.join(cells)} |"
