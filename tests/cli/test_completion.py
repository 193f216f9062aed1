"""Completion of commands and options in shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nearfar.cli import SHELLS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_installed(process, shell: str, tmp_path: Path) -> None:
    """The script lies where it says, in the home, and knows verbs and their options."""
    from command_line import environment

    home = tmp_path / "home"
    home.mkdir()
    where = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
    }
    done = process("--install-completion", shell, env=environment(**where, ZDOTDIR=str(home)))
    assert done.returncode == 0, done.stderr
    script = done.stdout.decode().strip()
    assert script.startswith(str(home))
    with open(script, encoding="utf-8") as file:  # noqa: PTH123 - a path that was printed
        text = file.read()
    for word in ("effect", "export", "compare", "depth-kind", "keep-metadata"):
        assert word in text


def test_other_shells_are_told(process) -> None:
    """A shell that is none is an error that names those there are."""
    done = process("--install-completion", "cmd")
    assert done.returncode == 2
    assert b"bash, zsh, fish" in done.stderr
