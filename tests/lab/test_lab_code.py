"""The shape of the lab's code: short functions of few parameters, and one meaning a name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import nearfar_lab

ROOT = Path(nearfar_lab.__file__).parent
TREES = {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}
FUNCTIONS = [
    (f"{path}:{node.lineno} {node.name}", node)
    for path, tree in TREES.items()
    for node in ast.walk(tree)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
]


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many parameters a function has, `self` among them."""
    return len(node.args.posonlyargs) + len(node.args.args) + len(node.args.kwonlyargs)


def test_functions_are_short() -> None:
    """At most one in a hundred has more than fifty lines."""
    long = [name for name, node in FUNCTIONS if (node.end_lineno or 0) - node.lineno + 1 > 50]
    assert len(long) <= 0.01 * len(FUNCTIONS), long


def test_functions_take_few_parameters() -> None:
    """Fewer than five in a hundred take more than five."""
    many = [name for name, node in FUNCTIONS if parameters(node) > 5]
    assert len(many) < 0.05 * len(FUNCTIONS), many


@pytest.mark.parametrize("name", ["Row", "Job", "Picture"])
def test_a_word_with_many_meanings_names_no_class(name: str) -> None:
    """A row, a job, a picture of what? Classes say it."""
    found = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    assert found == []
