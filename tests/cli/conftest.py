"""What the tests of the command line share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from command_line import command, environment
from nearfar.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]
    Process = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process, in a folder of its own: (exit code, output, errors)."""
    monkeypatch.setenv("NEARFAR_ENGINE", "fake")  # weights do not matter here
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Run a command line as a process of its own, in the test's folder."""

    def call(*words: object, env: dict[str, str] | None = None, **how: Any) -> Any:
        how = {"capture_output": True, "timeout": 120, "cwd": tmp_path} | how
        return subprocess.run(command(*words), env=env or environment(), check=False, **how)

    return call
