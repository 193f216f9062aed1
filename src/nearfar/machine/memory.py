"""How much memory this process may still take."""

from __future__ import annotations

from pathlib import Path


def free_bytes(proc: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The smaller of what the machine and the cgroup have left; None where neither says."""
    known = [found for found in (_machine(proc), _group(cgroup)) if found is not None]
    return min(known, default=None)


def _machine(path: Path) -> int | None:
    try:
        rows = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith("MemAvailable:")), None)


def _group(root: Path) -> int | None:
    """What cgroup v2 leaves; files that are cached do not count as taken."""
    try:
        limit = (root / "memory.max").read_text(encoding="ascii").strip()
        taken = int((root / "memory.current").read_text(encoding="ascii"))
        rows = dict(row.split() for row in (root / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return None
    return int(limit) - taken + int(rows.get("inactive_file", 0)) if limit.isdigit() else None
