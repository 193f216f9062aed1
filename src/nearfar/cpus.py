"""How many processors this process may really use."""

from __future__ import annotations

import os
from pathlib import Path


def usable_cpus(cgroup_root: Path = Path("/sys/fs/cgroup")) -> int:
    """The smaller of the CPU affinity and the cgroup quota (rounded up), at least 1."""
    return max(1, min(_affinity(), _cgroup_quota(cgroup_root)))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroup_quota(root: Path) -> int:
    """Processors granted by cgroup v2 (cpu.max) or v1 (cpu.cfs_*); a large number where unlimited."""
    unlimited = 1 << 16
    v2 = _words(root / "cpu.max")
    quota, period = [*v2, "max", "100000"][:2] if v2 else _v1_quota(root)
    if not (quota.isdigit() and period.isdigit() and int(period) > 0):
        return unlimited
    return -(-int(quota) // int(period)) or 1


def _v1_quota(root: Path) -> list[str]:
    quota = _words(root / "cpu" / "cpu.cfs_quota_us") or ["max"]
    period = _words(root / "cpu" / "cpu.cfs_period_us") or ["100000"]
    return [quota[0], period[0]]


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
