"""Whatever is killed of a run on Ray, the same command goes on, and all is as if nobody had killed it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from command_line import command, environment
from nearfar.runs import LocalRunner, Run, Source, pipeline_of
from nearfar.runs.local import LocalPlace
from nearfar.runs.manifest import RECORDS, Manifest
from pictures import draw, encoded
from ray_heads import head

pytestmark = [pytest.mark.xdist_group("ray")]
SETTLED_S = 240.0
LOST_S = "3"
"""Seconds after which a run gives a head up that does not answer; Ray's own are 60."""


@dataclass
class Killing:
    """A run on a cluster whose parts are killed, and begin again."""

    source: Path
    target: Path
    stack: ExitStack
    driver: subprocess.Popen[bytes] | None = None
    killed: list[str] = field(default_factory=list)
    address: str = ""
    chief: subprocess.Popen[bytes] | None = None

    def rows(self) -> int:
        """Bytes of the journals."""
        return sum(path.stat().st_size for path in (self.target / RECORDS / "journal").glob("*"))

    def begin(self) -> None:
        """A head and a driver, where there is none."""
        if self.chief is None:
            self.address, self.chief = self.stack.enter_context(head())
        if self.driver is None or self.driver.poll() is not None:
            flags = ("--runner", "ray", "--address", self.address, "--batch", "2", "--export", "npy")
            words = command("run", self.source, "-o", self.target, *flags)
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            env = environment(RAY_gcs_rpc_server_reconnect_timeout_s=LOST_S)
            self.driver = subprocess.Popen(words, env=env, **quiet)

    def kill(self, victim: str, within_s: float) -> None:
        """Kill it so soon after a row came, at a random moment."""
        before = self.rows()
        self.begin()
        limit = time.monotonic() + SETTLED_S
        while self.driver.poll() is None and self.rows() <= before:
            assert time.monotonic() < limit, "no row came"
            time.sleep(0.005)
        time.sleep(random.uniform(0, within_s))  # noqa: S311 - any moment
        if self.driver.poll() is None:
            self.killed += [victim] * getattr(self, victim)()

    def a_driver(self) -> bool:
        """The process of the command."""
        self.driver.kill()
        self.driver.wait()
        return True

    def an_actor(self) -> bool:
        """A process of the cluster that works on photos; the run goes on."""
        found = actors(self.address)
        for pid in found[:1]:
            os.kill(pid, signal.SIGKILL)
        return bool(found)

    def the_head(self) -> bool:
        """All of Ray at once; the run ends by itself."""
        os.killpg(self.chief.pid, signal.SIGKILL)
        self.chief = None
        assert self.driver.wait(SETTLED_S) != 0
        return True


def actors(address: str) -> list[int]:
    """The processes of a cluster that work on photos."""
    lines = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                lines[int(folder.name)] = ((folder / "cmdline").read_text(), int(stat[1]))
            except OSError:
                continue  # it ended just now
    keepers = {pid for pid, (line, _) in lines.items() if "raylet" in line and address in line}
    return [pid for pid, (line, parent) in lines.items() if parent in keepers and "MapBatches" in line]


def rows(target: Path) -> dict[str, object]:
    """The rows of a finished run, without what differs from run to run."""
    found = [replace(row, seconds=0.0) for row in Manifest(LocalPlace(str(target))).latest()]
    assert len({row.source for row in found}) == len(found)
    return {row.source: row for row in found}


def files(target: Path) -> dict[str, bytes]:
    """The results; what a killed process was about to write has no name yet."""
    found = (path for path in target.glob("*.npy") if not path.name.startswith("."))
    return {path.name: path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("times", "count", "within_s"),
    [
        pytest.param(3, 400, 0.1, marks=pytest.mark.timeout(280)),
        pytest.param(20, 3000, 2.0, marks=[pytest.mark.soak, pytest.mark.timeout(3000)]),
    ],
)
def test_nothing_is_lost_double_or_half(tmp_path, times, count, within_s) -> None:
    """Drivers, workers and heads are killed in turn: results and rows are those of a local run."""
    pytest.importorskip("ray", reason="Ray is not installed")
    source = tmp_path / "photos"
    source.mkdir()
    for number in range(count):
        (source / f"{number}.png").write_bytes(encoded(draw(20 + number % 50, 20)))
    (source / "bad.png").write_bytes(b"no photo")
    with ExitStack() as stack:
        run = Killing(source, tmp_path / "out", stack)
        for turn in range(times):
            run.kill(("an_actor", "a_driver", "the_head")[turn % 3], within_s)
        assert len(run.killed) >= times // 2, run.killed
        run.begin()
        assert run.driver.wait(SETTLED_S) in {0, 1}
    pipeline = pipeline_of({"exports": ["npy"], "engine": "fake"})
    Run(Source(str(source)), str(tmp_path / "whole"), pipeline).go(LocalRunner())
    assert rows(tmp_path / "out") == rows(tmp_path / "whole")
    assert len(rows(tmp_path / "out")) == count + 1
    assert files(tmp_path / "out") == files(tmp_path / "whole")
