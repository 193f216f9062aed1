"""How much memory this process may still take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_V1_WITHOUT_LIMIT = 1 << 60  # control groups of version 1 say so by a number


def free_bytes(
    proc: Path = Path("/proc/meminfo"),
    cgroup: Path = Path("/sys/fs/cgroup"),
    own: Path = Path("/proc/self/cgroup"),
) -> int | None:
    """The smallest of what the machine and the control groups have left; None where none of them says.

    Both versions of control groups are read, each from this process's own group up.
    """
    groups = (_group(folder) for folder in _folders(cgroup, own))
    known = [found for found in (_machine(proc), *groups) if found is not None]
    return min(known, default=None)


def _machine(path: Path) -> int | None:
    try:
        rows = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith("MemAvailable:")), None)


def _folders(root: Path, own: Path) -> Iterator[Path]:
    """Where limits may stand; within a container its own group is the root."""
    yield root
    yield root / "memory"
    try:
        rows = [row.split(":", 2) for row in own.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        return
    for row in rows:
        if len(row) == 3 and (row[1] == "" or "memory" in row[1].split(",")):
            place = Path(row[2].lstrip("/"))
            for part in (place, *place.parents[:-1]) if place.parts else ():
                yield (root / "memory" if row[1] else root) / part


def _group(folder: Path) -> int | None:
    """What one control group leaves; files that are cached do not count as taken."""
    found = _numbers(folder, "memory.max", "memory.current", "inactive_file")
    return (
        found
        if found is not None
        else _numbers(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    )


def _numbers(folder: Path, most: str, taken: str, cached: str) -> int | None:
    try:
        limit = (folder / most).read_text(encoding="ascii").strip()
        used = int((folder / taken).read_text(encoding="ascii"))
        rows = dict(row.split() for row in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return None
    if not limit.isdigit() or int(limit) >= _V1_WITHOUT_LIMIT:
        return None
    return int(limit) - used + int(rows.get(cached, 0))
