"""What ``docs/how-to/scale-out.md`` tells people to do works as it stands there; its arithmetic is right."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from command_line import environment
from pictures import draw, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "scale-out.md").read_text(encoding="utf-8")
LOCAL, ON_RAY, SERVE, ASK = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(CONFIG,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(CODE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PROGRAMS = {"nearfar": "nearfar", "serve": "ray.serve.scripts"}
TRIES = 4
"""Ray gives its own processes 15 s to start: on a busy machine a start is tried again."""
needs_ray = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import ray.serve"], capture_output=True, check=False).returncode
    != 0,
    reason="Ray Serve is not installed",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos, and the programs that the page names."""
    (tmp_path / "photos").mkdir()
    for number in range(4):
        (tmp_path / "photos" / f"{number}.png").write_bytes(encoded(draw(40 + number, 30)))
    (tmp_path / "photo.jpg").write_bytes(encoded(draw(160, 120), "JPEG"))
    (tmp_path / "bin").mkdir()
    for name, module in PROGRAMS.items():
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        program.chmod(0o755)
    return tmp_path


def around(folder: Path) -> dict[str, str]:
    """The environment of what is run."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return environment(PATH=path, RAY_USAGE_STATS_ENABLED="0")


def run(line: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(line, cwd=folder, env=around(folder), capture_output=True, text=True, check=False)


def test_a_folder_on_one_machine(folder) -> None:
    """The commands run in their order, and tell what was done and what a billion would take."""
    done = run(["sh", "-c", f"set -e\n{LOCAL}"], folder)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 done, 0 failed" in done.stdout
    assert "1000000000 photos on 40 machine(s)" in done.stdout


@needs_ray
@pytest.mark.xdist_group("ray")
def test_the_same_run_on_ray(folder) -> None:
    """Each photo has its result; a second run finds all of them whole."""
    done = run(["sh", "-c", f"set -e\n{ON_RAY}"], folder)
    assert done.returncode == 0, done.stderr
    assert len(list((folder / "depth-ray").glob("*.heatmap.png"))) == 4


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(folder: Path, port: int) -> Iterator[bool]:
    """Whether ``serve run`` came to answer, for as long as the block lasts."""
    (folder / "serve.yaml").write_text(CONFIG.replace("8000", str(port)), encoding="utf-8")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {SERVE}"],
            cwd=folder,
            env=around(folder) | {"RAY_ADDRESS": "local"},  # a cluster of its own, whatever runs here
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield answers(process, f"http://127.0.0.1:{port}/readyz")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(60)


def answers(process: subprocess.Popen[bytes], url: str) -> bool:
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(url, timeout=10).status_code == 200:
                return True
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    return False


@needs_ray
@pytest.mark.xdist_group("ray")
def test_the_service_of_the_configuration(folder) -> None:
    """It starts by the command, and answers what the page asks."""
    for _ in range(TRIES):
        port = free_port()
        with served(folder, port) as is_well:
            if not is_well:
                continue
            done = run(["sh", "-c", f"set -e\n{ASK.replace('8000', str(port))}"], folder)
            assert done.returncode == 0, done.stderr
            assert '"ready"' in done.stdout
            assert (folder / "heat.png").read_bytes().startswith(b"\x89PNG")
            return
    raise AssertionError((folder / "log").read_text())


@needs_ray
@pytest.mark.xdist_group("ray")
def test_the_service_from_python(folder) -> None:
    """The block runs beside a photo.jpg."""
    done = run([sys.executable, "-c", CODE.replace("8000", str(free_port()))], folder)
    assert done.returncode == 0, done.stderr
    assert "relative_inverse" in done.stdout.lower()


def test_the_arithmetic_is_right() -> None:
    """Sums, quotients and products on the page are what they are said to be."""
    parts = [float(row) for row in re.findall(r"^\| Ray Serve: .*\| ([\d.]+) \|$", PAGE, re.MULTILINE)]
    (together,) = re.findall(r"^\| Ray Serve together \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert sum(parts) == pytest.approx(float(together))
    said = {
        "1000 / 81.39 = 12.3": 1000 / 81.39,
        "1000 / (81.39 × 0.7) = 17.6": 1000 / (81.39 * 0.7),
        "1000 × 49.3 ms = 49.3": 1000 * 49.3e-3,
        "2 × 1.193 s = 2.4": 2 * 1.193,
        "1000 / 504 = 2": 1000 / 504,
        "21.2 + 8.1 + 1.5 = 30.8": 21.2 + 8.1 + 1.5,
        "10⁹ × 25 ms = 25,000,000 s = 6944": 1e9 * 0.025 / 3600,
        "6944 / (640 × 0.85) = 12.8": 6944 / (640 * 0.85),
    }
    for words, value in said.items():
        assert words in PAGE
        told = words.rpartition("= ")[2]
        assert round(value, len(told.partition(".")[2])) == float(told)


def test_figures_are_those_of_the_pages_they_come_from() -> None:
    """What is taken from other pages stands there."""
    for page, row in (
        (
            "how-to/operate-the-service.md",
            "| 16 clients: photos a second (clients rest between photos) | 81.39 |",
        ),
        ("reference/bench.md", "| dpt-large* | onnxruntime | float32 | 1223.5 | 1.85 | 1193.0 |"),
        ("reference/gpu.md", "| dpt-large* | 384×384 | 64 | 544 | 504 |"),
    ):
        assert row in (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "head"), [("README.md", "You have"), ("README.zh-CN.md", "你有")])
def test_the_readme_says_which_runner_when(name, head) -> None:
    """Four lines, each with its own way, and the page that tells more."""
    text = (ROOT / name).read_text(encoding="utf-8")
    table = re.search(rf"^\| {head}.*?\n\n", text, re.MULTILINE | re.DOTALL)[0].splitlines()[2:]
    assert [row for row in table if row] == [row for row in table if row.startswith("|")]
    ways = ("estimate_stream", "`nearfar run`", "--runner ray", "`nearfar serve`")
    rows = [row for row in table if row]
    assert len(rows) == 4
    assert all(way in row for way, row in zip(ways, rows, strict=True))
    assert "scale-out.md" in text
