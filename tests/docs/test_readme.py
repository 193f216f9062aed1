"""What the READMEs tell people to do works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import command, environment
from nearfar.service import create_app
from nearfar.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")


def blocks(readme: str, language: str) -> Iterator[str]:
    """The code blocks of a README in one language."""
    text = (REPOSITORY / readme).read_text(encoding="utf-8")
    yield from re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def shell_lines(readme: str, program: str) -> list[str]:
    """The lines of a README's shell blocks that start a program, without their comments."""
    lines = (
        line.partition("  #")[0].strip() for block in blocks(readme, "sh") for line in block.splitlines()
    )
    return [line for line in lines if line.startswith(program)]


@pytest.mark.parametrize("readme", READMES)
def test_python_runs(readme: str, photo_jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block of a README runs beside a photo.jpg and writes what it says."""
    monkeypatch.chdir(photo_jpeg.parent)
    for block in blocks(readme, "python"):
        exec(compile(block, readme, "exec"), {})  # noqa: S102 - it is our own README
    assert {"heat.png", "depth.npy"} <= {path.name for path in photo_jpeg.parent.iterdir()}


@pytest.mark.parametrize("readme", READMES)
def test_commands_run(readme: str, photo_jpeg: Path) -> None:
    """The nearfar commands of a README run one after another as printed (serve is asked for its help)."""
    lines = shell_lines(readme, "nearfar")
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line)[1:]
        extra = ["--help"] if words[0] == "serve" else []
        done = subprocess.run(
            command(*words, *extra),
            cwd=photo_jpeg.parent,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"


@pytest.mark.parametrize("readme", READMES)
def test_requests_exist(readme: str) -> None:
    """Every curl line of a README asks for a route that the service has."""
    paths = create_app(Settings(engine="fake")).openapi()["paths"]
    lines = shell_lines(readme, "curl")
    assert lines
    for line in lines:
        asked = re.search(r"localhost:8080(/[^?'\s]*)", line)
        assert asked is not None
        assert asked.group(1) in paths, line


@pytest.mark.parametrize("readme", READMES)
def test_links_lead_somewhere(readme: str) -> None:
    """Every relative link and picture of a README is in the repository."""
    text = (REPOSITORY / readme).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in t]
    assert targets
    assert [t for t in targets if not (REPOSITORY / t).exists()] == []
