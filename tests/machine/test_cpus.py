"""Usable processors under quotas, in made-up cgroup trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.machine import cpus

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _many_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 64 processors."""
    monkeypatch.setattr(cpus, "_affinity", lambda: 64)


def usable(root: Path, files: dict[str, str], membership: str = "") -> int:
    """The answer in a cgroup tree of these files, for a process in these groups."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    own = root / "membership"
    own.write_text(membership)
    return cpus.usable_cpus(root, own)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("max 100000", 64),
        ("", 64),
        ("x y", 64),
        ("5 0", 64),
    ],
)
def test_version_2(tmp_path: Path, text: str, expected: int) -> None:
    """A quota is rounded up to whole processors; without sense it is none."""
    assert usable(tmp_path, {"cpu.max": text}) == expected


@pytest.mark.parametrize(("quota", "expected"), [("300000", 3), ("-1", 64)])
def test_version_1(tmp_path: Path, quota: str, expected: int) -> None:
    """The older files say the same; minus one is no limit."""
    files = {"cpu/cpu.cfs_quota_us": quota, "cpu/cpu.cfs_period_us": "100000"}
    assert usable(tmp_path, files) == expected


def test_group_below_the_root(tmp_path: Path) -> None:
    """Outside a container the own group lies deeper, and the tightest above it counts."""
    files = {"work.slice/cpu.max": "300000 100000", "work.slice/job/cpu.max": "800000 100000"}
    assert usable(tmp_path, files, "0::/work.slice/job\n") == 3


def test_group_below_the_root_in_version_1(tmp_path: Path) -> None:
    """The same with the older hierarchy."""
    files = {"cpu/docker/x/cpu.cfs_quota_us": "200000", "cpu/docker/x/cpu.cfs_period_us": "100000"}
    assert usable(tmp_path, files, "4:cpu,cpuacct:/docker/x\n2:memory:/docker/x\n") == 2


def test_no_cgroups_at_all(tmp_path: Path) -> None:
    """Elsewhere than on Linux only the affinity counts."""
    assert cpus.usable_cpus(tmp_path / "none", tmp_path / "none") == 64


def test_affinity_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smaller of both is the answer."""
    monkeypatch.setattr(cpus, "_affinity", lambda: 2)
    assert usable(tmp_path, {"cpu.max": "800000 100000"}) == 2


def test_this_machine() -> None:
    """Here and now there is at least one."""
    assert 1 <= cpus.usable_cpus() <= 64
