"""What ``docs/how-to/call-the-service.md`` tells people to do works, against a real service."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nearfar.client import Bounds, Retries
from nearfar.client.retries import AGAIN
from serving import running

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "call-the-service.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a service with the fake engine."""
    with running() as service:
        yield service.url


def blocks(language: str, url: str) -> list[str]:
    """The code blocks of the page in a language, for the service at that address."""
    return [
        block.replace("http://127.0.0.1:8080", url)
        for block in re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)
    ]


def test_python_runs(url, photo_jpeg: Path, monkeypatch, capsys) -> None:
    """Every Python block runs beside a photo.jpg and writes what it says."""
    monkeypatch.chdir(photo_jpeg.parent)
    for block in blocks("python", url):
        exec(compile(block, "call-the-service.md", "exec"), {})  # noqa: S102 - it is our own page
    names = {path.name for path in photo_jpeg.parent.iterdir()}
    assert {"depth.tiff", "heat.png", "fog.png", "scene.glb"} <= names
    said = capsys.readouterr().out
    assert "relative_inverse 1 (" in said
    assert "[(96, 128), (96, 128)]" in said
    assert said.count("UnsupportedFormatError") == 2  # of a call, and of a picture in a job
    assert "2 photo.jpg done NoneType\n3 photo3 failed UnsupportedFormatError\n7 files\n" in said
    assert (photo_jpeg.parent / "results" / "00001-photo" / "heatmap.png").exists()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_curl_lines_run(url, photo_jpeg: Path) -> None:
    """Every curl line ends well and writes its file."""
    lines = [line for block in blocks("sh", url) for line in block.splitlines() if line.startswith("curl")]
    assert len(lines) >= 6
    for line in lines:
        words = shlex.split(line)
        done = subprocess.run(words, cwd=photo_jpeg.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert (photo_jpeg.parent / words[words.index("-o") + 1]).stat().st_size > 0


def test_the_figures_of_the_page_are_the_codes() -> None:
    """Attempts, waits, bounds and statuses stand as they are."""
    assert (Retries().attempts, Retries().longest_wait_s) == (4, 30.0)
    assert "four times in all, and never after a wait\nof more than 30 s" in TEXT
    bounds = Bounds()
    assert (bounds.photo_bytes, bounds.answer_bytes) == (64 * 2**20, 2**30)
    assert (bounds.job_bytes, bounds.results_bytes) == (2**30, 16 * 2**30)
    assert sorted(AGAIN) == [429, 502, 503]
    assert "On 429, 502 and 503" in TEXT
