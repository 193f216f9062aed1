"""The lab's errors are a branch of nearfar's tree, and each says what to do next."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

import nearfar_lab
from nearfar import errors as house
from nearfar.errors import NearfarError
from nearfar_lab import cli
from nearfar_lab import errors as lab

SOURCES = sorted(Path(nearfar_lab.__file__).parent.rglob("*.py"))
TREE = {
    name: kind
    for module in (house, lab)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, NearfarError)
}


def raised(path: Path) -> list[ast.Call]:
    """Every call that a file raises."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    ]


def name_of(call: ast.Call) -> str:
    """The name that is called."""
    return call.func.id if isinstance(call.func, ast.Name) else ast.unparse(call.func)


def test_the_lab_raises_members_of_the_tree_alone() -> None:
    """No ValueError, OSError or other built-in is raised by itself."""
    found = [f"{path.name}:{call.lineno}" for path in SOURCES for call in raised(path)]
    foreign = [
        f"{path.name}:{call.lineno} {name_of(call)}"
        for path in SOURCES
        for call in raised(path)
        if isinstance(getattr(builtins, name_of(call), None), type) or name_of(call) not in TREE
    ]
    assert len(found) > 20
    assert foreign == []


def test_each_error_says_what_to_do_next() -> None:
    """A message, then a hint."""
    bare = [f"{path.name}:{call.lineno}" for path in SOURCES for call in raised(path) if len(call.args) < 2]
    assert bare == []


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (lab.DataMissingError, FileNotFoundError),
        (lab.HeldOutError, ValueError),
        (lab.CheckpointError, ValueError),
        (lab.ExportError, ValueError),
        (lab.DeviceMissingError, RuntimeError),
    ],
)
def test_an_error_of_the_lab_is_one_of_the_house(kind: type[NearfarError], builtin: type[Exception]) -> None:
    """It inherits the built-in that a caller would guess, and reads as message and hint."""
    error = kind("It is gone.", "Fetch it.")
    assert isinstance(error, lab.LabError)
    assert isinstance(error, NearfarError)
    assert isinstance(error, builtin)
    assert str(error) == "It is gone. Fetch it."


def test_the_command_line_says_an_error_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A folder that is not there: message and hint on standard error, exit code 1."""
    with pytest.raises(SystemExit, match="1"):
        cli.main(["sheet", "ramp", str(tmp_path / "none"), str(tmp_path / "sheet.png")])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("nearfar-lab: ")
    assert "Give a folder" in lines[0]
