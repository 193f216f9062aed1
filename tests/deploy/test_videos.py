"""Videos come with the service and the container, and can be left out; the wheel asks for none of it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def pins(name: str) -> set[tuple[str, str]]:
    """Names and versions of a lock."""
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_the_lock_of_videos_is_that_of_the_tests() -> None:
    """What is served is what was tested, for each Python; and nothing else comes with it."""
    assert pins("video") <= pins("dev")
    assert {name for name, _ in pins("video")} == {"av"}
    assert "://" not in (REPOSITORY / "requirements" / "video.txt").read_text(encoding="utf-8")


def test_the_base_has_none() -> None:
    """Neither its lock nor the wheel's own needs."""
    assert "av" not in {name for name, _ in pins("base")}
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [line for line in project["dependencies"] if re.match(r"av\b", line)] == []
    assert project["optional-dependencies"]["video"] == ["av>=18"]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(("words", "has_videos"), [([], True), (["VIDEO="], False)], ids=["with", "without"])
def test_serve_brings_them_unless_told(words: list[str], *, has_videos: bool) -> None:
    """As make would do it."""
    command = [*shlex.split("make --dry-run --always-make serve"), *words]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ("requirements/video.txt" in done.stdout) == has_videos
    assert "requirements/base.txt" in done.stdout


def test_the_container_has_a_switch() -> None:
    """A build argument that its script reads; both locks lie in what is sent to the build."""
    text = (REPOSITORY / "deploy" / "Containerfile").read_text(encoding="utf-8")
    assert 'ARG VIDEO="yes"' in text
    assert '[ -n "${VIDEO-yes}" ]' in (REPOSITORY / "deploy/container/install.sh").read_text(encoding="utf-8")
    sent = (REPOSITORY / ".containerignore").read_text(encoding="utf-8").split()
    assert {"!requirements/base.txt", "!requirements/video.txt"} <= set(sent)
