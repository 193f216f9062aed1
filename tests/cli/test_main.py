"""The verbs as a whole: help, version, and what the documentation says of them."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nearfar
from command_line import environment
from nearfar.cli import build
from nearfar.cli._verbs import verbs

if TYPE_CHECKING:
    from conftest import Run

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"


def flags(verb: str) -> set[str]:
    """All flags of a verb, as its parser knows them."""
    command = importlib.import_module(f"nearfar.cli.{verb}").command
    command.sign()
    found = inspect.signature(command).parameters.values()
    return {
        flag for row in found if row.kind is row.KEYWORD_ONLY for flag in row.annotation.__metadata__[0].name
    }


def test_verbs() -> None:
    """A verb comes or goes on purpose only."""
    assert set(verbs()) >= {"depth", "models", "serve"}


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_is_a_command(verb: str) -> None:
    """Each verb's file has a command with a sentence for the help."""
    assert importlib.import_module(f"nearfar.cli.{verb}").command.__doc__.endswith(".")


def test_other_verbs_are_not_loaded() -> None:
    """Building the parser for models loads neither numpy nor the service."""
    code = (
        "import sys; from nearfar.cli import main; main(['models']);"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'fastapi', 'onnxruntime', 'rich')))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), check=False, capture_output=True)
    assert done.returncode == 0


def test_one_photo_loads_no_rich(photo_png: Path) -> None:
    """The usual way stays lean: tables and colours are loaded only where they are shown."""
    code = (
        f"import sys; from nearfar.cli import main; main([{str(photo_png)!r}]);"
        "sys.exit(any(name in sys.modules for name in ('rich', 'fastapi', 'importlib.metadata')))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), check=False, capture_output=True)
    assert done.returncode == 0


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(run: Run, flag: str) -> None:
    """The help names every verb and every flag of the default one."""
    code, out, _ = run(flag)
    assert code == 0
    assert all(word in out for word in {*verbs(), *flags("depth"), "PHOTO"})


@pytest.mark.parametrize("verb", verbs())
def test_help_of_a_verb(run: Run, verb: str) -> None:
    """The help of a verb names its flags."""
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert all(flag in out for flag in flags(verb))


def test_help_shows_choices_and_defaults(run: Run) -> None:
    """What may be chosen comes from the options themselves."""
    out = re.sub(r"[\s│]+", " ", run("--help")[1])
    assert "inferno, magma, plasma, viridis, turbo, spectral, grey." in out
    assert "(default: inferno)" in out


def test_version(run: Run) -> None:
    """The version alone, for programs."""
    assert run("--version") == (0, f"{nearfar.__version__}\n", "")


@pytest.mark.parametrize("verb", verbs())
def test_documented(verb: str) -> None:
    """Each verb and each of its flags stands in the reference."""
    text = REFERENCE.read_text(encoding="utf-8")
    section = text.split(f"\n## nearfar {verb}", 1)[1].split("\n## ", 1)[0] if verb != "depth" else text
    missing = {flag for flag in flags(verb) if f"`{flag}" not in section}
    assert not missing


def test_build_without_words() -> None:
    """The parser stands without a command line too."""
    assert build([]).name == ("nearfar",)
