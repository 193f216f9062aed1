"""How many processors this process may really use."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

_UNLIMITED = 1 << 16
_SHARE: list[int] = []  # of the machine, where somebody gave this process one
_ROOT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus(cgroup_root: Path = _ROOT, membership: Path = _MEMBERSHIP) -> int:
    """The smallest of the CPU affinity, the cgroup quota (rounded up) and what was given, at least 1."""
    return max(1, min([_affinity(), _cgroup_quota(cgroup_root, membership), *_SHARE]))


def restrict(count: int) -> None:
    """From now on this process may use so many at most: others on the machine have the rest."""
    _SHARE[:] = [count]


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroup_quota(root: Path, membership: Path) -> int:
    """Processors granted by this process's cgroup and all above it; a large number where unlimited.

    In a container the own cgroup mostly is the root that is seen; under systemd it lies deeper.
    """
    quotas = [_UNLIMITED]
    for controllers, own in _own_groups(membership):
        for group in (own, *own.parents):
            inside = str(group).strip("/")
            if not controllers:
                quotas.append(_quota(_words(root / inside / "cpu.max")))
            elif "cpu" in controllers:
                folder = root / "cpu" / inside
                words = [_words(folder / f"cpu.cfs_{part}_us") for part in ("quota", "period")]
                quotas.append(_quota([word for pair in words for word in pair[:1]]))
    return min(quotas)


def _own_groups(membership: Path) -> list[tuple[list[str], PurePosixPath]]:
    """(controllers, path) of each hierarchy, roots added; version 2 has no controllers there."""
    rows = [line.split(":", 2) for line in _lines(membership)]
    groups = [(row[1].split(",") if row[1] else [], PurePosixPath(row[2])) for row in rows if len(row) == 3]
    return [*groups, ([], PurePosixPath("/")), (["cpu"], PurePosixPath("/"))]


def _quota(words: list[str]) -> int:
    """Processors of [quota, period] in microseconds."""
    quota, period = [*words, "max", "max"][:2]
    if not (quota.isdigit() and period.isdigit() and int(period) > 0):
        return _UNLIMITED
    return -(-int(quota) // int(period)) or 1


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError, ValueError):
        return []
