"""Tests stand alone: no port and no home of the machine that they run on."""

from __future__ import annotations

import ast
import contextlib
import itertools
import os
from pathlib import Path

from house_reading import TESTS, tree_of
from nearfar.jobs.store import spool_of
from nearfar.settings import Settings
from nearfar.weights import open_store

PRETENDED = {"test_serve.py", "test_alone.py"}
"""Files whose service is a pretended one that listens nowhere."""


def starts(tree: ast.AST) -> list[list[object]]:
    """The words of every list, tuple or call that starts ``nearfar serve``, also in programs within texts."""
    found = []
    for node in ast.walk(tree):
        parts = node.args if isinstance(node, ast.Call) else []
        parts = node.elts if isinstance(node, ast.List | ast.Tuple) else parts
        words = [part.value for part in parts if isinstance(part, ast.Constant)]
        if "serve" in words:
            found.append(words)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "serve" in node.value:
            with contextlib.suppress(SyntaxError):  # a text, or a part of a program
                found += starts(ast.parse(node.value))
    return sorted(found, key=repr)


def test_every_service_takes_a_free_port() -> None:
    """Its words name port 0, or its environment does."""
    for path in sorted(TESTS.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for words in [] if path.name in PRETENDED else starts(tree_of(path)):
            has_free = ("--port", "0") in list(itertools.pairwise(words))
            assert has_free or '"NEARFAR_PORT": "0"' in text, f"{path.name}: {words}"


def test_services_are_found() -> None:
    """The search sees lists, calls and programs within texts."""
    assert starts(ast.parse('run(["x", "serve"]); main("serve")')) == [["serve"], ["x", "serve"]]
    assert starts(ast.parse('code = \'main(["serve", "--port", "0"])\'')) == [["serve", "--port", "0"]]


def test_the_home_is_nobodys(user_home: Path) -> None:
    """Settings without a word lie below a folder of the tests, for this process and those it starts."""
    assert Path.home() == user_home == Path(os.environ["HOME"])
    assert user_home in open_store(Settings()).home.parents
    assert user_home in spool_of(Settings()).home.parents
