"""How much memory is left, by the machine's word and the cgroup's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.machine.memory import free_bytes

if TYPE_CHECKING:
    from pathlib import Path

MIB = 2**20


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    """A machine with 600 MiB available, of more that is free or cached."""
    path = tmp_path / "meminfo"
    path.write_text("MemTotal: 999999 kB\nMemFree: 100 kB\nMemAvailable: 614400 kB\nCached: 7 kB\n")
    return path


def _group(folder: Path, limit: str, taken: int, cached: int = 0) -> Path:
    folder.mkdir()
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{taken}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nslab 3\n")
    return folder


def test_without_a_group_it_is_what_the_machine_has(meminfo: Path, tmp_path: Path) -> None:
    """What is available, not only what is free."""
    assert free_bytes(meminfo, tmp_path / "none") == 600 * MIB


@pytest.mark.parametrize(
    ("limit", "taken", "cached", "expected"),
    [
        (str(512 * MIB), 100 * MIB, 0, 412 * MIB),
        (str(512 * MIB), 500 * MIB, 90 * MIB, 102 * MIB),
        (str(4096 * MIB), 100 * MIB, 0, 600 * MIB),
        ("max", 100 * MIB, 0, 600 * MIB),
        (str(100 * MIB), 130 * MIB, 0, -30 * MIB),
    ],
)
def test_the_smaller_of_both_counts(
    limit: str, taken: int, cached: int, expected: int, meminfo: Path, tmp_path: Path
) -> None:
    """Cached files do not count as taken; a group without a limit bounds nothing; one above it has less."""
    assert free_bytes(meminfo, _group(tmp_path / "group", limit, taken, cached)) == expected


@pytest.mark.parametrize("missing", ["memory.max", "memory.current", "memory.stat"])
def test_a_group_that_does_not_say_is_left_out(missing: str, meminfo: Path, tmp_path: Path) -> None:
    """As the root group, which has no limit of its own."""
    group = _group(tmp_path / "group", str(MIB), 0)
    (group / missing).unlink()
    assert free_bytes(meminfo, group) == 600 * MIB


def test_a_group_alone_is_enough(tmp_path: Path) -> None:
    """Where the machine does not tell; where neither does, nothing is known."""
    group = _group(tmp_path / "group", str(64 * MIB), 24 * MIB)
    assert free_bytes(tmp_path / "none", group) == 40 * MIB
    (tmp_path / "empty").write_text("MemTotal: 5 kB\n")
    assert free_bytes(tmp_path / "empty", tmp_path / "no group") is None


@pytest.mark.parametrize(("version", "place"), [("0::/a/b", "a"), ("4:memory:/a/b", "memory/a")])
def test_the_groups_above_count_too(tmp_path, version, place) -> None:
    """The process's own group is read and every one above it, of both versions of control groups."""
    meminfo, own = tmp_path / "meminfo", tmp_path / "own"
    meminfo.write_text("MemAvailable: 9000000 kB\n")
    own.write_text(f"1:cpu:/x\n{version}\n")
    folder = tmp_path / "cgroup" / place
    (folder / "b").mkdir(parents=True)
    is_old = "memory" in version
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if is_old else ("memory.max", "memory.current")
    for one, limit in ((folder, 700 * MIB), (folder / "b", 1 << 62 if is_old else "max")):
        (one / names[0]).write_text(f"{limit}\n")
        (one / names[1]).write_text(f"{100 * MIB}\n")
        (one / "memory.stat").write_text(f"{'total_' if is_old else ''}inactive_file {20 * MIB}\n")
    assert free_bytes(meminfo, tmp_path / "cgroup", own) == 620 * MIB
