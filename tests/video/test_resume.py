"""A run that is killed goes on, and the file is that of an uninterrupted one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from moving_pictures import Shape, write_clip

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
WAIT_S = 120.0


def words(clip: Path, target: Path) -> list[str]:
    """The command line, in segments of a few frames, with frames held back."""
    flags = ["--segment", "5", "--mode", "offline", "--look-ahead", "3"]
    return [sys.executable, "-m", "nearfar", "video", str(clip), "-o", str(target), *flags]


def whole(target: Path) -> int:
    """Segments that are there."""
    folder = target.with_name(target.name + ".partial")
    return sum(path.name.isdigit() for path in folder.iterdir()) if folder.is_dir() else 0


def run_until(clip: Path, target: Path, count: int, after_s: float) -> bool:
    """Run until there are ``count`` segments and a moment more, then kill; True where it ended before."""
    run = subprocess.Popen(words(clip, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + WAIT_S
    while run.poll() is None and whole(target) < count and time.monotonic() < until:
        time.sleep(0.01)
    try:
        return run.wait(after_s) == 0
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
        return False


def killed(tmp_path: Path, kills: int) -> tuple[bytes, bytes, int]:
    """The file of a run that was not disturbed, that of one killed so often, and how often it was."""
    clip = write_clip(tmp_path / "clip.mp4", Shape(frames=6 * kills + 10, cuts=(11,)))
    calm, rough = tmp_path / "calm.mp4", tmp_path / "rough.mp4"
    subprocess.run(words(clip, calm), check=True, capture_output=True)
    moments, count = random.Random(3), 0  # noqa: S311 - when it is killed
    while count < kills and not run_until(clip, rough, count + 1, moments.uniform(0, 0.15)):
        count += 1
    subprocess.run(words(clip, rough), check=True, capture_output=True)
    return calm.read_bytes(), rough.read_bytes(), count


@pytest.mark.slow
def test_killed_three_times_the_file_is_equal(tmp_path: Path) -> None:
    """Bit for bit."""
    calm, rough, kills = killed(tmp_path, 3)
    assert kills >= 2
    assert calm == rough


@pytest.mark.soak
def test_killed_twenty_times_the_file_is_equal(tmp_path: Path) -> None:
    """Bit for bit."""
    calm, rough, kills = killed(tmp_path, 20)
    assert kills >= 15
    assert calm == rough


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """Neither the folder of segments nor its lock."""
    clip = write_clip(tmp_path / "clip.mp4")
    subprocess.run(words(clip, tmp_path / "done.mp4"), check=True, capture_output=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "done.mp4"]
