"""Killed at any moment, the same command goes on, and all is as if nobody had killed it."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from command_line import command, environment
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import RECORDS, Manifest
from pictures import draw, encoded
from runs_shards import samples

if TYPE_CHECKING:
    from pathlib import Path

SETTLED_S = 30.0


def start(source: Path, target: Path, *flags: str) -> subprocess.Popen[bytes]:
    """A run as a process of its own."""
    words = command("run", source, "-o", target, "--export", "npy", "--workers", "2", *flags)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, env=environment(), **quiet)


def begun(process: subprocess.Popen[bytes], target: Path, before: int) -> None:
    """Wait until the process wrote some rows, or ended."""
    limit = time.monotonic() + SETTLED_S
    while process.poll() is None and time.monotonic() < limit:
        if sum(path.stat().st_size for path in (target / RECORDS / "journal").glob("*")) > before:
            return
        time.sleep(0.005)


def kill_often(source: Path, target: Path, times: int, *flags: str) -> int:
    """Start a run so many times and kill it at a random moment; gives how many were killed at work."""
    chance, killed = random.Random(7), 0  # noqa: S311 - the same each time
    for _ in range(times):
        journal = target / RECORDS / "journal"
        before = sum(path.stat().st_size for path in journal.glob("*")) if journal.exists() else 0
        process = start(source, target, *flags)
        begun(process, target, before)
        time.sleep(chance.uniform(0, 0.1))
        killed += process.poll() is None
        process.kill()
        process.wait()
    return killed


def rows(target: Path) -> dict[str, object]:
    """The rows of a finished run, without what differs from run to run."""
    found = [replace(row, seconds=0.0) for row in Manifest(LocalPlace(str(target))).latest()]
    assert len({row.source for row in found}) == len(found)
    return {row.source: row for row in found}


def files(target: Path) -> dict[str, bytes]:
    """The results; what a killed process was about to write has no name yet."""
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*.npy")
        if RECORDS not in path.parts and not path.name.startswith(".")
    }


@pytest.mark.parametrize(
    ("times", "count"),
    [(3, 150), pytest.param(20, 1500, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])],
)
def test_nothing_is_lost_double_or_half(tmp_path, times, count) -> None:
    """Of a tree: results and rows are those of a run that nobody killed."""
    source = tmp_path / "photos"
    source.mkdir()
    for number in range(count):
        (source / f"{number}.png").write_bytes(encoded(draw(20 + number % 50, 20)))
    (source / "bad.png").write_bytes(b"no photo")
    assert kill_often(source, tmp_path / "out", times) >= times // 2
    assert start(source, tmp_path / "out").wait() in {0, 1}
    assert start(source, tmp_path / "whole").wait() == 1
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")
    assert len(rows(tmp_path / "out")) == count + 1
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_shards_have_each_photo_once(tmp_path) -> None:
    """Of shards: each result is in one, whenever the run was killed."""
    source = tmp_path / "photos"
    source.mkdir()
    for number in range(120):
        (source / f"{number}.png").write_bytes(encoded(draw(20 + number % 50, 20)))
    flags = ("--into", "webdataset", "--shard", "7")
    assert kill_often(source, tmp_path / "out", 3, *flags) >= 1
    assert start(source, tmp_path / "out", *flags).wait() == 0
    assert samples(tmp_path / "out") == sorted(path.name for path in source.iterdir())


def test_following_gives_each_photo_once(tmp_path) -> None:
    """Over restarts, while photos come."""
    source = tmp_path / "photos"
    source.mkdir()
    for number in range(60):
        if number % 20 == 0:
            (source / f"{number}.png").write_bytes(encoded(draw(20 + number, 20)))
            kill_often(source, tmp_path / "out", 1, "--follow", "0.05")
        (source / f"{number}.png").write_bytes(encoded(draw(20 + number, 20)))
    assert start(source, tmp_path / "out").wait() == 0
    assert start(source, tmp_path / "whole").wait() == 0
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")
    assert files(tmp_path / "out") == files(tmp_path / "whole")
