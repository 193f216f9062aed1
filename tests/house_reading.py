"""What the tests of the house read out of its source files: ``from house_reading import ...``."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import script

if TYPE_CHECKING:
    from collections.abc import Iterator

drawing = script("tools/house.py")
SOURCE: Path = drawing.SOURCE
modules, tree_of, arrows = drawing.modules, drawing.tree_of, drawing.imports
TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Function:
    """One function or method: where, how long in lines, how many parameters beside self and cls."""

    place: str
    lines: int
    parameters: int


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach each other (Tarjan 1972), each sorted."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(arrows[name]):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in sorted(arrows):
        if name not in order:
            visit(name)
    return found


def functions(package: str) -> Iterator[Function]:
    """Every function of a package."""
    for name, file in modules().items():
        if name.split(".")[0] != package:
            continue
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                count = sum(arg.arg not in {"self", "cls"} for arg in given)
                lines = (node.end_lineno or 0) - node.lineno + 1
                yield Function(f"{name}.{node.name}", lines, count)


def repeated(least: int) -> list[str]:
    """Runs of ``least`` or more equal lines that stand in two files; blank lines and imports do not count."""
    texts = {name: _lines(file) for name, file in modules().items()}
    places: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, lines in texts.items():
        for at in range(len(lines) - least + 1):
            places[tuple(lines[at : at + least])].add(name)
    return sorted({" ~ ".join(sorted(names)) for names in places.values() if len(names) > 1})


def _lines(file: Path) -> list[str]:
    imports = {
        line
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    rows = enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
    return [row.strip() for number, row in rows if row.strip() and number not in imports]
